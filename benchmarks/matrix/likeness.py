"""How much two frames are alike."""

from __future__ import annotations

import numpy as np

from benchmarks.matrix.drawing import Signals
from benchmarks.matrix.held import Shown


def error(one: Signals | None, other: Signals | None) -> float:
    """Return the mean difference of two pictures, as a part of full scale."""
    if one is None or other is None:
        return 1.0
    return float(np.abs(one - other).mean())


def visible_error(one: Shown, other: Shown) -> float:
    """Return the mean difference of two pictures; what is transparent counts less."""
    if one.alpha is None:
        return error(one.picture, other.picture)
    return error(one.picture * one.alpha[..., None], other.picture * one.alpha[..., None])


def same_samples(one: Shown, other: Shown) -> bool:
    """Whether two frames have the same samples, whatever their planes are called."""
    opaque = np.ones(one.picture.shape[:2])
    if not np.array_equal(*(opaque if frame.alpha is None else frame.alpha for frame in (one, other))):
        return False
    if plain_form(one) == plain_form(other):
        return all(np.array_equal(a, b) for a, b in zip(one.planes, other.planes, strict=True))
    if not fits(one, other) or (one.form.startswith("yuv") != other.form.startswith("yuv")):
        return False
    return visible_error(one, other) < 1e-9


def fits(one: Shown, other: Shown) -> bool:
    """Whether two frames are of the same size."""
    return one.picture.shape == other.picture.shape


def plain_form(frame: Shown) -> str:
    """Return the pixel format of a frame, without libav's word for full range."""
    return frame.form.replace("yuvj", "yuv")
