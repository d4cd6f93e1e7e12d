"""The opacity that an edit gives to frames, in what is written."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image, Opacity, resized
from facefusion.media.planes.layout import Layout, Samples, samples
from facefusion.media.region import Rectangle

_WHITE = np.float32(255)


def on_white(image: Image, opacity: Opacity) -> Image:
    """Return a picture, RGB uint8 (height, width, 3), as it looks on white with an opacity of the same size."""
    share = opacity[:, :, None] * np.float32(1 / 255)
    return np.asarray(np.rint(image * share + _WHITE * (1 - share)), np.uint8)


def veil(frame: av.VideoFrame, opacity: Opacity) -> None:
    """Multiply the alpha of a frame that has one, in place, by an opacity of any size."""
    frame.make_writable()
    alpha = _alpha(frame)
    share = resized(opacity, frame.width, frame.height) * np.float32(1 / 255)
    alpha[:] = np.rint(alpha * share)


def shown(opacity: Opacity | None, part: Rectangle | None) -> Opacity | None:
    """Return an opacity, uint8 (height, width), under which a part is seen; the same one where there is no part."""
    if opacity is None or part is None:
        return opacity
    result = opacity.copy()
    result[part.slices] = 255
    return result


def reveal(frame: av.VideoFrame, part: Rectangle, size: tuple[int, int]) -> None:
    """Make a part of a frame that has alpha opaque, in place.

    Args:
        frame: of any size.
        part: in pixels of a picture.
        size: width and height of that picture.
    """
    frame.make_writable()
    alpha = _alpha(frame)
    bits = frame.format.components[-1].bits
    height, width = alpha.shape
    rows = slice(part.y * height // size[1], -(-(part.y + part.height) * height // size[1]))
    columns = slice(part.x * width // size[0], -(-(part.x + part.width) * width // size[0]))
    alpha[rows, columns] = (1 << bits) - 1


def _alpha(frame: av.VideoFrame) -> Samples:
    """Return the alpha of a frame, writable: its own plane, or the last of four samples of each pixel."""
    if len(frame.planes) > 1:
        return samples(frame, Layout.of(frame.format.name).planes)
    plane = frame.planes[0]
    kind = np.uint8 if frame.format.components[0].bits <= 8 else np.uint16
    values: npt.NDArray[np.uint8 | np.uint16] = np.frombuffer(memoryview(plane), kind)
    lines = values.reshape(frame.height, -1)[:, : 4 * frame.width]
    return lines.reshape(frame.height, frame.width, 4)[:, :, 3]
