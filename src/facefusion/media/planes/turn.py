"""Bringing planes upright and cropping them, sample by sample."""

from __future__ import annotations

from collections.abc import Callable

import av

from facefusion.media.orientation import Orientation
from facefusion.media.planes.chain import Chain
from facefusion.media.planes.fields import parts_fields
from facefusion.media.planes.layout import Layout, samples
from facefusion.media.planes.siting import Siting, shifted_by_half
from facefusion.media.region import Rectangle

_TRANSPOSE = {
    Orientation.TRANSPOSED: "cclock_flip",
    Orientation.CLOCKWISE_90: "clock",
    Orientation.COUNTER_CLOCKWISE_90: "cclock",
    Orientation.TRANSVERSED: "clock_flip",
}


def needs_full_chroma(
    layout: Layout,
    siting: Siting,
    orientation: Orientation,
    crop: Rectangle | None,
    *,
    width: int,
    height: int,
    is_interlaced: bool = False,
) -> bool:
    """Whether subsampled chroma cannot be turned and cropped so that every sample stays at its place in the picture.

    Args:
        layout: of the stored frames.
        siting: of the stored frames.
        orientation: what brings them upright.
        crop: what is kept of the upright picture.
        width: of the stored frames.
        height: of the stored frames.
        is_interlaced: whether lines belong to two fields in turn, and chroma likewise.
    """
    if not layout.is_subsampled:
        return False
    if is_interlaced and parts_fields(layout, orientation, crop, height):
        return True
    sub_x, sub_y = layout.sub_x, layout.sub_y
    if orientation.swaps_sides and sub_x != sub_y:
        return True
    if orientation is not Orientation.UPRIGHT and max(sub_x, sub_y) > 1:
        return siting.turned(orientation, layout, width, height) != siting
    # Odd sizes too: swscale would stretch the chroma of a picture that has half a sample too much.
    across, down = (1 << sub_x) - 1, (1 << sub_y) - 1
    return crop is not None and bool((crop.x | crop.width) & across or (crop.y | crop.height) & down)


class Turner:
    """Turns, mirrors and crops planes.

    Mirrored chroma that would lie right of its luma, where no stream can say that it lies, is moved by half a sample.
    All other samples only change their places.

    Args:
        like: a stored frame.
        layout: of all frames.
        siting: of their chroma.
        orientation: what brings them upright.
        crop: what is kept of the upright picture.

    Attributes:
        siting: of the chroma of the results.
    """

    def __init__(
        self, like: av.VideoFrame, layout: Layout, siting: Siting, orientation: Orientation, crop: Rectangle | None
    ) -> None:
        turned = siting.turned(orientation, layout, like.width, like.height)
        shift_x, x = _settled(turned.x, layout.sub_x, (0, 0.5))
        shift_y, y = _settled(turned.y, layout.sub_y, (0, 0.5, 1))
        self.siting = Siting(x, y)
        self._shifts = [(direction, axis) for direction, axis in ((shift_x, 1), (shift_y, 0)) if direction]
        self._top = (1 << layout.depth) - 1
        filters = [*_turning(orientation), f"setparams=chroma_location={self.siting.location(layout)}"]
        if crop is not None:
            filters.append(f"crop=w={crop.width}:h={crop.height}:x={crop.x}:y={crop.y}:exact=1")
        if crop is not None or orientation.value[2]:
            filters.append("copy")  # lines that run upwards or begin inside others are not for everybody
        self._turn: Callable[[av.VideoFrame], av.VideoFrame] = Chain(like, *filters)

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return `frame` upright and cropped."""
        result = self._turn(frame)
        if self._shifts:
            result.make_writable()
        for direction, axis in self._shifts:
            for index in (1, 2):
                chroma = samples(result, index)
                chroma[:] = shifted_by_half(chroma, direction, axis, self._top)
        return result


def _settled(place: float, sub: int, named: tuple[float, ...]) -> tuple[int, float]:
    """Return by how many half samples, forwards or backwards, chroma is to be moved, and where it lies then."""
    if sub != 1 or place in named:  # where chroma is coarser, it has not moved; see `needs_full_chroma`
        return 0, place
    return (-1, place - 1) if place > 0 else (1, place + 1)


def _turning(orientation: Orientation) -> list[str]:
    """Return the filters that bring planes upright."""
    if orientation.swaps_sides:
        return [f"transpose=dir={_TRANSPOSE[orientation]}"]
    _, left_right, top_bottom = orientation.value
    return ["hflip"] * left_right + ["vflip"] * top_bottom
