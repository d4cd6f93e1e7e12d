"""The layer of the watermark in the pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.errors import InputDamagedError, OptionsError
from facefusion.media.frame import Image
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.load import load_picture
from facefusion.media.open import open_reader
from facefusion.media.probe import probe
from facefusion.media.select import Selection
from facefusion.options import LimitOptions
from facefusion.options.moments import Moment
from facefusion.trust.verify.layers import LayerReading, LayerState
from facefusion.trust.watermark import check_payload, read_watermark

WATERMARK: Final = "watermark"
_FRAMES: Final = 24
_PLACES: Final = 3
"""Places of a clip from which frames are taken, one after the other: to seek costs more than to read on."""
_APART: Final = 3
_SURE: Final = 1e-12
Luma = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class WatermarkLayer:
    """Reads the watermark of this place; those of other places have other keys, and are not seen.

    Attributes:
        key: that marks.
        limits: what is not read.
    """

    key: bytes = field(repr=False)
    limits: LimitOptions
    layer: str = WATERMARK

    def read(self, path: Path, before: Sequence[LayerReading]) -> LayerReading:
        """Read the watermark of a picture, or of some frames of a video; see `LayerReader`."""
        found = read_watermark(sampled_luma(path, self.limits), self.key)
        if found is None and self._is_of_another_place(before):
            what = "the manifest names one of another place, and only that place can read it"
            return LayerReading(self.layer, LayerState.UNREAD, what)
        if found is None:
            return LayerReading(self.layer, LayerState.ABSENT, "no watermark of this place can be read")
        facts = {
            "watermark": f"{found.payload:016x}",
            "frames": found.frames,
            "false_positive_bound": found.chance,
        }
        if not found.genuine:
            what = "its number was not made here: somebody has copied or forged it"
            return LayerReading(self.layer, LayerState.BROKEN, what, facts)
        bound = f"by chance in fewer than 1 of {1 / max(found.chance, _SURE):.0e} files"
        what = f"the number {found.payload:016x} is in the pixels ({bound})"
        return LayerReading(self.layer, LayerState.HOLDS, what, facts)

    def _is_of_another_place(self, before: Sequence[LayerReading]) -> bool:
        """Return whether a number is named that was not made with the key of this place."""
        named = [str(layer.facts[WATERMARK]) for layer in before if WATERMARK in layer.facts]
        return bool(named) and not any(check_payload(self.key, int(number, 16)) for number in named)


def sampled_luma(path: Path, limits: LimitOptions) -> Iterator[Luma]:
    """Yield the luma of a picture, or of up to 24 frames from the beginning, the middle and the end of a video.

    Of a damaged video those frames that can be decoded.

    Raises:
        InputError: the file cannot be read, or not one frame of it.
    """
    info = probe(path, limits)
    images = iter([load_picture(path, limits).image]) if isinstance(info, PictureInfo) else _frames(info, limits)
    for image in images:
        yield np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _frames(info: VideoInfo, limits: LimitOptions) -> Iterator[Image]:
    places = range(_PLACES) if info.duration else range(1)
    left, damage = _FRAMES, None
    for place in places:
        wanted = left // (len(places) - place)
        moment = (info.duration or Fraction(0)) * place / _PLACES
        try:
            for image in _read_on(info.path, limits, _from(moment), wanted):
                yield image
                left -= 1
        except InputDamagedError as error:
            damage = error
        except OptionsError:  # it is shorter than it says
            break
    if damage is not None and left == _FRAMES:
        raise damage


def _read_on(path: Path, limits: LimitOptions, selection: Selection, wanted: int) -> Iterator[Image]:
    """Yield so many frames from a place on, some apart from one another."""
    with open_reader(path, limits=limits, selection=selection) as reader:
        for frame in islice(reader, 0, wanted * _APART, _APART):
            yield frame.image


def _from(moment: Fraction) -> Selection:
    return Selection(start=Moment(seconds=moment) if moment else None)
