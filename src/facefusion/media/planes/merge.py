"""Writing an edit of the view into the planes."""

from __future__ import annotations

from dataclasses import dataclass

import av
import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.media.planes.chain import Copier
from facefusion.media.planes.changes import Box, changed_box
from facefusion.media.planes.code import PlaneCode
from facefusion.media.planes.layout import Layout, Samples, samples
from facefusion.media.planes.siting import ChromaFilter, Siting

Floats = npt.NDArray[np.float32]

_REPLACED = 8.0  # steps of the view by which a pixel has changed when nothing of the old colour is to shine through
_STRIP = 256  # lines that are worked on at a time where none depends on another
_TOLERANCE = 0.6  # steps of the view within which the planes hold more than it shows


@dataclass(frozen=True, slots=True)
class _Edit:
    """What is to be done to a part of a plane; float32 (height, width) each.

    Attributes:
        change: to be added.
        shown: what the view showed before, in codes above zero.
        replaced: m, 0 to 1.
        step: of the view, in signals; a single one where it is the same everywhere.
    """

    change: Floats
    shown: Floats
    replaced: Floats
    step: Floats


class Merger:
    """Adds to planes what an edit changed in the view that was made of them.

    A sample v becomes v + d − m·e. d is the change, brought through transfer curve, matrix, range and chroma filter. e
    is what the planes hold beside what the view shows (colours that it clips, chroma that is blurred when it is spread
    over luma), less the part within the view's rounding: that part, the original's low bits and grain, stays. m rises
    from 0 where nothing changed to 1 where `_REPLACED` steps changed, so that no ghost of the old picture is left in
    what was replaced. Samples that no changed pixel has part in keep every bit.

    Args:
        layout: of the planes.
        code: of the planes.
        siting: of their chroma.
    """

    def __init__(self, layout: Layout, code: PlaneCode, siting: Siting) -> None:
        self._layout = layout
        self._code = code
        self._chroma_location = siting.location(layout)
        self._chroma = ChromaFilter(siting, layout)
        self._copier = Copier()
        self._grid = 1 << max(layout.sub_x, layout.sub_y)

    @property
    def chroma_location(self) -> str:
        """Where, in the words of libav, chroma lies."""
        return self._chroma_location

    def merged(self, planes: av.VideoFrame, view: Image, image: Image) -> av.VideoFrame:
        """Return `planes` where nothing changed, else a copy with the edit in it.

        Args:
            planes: upright, as in the layout.
            view: what was made of them, RGB uint8 (height, width, 3).
            image: the view, edited.

        Raises:
            ValueError: the image is of another size or type.
        """
        if image.shape != view.shape or image.dtype != np.uint8:
            raise ValueError(f"an edit of {view.shape} is no {image.dtype} {image.shape}")
        box = changed_box(view, image)
        if box is None:
            return planes
        result = self._copier.copy(planes)
        margin = 2 * self._grid if self._layout.is_subsampled else 0
        box = box.grown(margin, self._grid, planes.width, planes.height)
        for part in [box] if self._layout.is_subsampled else box.strips(_STRIP):
            self._write(result, part, part.cut(view), part.cut(image))
        return result

    def reference(self, planes: av.VideoFrame) -> av.VideoFrame:
        """Return another frame on the same samples."""
        return self._copier.reference(planes)

    def _write(self, result: av.VideoFrame, box: Box, view: Image, image: Image) -> None:
        """Change the samples in a box."""
        code = self._code
        before = code.signals(view)
        change = _channels(code.codes(code.signals(image) - before))
        shown = _channels(code.codes(before))
        # What is kept must drown in the steps of the new picture as it did in those of the old.
        replaced, step = _replaced(view, image), np.minimum(code.step(view), code.step(image))
        for index in range(self._layout.planes):
            part = samples(result, index)
            if index and self._layout.is_subsampled:
                part = part[box.top >> self._layout.sub_y :, box.left >> self._layout.sub_x :]
                if index == 1:  # all chroma lies in the same places
                    replaced, step = self._coarse(replaced), self._coarse(step)
                edit = _Edit(self._coarse(change[index]), self._coarse(shown[index]), replaced, step)
            else:
                part = part[box.top :, box.left :]
                edit = _Edit(change[index], shown[index], replaced, step)
            self._add(part, index, edit)

    def _coarse(self, values: Floats) -> Floats:
        """Return values for chroma samples of values for luma samples, in a box whose corner is a place of chroma."""
        return self._chroma.reduced(values) if values.ndim else values

    def _add(self, part: Samples, index: int, edit: _Edit) -> None:
        """Change samples of one plane in place, from its first on as far as the values reach."""
        part = part[: edit.change.shape[0], : edit.change.shape[1]]
        new = part.astype(np.float32)
        beside = new - edit.shown
        beside -= self._code.zero[index]
        limit = edit.step * np.float32(_TOLERANCE * self._code.spread[index])
        beside -= np.clip(beside, -limit, limit)
        beside *= edit.replaced
        new += edit.change
        new -= beside
        np.rint(new, out=new)
        part[:] = np.clip(new, 0, self._code.top, out=new)


def _replaced(view: Image, image: Image) -> Floats:
    """Return for each pixel how far it counts as replaced, float32 0 to 1."""
    difference = cv2.absdiff(view, image)
    red, green, blue = (cv2.extractChannel(difference, channel) for channel in range(3))
    most = np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)
    return np.minimum(np.multiply(most, np.float32(1 / _REPLACED)), np.float32(1))


def _channels(values: Floats) -> list[Floats]:
    """Return the channels, each in one piece."""
    # OpenCV copies channels that it has made itself once more.
    channels = [np.empty(values.shape[:2], np.float32) for _ in range(3)]
    return [np.asarray(channel, np.float32) for channel in cv2.split(values, channels)]
