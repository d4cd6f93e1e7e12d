"""Mouths as they might also have been seen: further open or shut, moved, blurred and lit at random."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from models.lips_model import SIDE

Values = npt.NDArray[np.float32]

_RIM = 20
"""Points of each rim, beginning at the corner at the left of the picture, along the lower lip and back."""
MIRRORED = np.array([_RIM * (point // _RIM) + (_RIM // 2 - point) % _RIM for point in range(2 * _RIM)])
"""The number of each point in a mirrored picture."""
_LOWER = np.array([0 < point % _RIM < _RIM // 2 for point in range(2 * _RIM)])
_LEAST_CONTRAST = 8.0
_SHUT, _WIDE = 0.02, 0.1
"""Gap between the lips, in shares of the crop, from which a mouth can be opened further, and from which less so."""


def gap(lips: npt.ArrayLike) -> Values:
    """Return the mean height of the opening of lips (..., 40, 2), in shares of the crop."""
    values = np.asarray(lips, np.float32)
    return np.asarray(values[..., 1:10, 1].mean(-1) - values[..., 11:20, 1].mean(-1))


def plain(crop: npt.NDArray[np.uint8], lips: Values) -> tuple[Values, Values]:
    """Return what the network is given for a crop as it is, float32 (3, 64, 64), and the lips in it."""
    picture, placed = _placed(crop, lips, np.eye(2), np.zeros(2), 1.0)
    return normalised(picture), placed


def varied(crop: npt.NDArray[np.uint8], lips: Values, rng: np.random.Generator) -> tuple[Values, Values]:
    """Return what the network is given for a crop changed at random, and where the lips are then."""
    apart = float(gap(lips))
    if apart > _SHUT and rng.random() < 0.5:
        crop, lips = opened(crop, lips, rng.uniform(0, 2.2 if apart < _WIDE else 1.5))
    if apart > _SHUT and rng.random() < 0.25:
        crop = _darkened(crop, lips, rng.uniform(0.1, 0.9))
    angle, stretch = rng.normal(0, np.radians(6)), np.exp(rng.normal(0, (0.09, 0.06)))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    side = -1.0 if rng.random() < 0.5 else 1.0
    linear = turn @ np.array([[stretch[0] * side, rng.normal(0, 0.05)], [0, stretch[0] * stretch[1]]])
    picture, placed = _placed(crop, lips, linear, rng.normal(0, 0.035, 2), float(stretch[0]))
    return normalised(_lit(_coarse(picture, rng), rng)), placed[MIRRORED] if side < 0 else placed


def opened(crop: npt.NDArray[np.uint8], lips: Values, factor: float) -> tuple[npt.NDArray[np.uint8], Values]:
    """Open or shut a mouth: the opening becomes `factor` times as high, and what is below it moves along."""
    side = crop.shape[0]
    points, columns = lips * side, np.arange(side)
    upper, lower = (_curve(points[rim], columns) for rim in ([0, *range(19, 9, -1)], range(11)))
    ends = np.sort(points[[0, 10], 0])
    apart = np.where((columns > ends[0]) & (columns < ends[1]), np.maximum(lower - upper, 0), 0).astype(np.float32)
    apart = cv2.GaussianBlur(apart[None], (0, 0), 1.5)[0]
    wanted = np.maximum(apart * factor, 0.01)
    rows = np.arange(side)[:, None]
    inside = upper + (rows - upper) * apart / wanted
    rows_from = np.where(rows < upper, rows, np.where(rows < upper + wanted, inside, rows - (factor - 1) * apart))
    columns_from = np.broadcast_to(columns, (side, side)).astype(np.float32)
    changed = cv2.remap(
        crop, columns_from, rows_from.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    at = np.clip(points[:, 0].astype(int), 0, side - 1)
    falls = _LOWER & (points[:, 1] > (upper + lower)[at] / 2)
    points[falls, 1] += (factor - 1) * apart[at[falls]]
    return np.asarray(changed, np.uint8), np.asarray(points / side, np.float32)


def normalised(picture: Values) -> Values:
    """Return RGB 0 to 255, (H, W, 3), as (3, H, W) of mean 0 and contrast 1; the ONNX file does the same itself."""
    centred = picture - picture.mean((0, 1))
    return np.asarray((centred / (centred.std() + _LEAST_CONTRAST)).transpose(2, 0, 1), np.float32)


def _curve(points: Values, columns: npt.NDArray[np.int64]) -> Values:
    order = np.argsort(points[:, 0])
    return np.asarray(np.interp(columns, points[order, 0], points[order, 1]), np.float32)


def _darkened(crop: npt.NDArray[np.uint8], lips: Values, light: float) -> npt.NDArray[np.uint8]:
    """Take light from the opening, so that it may be without teeth as well."""
    side = crop.shape[0]
    opening = np.zeros((side, side), np.float32)
    cv2.fillPoly(opening, [np.round(lips[:_RIM] * side).astype(np.int32)], 1.0)
    share = 1 - (1 - light) * cv2.GaussianBlur(opening, (0, 0), 1.0)
    return np.asarray(crop * share[:, :, None], np.uint8)


def _placed(
    crop: npt.NDArray[np.uint8], lips: Values, linear: npt.NDArray[np.float64], shift: npt.ArrayLike, scale: float
) -> tuple[Values, Values]:
    """Sample a crop at the network's size, moved about its middle; the shift is in shares of the crop."""
    side = crop.shape[0]
    matrix = linear * SIDE / side
    offset = (SIDE - 1) / 2 + np.asarray(shift) * SIDE - matrix @ np.full(2, (side - 1) / 2)
    smooth = cv2.GaussianBlur(crop, (0, 0), 0.6 / max(scale, 0.7))
    affine = np.column_stack([matrix, offset])
    picture = cv2.warpAffine(smooth, affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    placed = (lips * side) @ matrix.T + offset
    return picture.astype(np.float32), np.asarray(placed / SIDE, np.float32)


def _coarse(picture: Values, rng: np.random.Generator) -> Values:
    """Now and then, show the mouth of a small face."""
    if rng.random() >= 0.35:
        return picture
    side = int(rng.uniform(20, 50))
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.float32)


def _lit(picture: Values, rng: np.random.Generator) -> Values:
    """Change gamma, colour and brightness, light from one side, add noise, and now and then take the colour."""
    lit = 255 * np.clip(picture / 255, 0, 1) ** np.exp(rng.normal(0, 0.25))
    lit = lit * np.exp(rng.normal(0, 0.08, 3)) + rng.normal(0, 6)
    if rng.random() < 0.4:
        ramp = np.linspace(-1, 1, SIDE)
        lit *= np.exp(rng.normal(0, 0.25) * ramp)[None, :, None] * np.exp(rng.normal(0, 0.2) * ramp)[:, None, None]
    lit += rng.standard_normal(lit.shape, np.float32) * rng.uniform(0, 5)
    if rng.random() < 0.15:
        lit = np.repeat(lit.mean(2, keepdims=True), 3, 2)
    return np.clip(lit, 0, 255).astype(np.float32)
