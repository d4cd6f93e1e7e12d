"""Light: the smooth colour field of a face's skin, separated from its texture.

A field has a part that follows the surface's direction (spherical harmonics: order 2 for lightness, 1 for colour) and a
smooth remainder for cast shadows and uneven skin. Both are fitted to skin vertices, and robustly, so that hair, glasses
or a beard do not bend them. Source of the basis: Ramamoorthi and Hanrahan, "An efficient representation for irradiance
environment maps", 2001.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import TextureGain
from facefusion.processors.face_swapper.mesh.filters import Field, smoothstep
from facefusion.processors.face_swapper.mesh.regions import BEARD, canonical_distances, fold_vertices, skin_vertices

_ITERATIONS = 4
_RIDGE = np.array([0.02, 0.1, 0.1, 0.1, 1.0, 1.0, 1.0, 1.0, 1.0])
_SCALE_FLOOR = np.array([7.0, 2.0, 2.0])
_OUTLIER = 2.5
_FLAT = 4.0
_FOLD_REACH = 0.08
_REACH = 0.18
"""Reach of the smooth remainder, in units of the distance between the outer eye corners."""


@dataclass(frozen=True, slots=True, eq=False)
class LightField:
    """Smooth skin colour at each vertex.

    Attributes:
        directional: part that follows the surface's direction, Lab, float32 (468, 3).
        remainder: smooth part that it leaves, Lab, float32 (468, 3).
        spread: usual distance of skin from the directional part, Lab, float64 (3,).
        mean: mean colour of the skin, Lab, float64 (3,).
        contrast: how far features depart from skin in lightness (root mean square over the face).
        beard: how surely chin and upper lip are darker than skin, 0 to 1.
    """

    directional: Field
    remainder: Field
    spread: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    contrast: float
    beard: float


def fit_light(colours: Field, normals: Points, trust: npt.NDArray[np.float32]) -> LightField:
    """Fit the smooth skin colour of a face.

    Args:
        colours: 8-bit Lab at each vertex, float32 (468, 3).
        normals: unit normals, float32 (468, 3).
        trust: weight of each vertex, 0 to 1, float32 (468,); low where the surface is turned away.
    """
    basis = harmonics(_calm(normals))
    skin = skin_vertices() * trust
    directional, weights, spread = _fit_robustly(basis, colours.astype(np.float64), skin.astype(np.float64))
    remainder = _smooth(colours - directional, weights)
    mean = (weights[:, None] * colours).sum(0) / max(float(weights.sum()), 1e-6)
    contrast = float(np.sqrt(np.average((colours[:, 0] - directional[:, 0]) ** 2, weights=trust + 1e-3)))
    return LightField(
        directional.astype(np.float32),
        remainder.astype(np.float32),
        spread,
        mean,
        contrast,
        _beard(colours, directional, spread),
    )


def _beard(colours: Field, directional: npt.NDArray[np.float64], spread: npt.NDArray[np.float64]) -> float:
    darker = (directional[list(BEARD), 0] - colours[list(BEARD), 0]) / spread[0]
    return float(smoothstep(np.median(darker), 0.5, 1.5))


def texture_gain(source: LightField, target: LightField) -> TextureGain:
    """Return how much stronger texture shows on the target's skin than on the source's.

    Dark skin and haze show less contrast than light skin and clear air, light skin shines less than dark skin, and
    differences of colour shrink with the colour itself.
    """
    lightness = float(max(target.mean[0], 8.0) / max(source.mean[0], 8.0))
    contrast = (target.contrast + _FLAT) / (source.contrast + _FLAT)
    shadow = float(np.clip(lightness**0.35 * contrast**0.6, 0.15, 1.05))
    highlight = shadow * float(np.clip(lightness**-0.8, 0.45, 1.0))
    chroma = float(np.hypot(*(target.mean[1:] - 128)) / max(np.hypot(*(source.mean[1:] - 128)), 1.0))
    return TextureGain(shadow, highlight, min(max(chroma, 0.4), 1.1), float(source.mean[0]))


def harmonics(normals: Points) -> npt.NDArray[np.float64]:
    """Return the nine real spherical harmonics up to order 2, unscaled, float64 (N, 9)."""
    x, y, z = normals.astype(np.float64).T
    return np.stack([np.ones_like(x), x, y, z + 0.64, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1], 1)


def _fit_robustly(
    basis: npt.NDArray[np.float64], colours: npt.NDArray[np.float64], prior: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Fit by re-weighted least squares; return values at all vertices, last weights and the spread of each channel."""
    weights = prior
    fitted = np.empty_like(colours)
    spread = _SCALE_FLOOR
    sure = prior > 0.3
    for _ in range(_ITERATIONS):
        fitted[:, :1] = _ridge(basis, colours[:, :1], weights)
        fitted[:, 1:] = _ridge(basis[:, :4], colours[:, 1:], weights)
        rest = np.abs(colours - fitted)
        if sure.any():
            spread = np.maximum(_SCALE_FLOOR, 1.48 * np.median(rest[sure], axis=0))
        distance = (rest / (_OUTLIER * spread)).max(1)
        weights = prior * np.maximum(0, 1 - distance**2) ** 2
        if weights.sum() < 12:
            weights = prior / (1 + distance**2)
    return fitted, weights, spread


def _ridge(
    basis: npt.NDArray[np.float64], values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Weighted least squares that prefers small higher orders; the constant is free."""
    total = max(float(weights.sum()), 1e-6)
    centre = (weights[:, None] * values).sum(0) / total
    weighted = basis * weights[:, None]
    normal = weighted.T @ basis / total + np.diag(0.1 * _RIDGE[: basis.shape[1]])
    right = weighted.T @ (values - centre) / total
    return np.asarray(basis @ np.linalg.solve(normal, right) + centre)


def _smooth(values: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the weighted mean of the values around each vertex; little where there is little weight."""
    gather, spread = _smoothing_kernels()
    total = gather @ (weights[:, None] * values)
    amount = gather @ weights + 0.05 * gather.sum(1)
    return np.asarray(spread @ (total / amount[:, None]))


def _calm(normals: Points) -> Points:
    """Give lips, lids and nostrils, whose small folds face anywhere, the direction of the skin around them."""
    folded, weights = _fold_kernel()
    calm = normals.copy()
    around = weights @ normals
    calm[folded] = around / np.maximum(np.linalg.norm(around, axis=1, keepdims=True), 1e-6)
    return calm


@cache
def _fold_kernel() -> tuple[npt.NDArray[np.intp], Field]:
    """Return the vertices of folds, and for each the weights of the plain skin around it, float32 (F, 468)."""
    folded = np.flatnonzero(fold_vertices())
    near = np.exp(-0.5 * (canonical_distances()[folded] / _FOLD_REACH) ** 2) * ~fold_vertices()
    return folded, np.asarray(near / near.sum(1, keepdims=True), np.float32)


@cache
def _smoothing_kernels() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return weights that gather from all vertices to some evenly spread ones, (C, 468), and back, (468, C)."""
    distances = canonical_distances()
    centres = [0]
    while (distances[centres].min(0)).max() > 0.6 * _REACH:
        centres.append(int(distances[centres].min(0).argmax()))
    gather = np.exp(-0.5 * (distances[centres] / _REACH) ** 2)
    spread = np.exp(-0.5 * (distances[:, centres] / (0.6 * _REACH)) ** 2)
    return gather, spread / spread.sum(1, keepdims=True)
