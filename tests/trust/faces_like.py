"""Vectors that lie as identity vectors do: 0.6 from the mean, views of one person about 0.3 apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


def person(seed: int) -> Vector:
    """The identity vector of somebody."""
    return _of_length(np.random.default_rng(seed), 0.6)


def view(of: Vector, seed: int, away: float = 0.3) -> Vector:
    """That of another picture of them."""
    return of + _of_length(np.random.default_rng(1000 + seed), away)


def _of_length(draw: np.random.Generator, length: float) -> Vector:
    vector = draw.standard_normal(128)
    return (vector / np.linalg.norm(vector) * length).astype(np.float32)
