"""Completion of a picture from its own patches.

Source: Wexler et al., "Space-time completion of video", 2007: every patch in the hole shall look like one around it.
"""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.engine.post.diffuse import Field, diffuse
from facefusion.media.frame import Image

_RADIUS = 2
_SIDE = 2 * _RADIUS + 1
_HOLE_PIXELS = 1500
"""Pixels of the hole in the finest picture that patches are sought in."""
_COARSEST = 6
"""Pixels of the hole's shorter side in the coarsest."""
_ROUNDS = 4
_AGREED = 8.0
"""Standard deviation of what several patches say of a pixel, in grey levels, up to which they agree."""
_ROWS = 512
"""Patches that are sought at a time."""

Places = npt.NDArray[np.intp]


def complete(view: Image, known: Field, start: Field | None = None) -> Field:
    """Return the picture with its hole filled by patches from around it, float32 (H, W, 3).

    Args:
        view: RGB uint8 (H, W, 3).
        known: 0 in the hole, 1 elsewhere, float32 (H, W).
        start: what the hole may look like, float32 (H, W, 3); nothing is known of it when None.
    """
    factor = _finest(known)
    levels = [factor]
    while _shorter_side(known) / (2 * levels[-1]) >= _COARSEST:
        levels.append(2 * levels[-1])
    picture = diffuse(view.astype(np.float32), known) if start is None else start
    for level in reversed(levels):
        small, where = _reduced(view, known, level)
        begun = _resized(picture, where.shape)
        picture, centres, matches = _complete_level(np.where(where[..., None] > 0, small, begun), where)
    offsets = np.zeros((*picture.shape[:2], 2), np.float32)
    offsets[*centres.T] = (matches - centres)[:, ::-1] * factor
    return _transferred(view, known, picture, offsets, factor)


def _complete_level(picture: Field, known: Field) -> tuple[Field, Places, Places]:
    """Return one level's picture, the places of the patches in its hole, and of those that they look like."""
    unknown = (known == 0).astype(np.uint8)
    near = cv2.dilate(unknown, np.ones((_SIDE, _SIDE), np.uint8))
    inner = np.zeros_like(near)
    inner[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS] = 1
    sources, centres = np.argwhere((near == 0) & (inner > 0)), np.argwhere(near * inner > 0)
    if not len(sources):
        return picture, centres, centres
    library = _patches(picture, sources)
    # What is near the hole's edge is surer.
    weight = np.exp(-0.35 * cv2.distanceTransform(unknown, cv2.DIST_L2, 3))[*centres.T]
    for _ in range(_ROUNDS):
        nearest, distance = _nearest(_patches(picture, centres), library)
        likeness = weight * np.exp(-distance / (2 * max(float(np.percentile(distance, 75)), 1.0)))
        picture = _voted(picture, known, centres, sources[nearest], likeness)
    return picture, centres, sources[nearest]


def _patches(picture: Field, places: Places) -> Field:
    """Return the patches around places as rows, float32 (N, side * side * 3)."""
    around = np.lib.stride_tricks.sliding_window_view(picture, (_SIDE, _SIDE), axis=(0, 1))
    rows = around[places[:, 0] - _RADIUS, places[:, 1] - _RADIUS]
    return np.ascontiguousarray(rows.reshape(len(places), -1), np.float32)


def _nearest(patches: Field, library: Field) -> tuple[Places, Field]:
    """Return for each patch which of the library is most like it, and their squared distance."""
    squares = np.square(library).sum(1)
    found, distances = [], []
    for start in range(0, len(patches), _ROWS):
        part = patches[start : start + _ROWS]
        apart = squares - 2 * (part @ library.T)
        best = apart.argmin(1)
        found.append(best)
        distances.append(np.take_along_axis(apart, best[:, None], 1)[:, 0] + np.square(part).sum(1))
    return np.concatenate(found), np.maximum(np.concatenate(distances), 0).astype(np.float32)


def _voted(picture: Field, known: Field, centres: Places, matches: Places, weight: Field) -> Field:
    """Return the picture whose hole is the mean of the patches that were found."""
    total = np.zeros(picture.shape, np.float64)
    weights = np.zeros(known.shape, np.float64)
    for shift in product(range(-_RADIUS, _RADIUS + 1), repeat=2):
        to, of = (centres + shift).T, (matches + shift).T
        total[*to] += weight[:, None] * picture[*of]
        weights[*to] += weight
    mean = total / np.maximum(weights, 1e-9)[..., None]
    return np.where(((known == 0) & (weights > 0))[..., None], mean, picture).astype(np.float32)


def _transferred(view: Image, known: Field, coarse: Field, offsets: Field, factor: int) -> Field:
    """Return the picture at full size: each pixel of the hole what the patches around it point at.

    Where they point at different things, it stays as coarse as they were found.

    Args:
        view: RGB uint8 (H, W, 3).
        known: 0 in the hole, float32 (H, W).
        coarse: the picture at the size at which patches were sought, float32 (h, w, 3).
        offsets: x and y by which each patch's pixels lie elsewhere, in pixels of `view`, float32 (h, w, 2).
        factor: H by h.
    """
    shape, (height, width) = coarse.shape[:2], view.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    source = np.dstack([view * known[..., None], np.square(view, dtype=np.float32) * known[..., None], known])
    total = np.zeros(source.shape, np.float32)
    for shift in product((-1, 0, 1), repeat=2):
        rows = np.clip(np.arange(height) // factor + shift[0], 0, shape[0] - 1)
        columns = np.clip(np.arange(width) // factor + shift[1], 0, shape[1] - 1)
        offset = offsets[np.ix_(rows, columns)]
        place = (x + offset[..., 0], y + offset[..., 1])
        total += cv2.remap(source, *place, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    votes = np.maximum(total[..., 6:], 1)
    fine, spread = total[..., :3] / votes, total[..., 3:6] / votes
    variance = np.maximum(spread - np.square(fine), 0).max(2, keepdims=True)
    agreed = np.exp(-variance / (2 * _AGREED**2)) * (total[..., 6:] > 0)
    smooth = cv2.resize(coarse, (shape[1] * factor, shape[0] * factor), interpolation=cv2.INTER_CUBIC)[:height, :width]
    return np.asarray(smooth + agreed * (fine - smooth), np.float32)


def _shorter_side(known: Field) -> int:
    rows, columns = np.nonzero(known == 0)
    return int(min(np.ptp(rows), np.ptp(columns))) + 1


def _finest(known: Field) -> int:
    """Return by how much the picture is reduced before patches are sought in it."""
    factor = 1
    while (known == 0).sum() / factor**2 > _HOLE_PIXELS:
        factor += 1
    return factor


def _reduced(view: Image, known: Field, factor: int) -> tuple[Field, Field]:
    """Return picture and mask, reduced; a pixel of which a part is unknown is unknown."""
    height, width = view.shape[:2]
    right, below = -width % factor, -height % factor
    padded = cv2.copyMakeBorder(view, 0, below, 0, right, cv2.BORDER_REPLICATE).astype(np.float32)
    where = cv2.copyMakeBorder(known, 0, below, 0, right, cv2.BORDER_REPLICATE)
    size = (padded.shape[1] // factor, padded.shape[0] // factor)
    small = cv2.resize(padded, size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(where, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32), (share > 0.999).astype(np.float32)


def _resized(picture: Field, shape: tuple[int, ...]) -> Field:
    interpolation = cv2.INTER_AREA if shape[0] < picture.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (shape[1], shape[0]), interpolation=interpolation), np.float32)
