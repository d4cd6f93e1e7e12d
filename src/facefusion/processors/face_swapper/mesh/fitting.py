"""Fitting: smooth values at the vertices of a mesh, robust against what does not belong.

Source of the basis: Ramamoorthi and Hanrahan, "An efficient representation for irradiance environment maps", 2001.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field
from facefusion.processors.face_swapper.mesh.regions import canonical_distances, fold_vertices

Values = npt.NDArray[np.float64]

_FRONTAL_Z = 0.64
"""Minus the mean z of the canonical face's normals; without it the term in z would be much like the constant."""
_LINEAR = 4
"""Terms of the basis up to order 1."""
_PENALTY = np.diag(0.1 * np.array([0.02, 0.1, 0.1, 0.1, 1.0, 1.0, 1.0, 1.0, 1.0]))
"""Penalty of each term's square beside the mean square error: next to none on the constant, most on order 2."""
_ITERATIONS = 4
_OUTLIER = 2.5
"""Distance from the fit, in spreads, from which a vertex counts for nothing."""
_SPREAD_FLOOR = np.array([7.0, 2.0, 2.0])
"""Least spread of lightness and of the two colours, in Lab units."""
_MAD_TO_SIGMA = 1.48
"""Standard deviation of normally distributed values whose median absolute deviation is 1."""
_LEAST_PRIOR = 0.3
"""Prior weight above which a vertex has a say in the spread."""
_LEAST_TOTAL = 12
"""Sum of weights, in vertices, below which outliers are merely weakened: the fit would hang on too few."""
_REACH = 0.18
"""Reach of `smooth`, in eye distances."""
_COARSE = 0.6
"""Distance between the places at which `smooth` gathers, and their own reach, as a share of `_REACH`."""
_DOUBT = 0.05
"""Mean weight of the surroundings at which `smooth` gives half of what it finds."""
_FOLD_REACH = 0.08
"""Reach of the skin that lends folds its direction, in eye distances."""


def harmonics(normals: Points) -> Values:
    """Return the nine real spherical harmonics up to order 2, unscaled and z centred, float64 (N, 9)."""
    x, y, z = normals.astype(np.float64).T
    return np.stack([np.ones_like(x), x, y, z + _FRONTAL_Z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1], 1)


def fit_robustly(basis: Values, colours: Values, prior: Values) -> tuple[Values, Values, Values]:
    """Fit lightness by the whole basis and colour by its first order, by re-weighted least squares.

    Args:
        basis: as `harmonics` gives it, float64 (N, 9).
        colours: Lab, float64 (N, 3).
        prior: weight of each vertex, 0 to 1, float64 (N,).

    Returns:
        Values at all vertices (N, 3), last weights (N,) and the spread of each channel (3,).
    """
    weights, spread = prior, _SPREAD_FLOOR
    heard = np.flatnonzero(prior > _LEAST_PRIOR)
    # Row by row, NumPy is much faster on few long ones.
    terms, channels = np.ascontiguousarray(basis.T), np.ascontiguousarray(colours.T)
    fitted = np.empty_like(channels)
    for _ in range(_ITERATIONS):
        fitted = _ridge(terms, channels, weights)
        rest = np.abs(channels - fitted)
        if heard.size:
            usual = np.partition(rest.take(heard, axis=1), heard.size // 2, axis=1)[:, heard.size // 2]
            spread = np.maximum(_SPREAD_FLOOR, _MAD_TO_SIGMA * usual)
        distance = (rest / (_OUTLIER * spread)[:, None]).max(0)
        square = distance * distance
        weights = prior * np.maximum(0, 1 - square) ** 2
        if weights.sum() < _LEAST_TOTAL:
            weights = prior / (1 + square)
    return np.ascontiguousarray(fitted.T), weights, spread


def smooth(values: Values, weights: Values) -> Values:
    """Return the weighted mean of the values (N, K) around each vertex; little where there is little weight."""
    gather, spread, doubt = _smoothing_kernels()
    total = gather @ np.column_stack([weights[:, None] * values, weights])
    return np.asarray(spread @ (total[:, :-1] / (total[:, -1] + doubt)[:, None]))


def calm(normals: Points) -> Points:
    """Give lips, lids and nostrils, whose small folds face anywhere, the direction of the skin around them."""
    folded, weights = _fold_kernel()
    calmed = normals.copy()
    around = weights @ normals
    lengths = np.sqrt((around * around).sum(1, keepdims=True))
    calmed[folded] = around / np.maximum(lengths, 1e-6)
    return calmed


def _ridge(basis: Values, values: Values, weights: Values) -> Values:
    """Weighted least squares that prefers small higher orders, of colour up to the first; the constant is free.

    Args:
        basis: float64 (9, N).
        values: float64 (3, N), lightness first.
        weights: float64 (N,).
    """
    shares = weights / max(float(weights.sum()), 1e-6)
    centre = values @ shares
    weighted = basis * shares
    normal, right = weighted @ basis.T + _PENALTY, weighted @ (values - centre[:, None]).T
    terms = np.zeros_like(right)
    terms[:, 0] = np.linalg.solve(normal, right[:, 0])
    terms[:_LINEAR, 1:] = np.linalg.solve(normal[:_LINEAR, :_LINEAR], right[:_LINEAR, 1:])
    return np.asarray(terms.T @ basis + centre[:, None])


@cache
def _fold_kernel() -> tuple[npt.NDArray[np.intp], Field]:
    """Return the vertices of folds, and for each the weights of the plain skin around it, float32 (F, 468)."""
    folded = np.flatnonzero(fold_vertices())
    near = np.exp(-0.5 * (canonical_distances()[folded] / _FOLD_REACH) ** 2) * ~fold_vertices()
    return folded, np.asarray(near / near.sum(1, keepdims=True), np.float32)


@cache
def _smoothing_kernels() -> tuple[Values, Values, Values]:
    """Return weights that gather from all vertices to some evenly spread ones, (C, 468), and back, (468, C).

    The last is the weight of doubt in each of those, (C,).
    """
    distances = canonical_distances()
    centres = [0]
    while (distances[centres].min(0)).max() > _COARSE * _REACH:
        centres.append(int(distances[centres].min(0).argmax()))
    gather = np.exp(-0.5 * (distances[centres] / _REACH) ** 2)
    spread = np.exp(-0.5 * (distances[:, centres] / (_COARSE * _REACH)) ** 2)
    return gather, spread / spread.sum(1, keepdims=True), _DOUBT * gather.sum(1)
