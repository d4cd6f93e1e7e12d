"""Decoded frames with known samples, and what H.273 says that samples mean; independent of the code under test."""

from __future__ import annotations

import av
import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.colour import ColourTags
from facefusion.media.frame import Image

Array = npt.NDArray[np.float64]
SDR = ColourTags(1, 1, 1, False)
FULL = ColourTags(1, 1, 1, True)
PQ = ColourTags(9, 9, 16, False)
HLG = ColourTags(9, 9, 18, False)
KR_KB = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


def depth(pixel_format: str) -> int:
    return max(8, *(part.bits for part in av.VideoFormat(pixel_format).components))


def plane(frame: av.VideoFrame, index: int) -> npt.NDArray[np.uint8 | np.uint16]:
    """One plane of a planar or packed frame, bytes or 16-bit words, without padding; writable."""
    part = frame.planes[index]
    is_deep = frame.format.components[0].bits > 8
    values = np.frombuffer(memoryview(part), np.uint16 if is_deep else np.uint8).reshape(part.height, -1)
    inside = [c for c in frame.format.components if c.plane == index]
    per_pixel = 4 if "0" in frame.format.name[:4] and not frame.format.is_planar else len(inside)
    return values[:, : part.width * per_pixel]


def planes(frame: av.VideoFrame) -> list[npt.NDArray[np.uint8 | np.uint16]]:
    """Copies of all planes."""
    return [plane(frame, index).copy() for index in range(len(frame.planes))]


def scene(pixel_format: str, width: int = 96, height: int = 64, *, seed: int = 1, low: float = 0.25) -> av.VideoFrame:
    """A frame with soft shapes and, in all its low bits, noise; about the middle of the range."""
    random = np.random.default_rng(seed)
    frame = av.VideoFrame(width, height, pixel_format)
    bits = depth(pixel_format)
    for index in range(len(frame.planes)):
        values = plane(frame, index)
        coarse = random.uniform(low, 0.75, (values.shape[0] // 12 + 2, values.shape[1] // 12 + 2)).astype(np.float32)
        soft = cv2.resize(coarse, values.shape[::-1], interpolation=cv2.INTER_LINEAR)
        values[:] = np.rint(soft * ((1 << bits) - 1)) + random.integers(-2, 3, values.shape)
        if pixel_format.startswith(("p0", "p2", "p4", "y21")):  # their ten bits are the upper ones
            values[:] &= 0xFFFF << (16 - bits) & 0xFFFF
    return frame


def codes(signals: Array, pixel_format: str, colour: ColourTags) -> Array:
    """R'G'B' signals of 0 to 1, shape (..., 3), as Y, Cb, Cr or G, B, R codes without rounding (H.273)."""
    top = (1 << depth(pixel_format)) - 1
    if pixel_format.startswith(("gbr", "rgb", "bgr")):
        return signals[..., [1, 2, 0]] * top
    red, green, blue = np.moveaxis(signals, -1, 0)
    kr, kb = KR_KB[colour.matrix]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    unit = 1 << (depth(pixel_format) - 8)
    is_full = pixel_format.startswith("gray") if colour.full_range is None else colour.full_range
    black, white, chroma = (0, top, top) if is_full else (16 * unit, 235 * unit, 224 * unit)
    return np.stack([black + (white - black) * luma, 128 * unit + chroma * cb, 128 * unit + chroma * cr], axis=-1)


def with_block(view: Image, block: tuple[slice, slice], colour: tuple[int, int, int]) -> Image:
    """The view with a block of one colour in it."""
    edited = view.copy()
    edited[block] = colour
    return edited
