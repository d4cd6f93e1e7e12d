"""Eyeballs: what of each eye can be seen between the lids, and how well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facefusion.faces.irises import CORNERS
from facefusion.faces.mesh import LEFT_EYE, RIGHT_EYE
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, smoothstep
from facefusion.processors.face_swapper.mesh.raster import SUBPIXEL_BITS, to_subpixels

_LEAST_RADIUS = (2.2, 4.0)
"""Radius of an iris in pixels: from too small to be coloured to all of it."""
_OPEN = (0.25, 0.7)
"""Opening of the lids, in radii: from closed to open."""
_TURNED = (2.6, 3.6)
"""Width of the eye, in radii: from turned away to seen well."""


@dataclass(frozen=True, slots=True, eq=False)
class Eyeball:
    """One eye in a picture.

    Attributes:
        rows: of the picture that hold the iris and the white beside it.
        columns: likewise.
        reach: distance from the middle of the iris at each pixel, in radii.
        height: height below it, in radii.
        depth: depth within the lids, in pixels; negative outside of them.
        radius: of the iris, in pixels.
        share: how much of a new colour this eye may have, 0 to 1.
    """

    rows: slice
    columns: slice
    reach: Field
    height: Field
    depth: Field
    radius: float
    share: float


def eyeballs(shape: Sequence[int], mesh: Points, irises: Points | None) -> Iterator[Eyeball]:
    """Yield the eyes that are large enough to be looked at.

    Args:
        shape: height and width of the picture.
        mesh: the face, float32 (468, 3), in its pixels.
        irises: centre and radius of each, float32 (2, 3), in the same; None where nobody looked.
    """
    if irises is None:
        return
    for rim, corners, (x, y, radius) in zip((LEFT_EYE, RIGHT_EYE), CORNERS, irises.tolist(), strict=True):
        lids = mesh[list(rim), :2]
        if radius <= _LEAST_RADIUS[0]:
            continue
        low = np.maximum(np.floor(lids.min(0)).astype(int) - 2, 0)
        high = np.minimum(np.ceil(lids.max(0)).astype(int) + 3, shape[::-1])
        if (high - low).min() < 3:
            continue
        across = np.arange(low[0], high[0], dtype=np.float32)[None] - np.float32(x)
        down = np.arange(low[1], high[1], dtype=np.float32)[:, None] - np.float32(y)
        along = mesh[corners[1], :2] - mesh[corners[0], :2]
        width = max(float(np.linalg.norm(along)), 1e-3)
        height = (down * along[0] - across * along[1]) / np.float32(width * radius)
        yield Eyeball(
            rows=slice(int(low[1]), int(high[1])),
            columns=slice(int(low[0]), int(high[0])),
            reach=np.asarray(np.sqrt(across * across + down * down) / np.float32(radius), np.float32),
            height=np.asarray(height, np.float32),
            depth=_depth(lids - low, (int(high[1] - low[1]), int(high[0] - low[0]))),
            radius=radius,
            share=_share(lids, width, radius),
        )


def _share(lids: Points, width: float, radius: float) -> float:
    """Return how much of a new colour an eye may have, by its size, its opening and its turn."""
    opening = cv2.contourArea(np.ascontiguousarray(lids)) / width / radius
    size = smoothstep(np.float32(radius), *_LEAST_RADIUS)
    return float(size * smoothstep(np.float32(opening), *_OPEN) * smoothstep(np.float32(width / radius), *_TURNED))


def _depth(lids: Points, size: tuple[int, int]) -> Field:
    """Return how deep within the lids each pixel lies, in pixels, float32 (H, W); negative outside."""
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [to_subpixels(lids)], 1, cv2.LINE_8, SUBPIXEL_BITS)
    framed = np.asarray(cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0), np.uint8)
    within = cv2.distanceTransform(framed, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(1 - framed, cv2.DIST_L2, 3)
    # Of the two, one is 0.
    return np.asarray((within - outside)[1:-1, 1:-1] + 0.5 - inside, np.float32)
