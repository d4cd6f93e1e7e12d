"""Interlaced planes: which lines belong together."""

from __future__ import annotations

import av

from facefusion.media.orientation import Orientation
from facefusion.media.planes.chain import Chain
from facefusion.media.planes.layout import Layout, samples
from facefusion.media.region import Rectangle

_Kind = tuple[int, int, str]


def swaps_fields(orientation: Orientation, crop: Rectangle | None, height: int) -> bool:
    """Whether the field that was above comes to lie below, so that the other one is the top field.

    Args:
        orientation: what brings frames upright; fields of those that are turned on their side are no fields any more.
        crop: what is kept of the upright picture.
        height: of the stored frames.
    """
    top = 0 if crop is None else crop.y
    return (height - 1 - top if orientation.is_upside_down else top) % 2 == 1


def parts_fields(layout: Layout, orientation: Orientation, crop: Rectangle | None, height: int) -> bool:
    """Whether the fields would get each other's chroma, if planes were turned and cropped sample by sample.

    Lines of chroma belong to the fields in turn, as those of luma do: in 4:2:0 everything repeats after four lines.

    Args:
        layout: of the stored frames.
        orientation: what brings them upright.
        crop: what is kept of the upright picture.
        height: of the stored frames.
    """
    if not layout.sub_y or orientation.swaps_sides:
        return layout.sub_y > 0
    top = 0 if crop is None else crop.y
    return (height - top if orientation.is_upside_down else top) % (2 << layout.sub_y) != 0


class FieldLines:
    """Completes the chroma of interlaced frames for swscale, which takes each field for a picture of its own.

    Where a field has an odd number of lines, as each has in a picture of 30, swscale reads one line of chroma more than
    the second field has, whatever lies in memory there. What lies there is made that field's last line again.
    """

    def __init__(self) -> None:
        self._kind: _Kind | None = None
        self._pad: Chain
        self._crop: Chain

    def completed(self, frame: av.VideoFrame, layout: Layout) -> av.VideoFrame:
        """Return the frame, itself where nothing is missing, with the same samples and properties."""
        if not frame.interlaced_frame or not layout.sub_y:
            return frame
        lines = 2 * -(-(frame.height // 2) // (1 << layout.sub_y))
        if lines <= frame.planes[1].height:
            return frame
        padded = self._padded(frame, layout, lines << layout.sub_y)
        for index in range(len(frame.planes)):
            part, whole = samples(frame, index), samples(padded, index)
            whole[: part.shape[0], : part.shape[1]] = part  # the filter leaves out a last odd column
            whole[part.shape[0] :] = whole[max(0, part.shape[0] - 2)]
        return self._crop(padded)

    def _padded(self, frame: av.VideoFrame, layout: Layout, height: int) -> av.VideoFrame:
        """Return a larger copy."""
        kind = (frame.width, frame.height, frame.format.name)
        if kind != self._kind:
            width = -(-frame.width // (1 << layout.sub_x)) << layout.sub_x  # the filter makes no others
            self._pad = Chain(frame, f"pad=w={width}:h={height}:x=0:y=0")
            result = self._pad(frame)
            self._crop = Chain(result, f"crop=w={frame.width}:h={frame.height}:x=0:y=0:exact=1")
            self._kind = kind
            return result
        return self._pad(frame)
