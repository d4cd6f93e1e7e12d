"""Processors that cut faces out by a template, give them to a network and put them back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facefusion.faces.crops import FaceCrop, Pixels, Share
from facefusion.faces.templates import TemplateName, to_template
from facefusion.faces.types import Face
from facefusion.processors.base import FaceFrame
from facefusion.processors.held import Composite, Held
from facefusion.state import State

_MOST_PIXELS = 1 << 24
"""Pixels of crops that go through a network at once; 16 of 1024 × 1024, or 1024 of 128 × 128."""


@dataclass(frozen=True, slots=True, eq=False)
class CropJob:
    """A face to be edited.

    Attributes:
        crop: the face, cut out of the frame as it is by now.
        item: the frame that it belongs to, with all of its faces; what is held of them is not in its pixels.
    """

    crop: FaceCrop
    item: FaceFrame


class CropEditor(Protocol):
    """What is done to the crops.

    Attributes:
        template: how they are cut out.
        size: their side in pixels.
    """

    template: TemplateName
    size: int

    def edit(self, jobs: Sequence[CropJob]) -> Sequence[Pixels]:
        """Return each crop edited, square, of any size, float32 or uint8, 0 to 255."""
        ...


class Masker(Protocol):
    """What says which part of an edited crop is to be seen."""

    def masks(self, crops: Sequence[FaceCrop], edited: Sequence[Pixels]) -> Sequence[Share]:
        """Return the share of each edited crop in the result, float32, of the size of the crop before."""
        ...


class CropProcessor:
    """Edits every face of every frame that it is given; all crops of a batch go through the network at once.

    Args:
        editor: what is done to the crops.
        masker: which part of them is seen.
        blend: share of the edit in the result, 0 to 1.
    """

    is_concurrent = True

    def __init__(self, editor: CropEditor, masker: Masker, blend: float = 1.0) -> None:
        self._editor = editor
        self._masker = masker
        self._blend = blend

    def process(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces edited."""
        return [item.settled() for item in self.hold(batch)]

    def hold(self, batch: Sequence[FaceFrame]) -> list[FaceFrame]:
        """Return the batch with its faces edited and held; crops that are held already are taken as they are."""
        items = [self._fitting(item) for item in batch]
        jobs = [CropJob(self._cut(item, face), item) for item in items for face in item.faces]
        if not jobs:
            return items
        edited = self._editor.edit(jobs)
        masks = self._masker.masks([job.crop for job in jobs], edited)
        return held(items, jobs, edited, masks, self._blend)

    def state(self) -> State:
        """Return an empty state: each frame is worked on by itself."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""

    def _fitting(self, item: FaceFrame) -> FaceFrame:
        """Return the frame with what is held of it laid over it, unless that can be taken as it is."""
        if item.held is None or not item.held.composites or not item.faces:
            return item
        template, size = self._editor.template, self._editor.size
        if item.held.fits([(face, to_template(face.landmarks5, template, size)) for face in item.faces], size):
            return item
        return item.settled().holding(Held(is_own=True))

    def _cut(self, item: FaceFrame, face: Face) -> FaceCrop:
        own = None if item.held is None else item.held.of(face)
        if own is not None:
            return own.shown()
        return FaceCrop.cut(item.frame.image, face, self._editor.template, self._editor.size)


def pasted(
    batch: Sequence[FaceFrame],
    jobs: Sequence[CropJob],
    edited: Sequence[Pixels],
    masks: Sequence[Share],
    blend: float = 1.0,
) -> list[FaceFrame]:
    """Return a batch with edited crops put back; a frame without any stays the same object. Arguments as of `held`."""
    return [item.settled() for item in held(batch, jobs, edited, masks, blend)]


def held(
    batch: Sequence[FaceFrame],
    jobs: Sequence[CropJob],
    edited: Sequence[Pixels],
    masks: Sequence[Share],
    blend: float = 1.0,
) -> list[FaceFrame]:
    """Return a batch with edited crops held; a frame without any stays the same object.

    Args:
        batch: the frames.
        jobs: the faces that were edited, in frames of the batch.
        edited: what they became, each RGB, float32 or uint8, 0 to 255.
        masks: the share of each in the result.
        blend: share of all edits in the result, 0 to 1.
    """
    made: dict[int, list[Composite]] = {id(job.item): [] for job in jobs}
    for job, pixels, mask in zip(jobs, edited, masks, strict=True):
        seen = mask * np.float32(blend * job.crop.face.share)
        below = None if job.item.held is None else job.item.held.of(job.crop.face)
        made[id(job.item)].append(Composite(job.crop, pixels, seen) if below is None else below.under(pixels, seen))
    return [_holding(item, made[id(item)]) if id(item) in made else item for item in batch]


def _holding(item: FaceFrame, made: Sequence[Composite]) -> FaceFrame:
    """Return a frame that holds what was made beside what it held of other faces."""
    before = item.held or Held()
    new = {id(each.crop.face) for each in made}
    others = [each for each in before.composites if id(each.crop.face) not in new]
    return item.holding(replace(before, composites=(*others, *made)))


def to_network(
    crops: Sequence[npt.NDArray[np.uint8]], mean: Sequence[float], std: Sequence[float]
) -> npt.NDArray[np.float32]:
    """Return crops as a network takes them, float32 (N, 3, H, W): RGB, (x / 255 - mean) / std.

    Args:
        crops: RGB uint8 (H, W, 3), all of one size.
        mean: of each channel, or one for all.
        std: likewise.
    """
    stack = np.ascontiguousarray(np.stack(crops).transpose(0, 3, 1, 2), np.float32)
    stack *= 1 / (255 * _channels(std))
    stack -= _channels(mean) / _channels(std)
    return stack


def from_network(
    values: npt.NDArray[np.float32], mean: Sequence[float], std: Sequence[float]
) -> npt.NDArray[np.float32]:
    """Return what a network gave, float32 (N, 3, H, W), as pixels, float32 (N, H, W, 3), 0 to 255: x · std + mean."""
    pixels = values * (255 * _channels(std))
    pixels += 255 * _channels(mean)
    return np.ascontiguousarray(np.clip(pixels, 0, 255, out=pixels).transpose(0, 2, 3, 1))


def portions(count: int, size: int) -> Iterator[slice]:
    """Yield the parts in which crops go through a network: all at once, unless that would take much memory.

    Args:
        count: of the crops.
        size: their side in pixels.
    """
    step = max(1, _MOST_PIXELS // size**2)
    for start in range(0, count, step):
        yield slice(start, start + step)


def _channels(values: Sequence[float]) -> npt.NDArray[np.float32]:
    """Return one number for each channel, float32 (3, 1, 1)."""
    return np.ascontiguousarray(np.broadcast_to(np.asarray(values, np.float32), 3)[:, None, None])
