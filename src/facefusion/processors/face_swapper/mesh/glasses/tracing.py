"""Tracing: which pixels the frame of glasses covers, once their shape is known.

Along each rim, over the bridge and along the temples the strongest line is followed (by dynamic programming); how far a
pixel near it departs from what surrounds the frame, beside what the frame itself does, is the frame's share of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.filters import Field, blur, dilate, lookup, smoothstep
from facefusion.processors.face_swapper.mesh.glasses.finding import Rims
from facefusion.processors.face_swapper.mesh.glasses.lines import DIRECTIONS, usual_strength
from facefusion.processors.face_swapper.mesh.glasses.plane import HEIGHT, ORIGIN, UNIT, WIDTH
from facefusion.processors.face_swapper.mesh.pieces import pieces_reaching

Path = npt.NDArray[np.float64]
"""Places on the plane, (N, 2: x, y), in pixels."""

_RIM_POINTS = 96
_WANDER = 7
"""How far the frame may lie from the shape that was found, in pixels of the plane."""
_PULL = 0.02
"""What a path loses by each pixel that it lies off the shape, as a share of the mean strength."""
_STRONGEST = 8.0
"""Strength of a line, beside what is usual in the picture, from which it is no stronger for a path."""
_STRAY = 0.06
"""What a path loses by each step to the side, as a share of the greatest strength."""
_LIGHT = np.float32(0.6)
"""What a light line counts beside a dark one."""
_SURROUNDINGS = 13
"""Side of the square, in pixels of the plane, whose lightest and darkest parts tell what surrounds the frame."""
_SMOOTH, _SMOOTH_REACH = 0.7, 2
"""Smoothing of lightness before that, and how far it reaches, in pixels of the plane."""
_REACH = 7.0
"""Distance from the path, in pixels of the plane, up to which pixels may belong to the frame."""
_FADE = 2.5
"""Pixels past the frame's half width over which its share ends."""
_LEAST_DEPTH = 8.0
"""Departure of a frame from its surroundings, 0 to 255, that is assumed at least."""
_HALF = 0.5
"""Departure, beside the frame's own, at which the frame ends."""
_SHARE = (0.25, 0.6)
"""Departure beside the frame's own: from where a pixel belongs to it to where it is all of it."""
_CHEEKS = 30
"""Rows at the bottom of the plane, and columns away from its sides, that show the cheeks."""
_DARK_LENS, _LIGHTEST = 0.6, 0.85
"""Lightness of dark lenses beside the cheeks', and the quantile that is held against it: skin is lighter."""
_TEMPLE_END = 0.86
"""Where temples leave the face, in eye distances from its middle."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The frame of glasses on their plane; it stays as it is while the head moves.

    Attributes:
        band: where its pixels lie, float32 (HEIGHT, WIDTH), 0 to 1.
        depth: by how much they are darker (above 0) or lighter than their surroundings, float32 (HEIGHT, WIDTH).
        lenses: how little is seen through them, as of sunglasses, float32 (HEIGHT, WIDTH), 0 to 1.
    """

    band: Field
    depth: Field
    lenses: Field

    @classmethod
    def trace(cls, lightness: Field, strengths: Field, rims: Rims) -> Self:
        """Trace the frame.

        Args:
            lightness: of the plane, 0 to 255, float32 (HEIGHT, WIDTH).
            strengths: of its lines, see `lines.line_strengths`.
            rims: the shape of the glasses.
        """
        paths = [_rim(strengths, rims, side) for side in (-1, 1)]
        paths += [_bridge(strengths, rims), *(_temple(strengths, rims, side) for side in (-1, 1))]
        departures = _departures(lightness)
        band, depth = np.zeros((HEIGHT, WIDTH), np.float32), np.ones((HEIGHT, WIDTH), np.float32)
        for path in paths:
            near, own = _along(departures, path)
            np.copyto(depth, own, where=near > band)
            np.maximum(band, near, out=band)
        return cls(band, depth, _dark_lenses(lightness, paths[:2]))

    def share(self, lightness: Field) -> Field:
        """Return the share of the frame in each pixel of the plane, float32 (HEIGHT, WIDTH), 0 to 1."""
        part, around = self.extent()
        share = self.lenses.copy()
        if part[0].stop:
            dark, light = np.zeros_like(share), np.zeros_like(share)
            dark[around], light[around] = _departures(np.ascontiguousarray(lightness[around]))
            depth = self.depth[part]
            departure = np.where(depth > 0, dark[part], light[part]) / np.abs(depth)
            share[part] = np.maximum(smoothstep(departure, *_SHARE) * self.band[part], share[part])
        return share

    def extent(self) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Return the rows and columns of the plane in which the band lies, and those that have a say in its share."""
        x, y, width, height = cv2.boundingRect((self.band > 0).astype(np.uint8))
        reach = _SURROUNDINGS - 1 + _SMOOTH_REACH
        part = slice(y, y + height), slice(x, x + width)
        rows = slice(max(y - reach, 0), min(y + height + reach, HEIGHT))
        return part, (rows, slice(max(x - reach, 0), min(x + width + reach, WIDTH)))


def _rim(strengths: Field, rims: Rims, side: int) -> Path:
    """Return the closed path of a rim."""
    angles = 2 * np.pi * np.arange(_RIM_POINTS) / _RIM_POINTS
    across = rims.across(angles, side)
    direction = np.round(across / np.pi * DIRECTIONS).astype(int) % DIRECTIONS
    offsets = np.arange(-_WANDER, _WANDER + 1)
    normal = np.stack([np.cos(across), np.sin(across)], 1)
    places = rims.points(angles, side)[:, None] + offsets[None, :, None] * normal[:, None]
    gain = _read(strengths, places, direction)
    gain -= np.asarray(_PULL * np.abs(offsets) * np.abs(gain).mean(), np.float32)
    twice = _best_path(np.concatenate([gain, gain, gain]))  # so that beginning and end agree
    chosen = twice[_RIM_POINTS : 2 * _RIM_POINTS]
    return np.asarray(places[np.arange(_RIM_POINTS), chosen])


def _bridge(strengths: Field, rims: Rims) -> Path:
    nose = rims.middle - rims.half_width * 0.95
    return _across(strengths, rims, np.array([-nose, nose]), (-1.0, 0.6))


def _temple(strengths: Field, rims: Rims, side: int) -> Path:
    outer = rims.middle + rims.half_width * 0.95
    return _across(strengths, rims, side * np.array([outer, _TEMPLE_END]), (-1.1, 0.4))


def _across(strengths: Field, rims: Rims, ends: npt.NDArray[np.float64], down: tuple[float, float]) -> Path:
    """Return the strongest path from column to column, between two heights below the middle, in half heights."""
    left, right = np.sort(np.round(ends * UNIT + ORIGIN[0]).astype(int)).clip(0, WIDTH - 1)
    top, bottom = (round((rims.height + y * rims.half_height) * UNIT + ORIGIN[1]) for y in down)
    rows = np.arange(max(top, 0), min(bottom, HEIGHT - 1) + 1)
    columns = np.arange(left, right + 1)
    gain = _darker(strengths[DIRECTIONS // 2][rows[0] : rows[-1] + 1, left : right + 1]).T
    chosen = _best_path(np.minimum(gain, np.float32(_most(strengths))))
    return np.stack([columns, rows[chosen]], 1).astype(np.float64)


def _darker(strengths: Field) -> Field:
    """Return how strong lines are, dark ones before light ones: these are more often glints, or skin beside a frame."""
    return np.asarray(np.maximum(strengths, -_LIGHT * strengths), np.float32)


def _most(strengths: Field) -> float:
    """Return the strength of lines from which they all count alike."""
    return _STRONGEST * usual_strength(strengths)


def _read(strengths: Field, places: npt.NDArray[np.float64], direction: npt.NDArray[np.int_]) -> Field:
    """Return how strong lines across the given directions are at places (N, M, 2)."""
    x = np.clip(np.round(places[..., 0]).astype(int), 0, WIDTH - 1)
    y = np.clip(np.round(places[..., 1]).astype(int), 0, HEIGHT - 1)
    return np.asarray(np.minimum(_darker(strengths[direction[:, None], y, x]), _most(strengths)), np.float32)


def _best_path(gain: Field) -> npt.NDArray[np.intp]:
    """Return for each row of (N, M) the column of the path that gains most, moving one column a row at most."""
    loss = _STRAY * (float(np.abs(gain).max()) + 1e-6)
    best, came = gain[0].copy(), np.zeros(gain.shape, np.intp)
    columns = np.arange(gain.shape[1])
    for row in range(1, len(gain)):
        padded = np.pad(best, 1, constant_values=-np.inf)
        options = np.stack([padded[:-2] - loss, padded[1:-1], padded[2:] - loss])
        step = options.argmax(0)
        came[row] = columns + step - 1
        best = options[step, columns] + gain[row]
    path = np.empty(len(gain), np.intp)
    path[-1] = best.argmax()
    for row in range(len(gain) - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path


def _along(departures: tuple[Field, Field], path: Path) -> tuple[Field, Field]:
    """Return `Frame.band` and `Frame.depth` of what is drawn along a path."""
    depths = np.stack([lookup(dilate(each, 1), path[None].astype(np.float32))[0] for each in departures])
    # All of it is dark, or all light: a dark frame has skin shining beside it.
    kind = 0 if np.median(depths[0] - _LIGHT * depths[1]) >= 0 else 1
    depth = np.maximum(_level(depths[kind]), _LEAST_DEPTH)
    distance, nearest = _nearest(path)
    half = _half_width(np.asarray(departures[kind] / depth[nearest], np.float32), distance)
    band = 1 - smoothstep(distance, half + 0.5, half + _FADE)
    return band, (depth if kind == 0 else -depth)[nearest]


def _dark_lenses(lightness: Field, rims: Sequence[Path]) -> Field:
    """Return 1 on lenses through which nothing as light as skin is seen, float32 (HEIGHT, WIDTH)."""
    limit = _DARK_LENS * float(np.median(lightness[HEIGHT - _CHEEKS :, _CHEEKS : WIDTH - _CHEEKS]))
    # Opening parts lenses from brows and hair.
    dark = cv2.morphologyEx((lightness < limit).astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8)) > 0
    lenses = np.zeros((HEIGHT, WIDTH), np.float32)
    for path in rims:
        inside = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillPoly(inside, [np.round(path).astype(np.int32)], 1)
        core = cv2.erode(inside, np.ones((9, 9), np.uint8)) > 0
        if core.any() and np.quantile(lightness[core], _LIGHTEST) < limit:
            lenses[pieces_reaching(dark, core)] = 1
    return blur(dilate(lenses, 1), 0.7)


def _half_width(departure: Field, distance: Field) -> float:
    """Return half the width of the frame: brows and lids that touch it here and there do not make it thicker."""
    rings = np.round(distance).astype(np.intp)
    for ring in range(1, int(_REACH)):
        if np.median(departure[rings == ring]) < _HALF:
            return ring - 0.5
    return _REACH - _FADE


def _departures(lightness: Field) -> tuple[Field, Field]:
    """Return by how much each pixel is darker than the lightest around it, and lighter than the darkest."""
    kernel, smooth = np.ones((_SURROUNDINGS, _SURROUNDINGS), np.uint8), blur(lightness, _SMOOTH)
    around = (cv2.morphologyEx(smooth, kind, kernel) for kind in (cv2.MORPH_CLOSE, cv2.MORPH_OPEN))
    dark, light = (np.asarray(np.abs(level - smooth), np.float32) for level in around)
    return dark, light


def _nearest(path: Path) -> tuple[Field, npt.NDArray[np.intp]]:
    """Return for each pixel of the plane its distance to the path, in pixels, and the number of the nearest point."""
    x, y = np.clip(np.round(path).astype(int), 0, (WIDTH - 1, HEIGHT - 1)).T
    free = np.ones((HEIGHT, WIDTH), np.uint8)
    free[y, x] = 0
    distance, labels = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    number = np.zeros(labels.max() + 1, np.intp)
    number[labels[y, x]] = np.arange(len(path))
    return np.asarray(distance, np.float32), number[labels]


def _level(values: npt.NDArray[np.floating]) -> Field:
    """Return values along a path, smoothed over its neighbours."""
    return np.asarray(cv2.blur(values.astype(np.float32)[None], (9, 1))[0], np.float32)
