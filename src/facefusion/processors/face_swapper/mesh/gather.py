"""Gathering: one texture from several views of a face.

The best view lends all that it shows well. What it hides comes from whichever of the others shows it best, then from
the other half of the face. Textures have their light taken off already; what is left of a difference in tone is taken
off where one gives way to the next.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, blur
from facefusion.processors.face_swapper.mesh.layout import Layout
from facefusion.processors.face_swapper.mesh.texture import spread_inwards, trusted
from facefusion.processors.face_swapper.mesh.view import View

_BETTER = 6
"""Power of a view's quality in its weight beside others: the best all but decides."""
_FRONTAL = 12
"""Power of the cosine between face and camera in the weight of a view's shape."""
_BROAD = 30
"""The texture's width over this: smoothing of the difference in tone of two views."""
_MOST_TONE = np.float32(20)
"""Greatest difference in tone that is taken off, in Lab units."""
_CONTRAST = (0.75, 1.33)
"""By how much texture may grow to the contrast of another view."""
_FLAT = 4.0
"""Contrast, in Lab units, that is added to both sides, so that flat pictures give no extreme ratios."""


def gather_texture(views: Sequence[View], layout: Layout) -> tuple[Field, Field]:
    """Return the texture that the views give together, and how surely each pixel shows the face.

    Args:
        views: the best first.
        layout: where the texture is to lie.

    Returns:
        Lab differences from smooth skin, float32 (H, W, 3), and trust, 0 to 1, float32 (H, W).
    """
    texture, trust = layout.carry(views[0], _trust(views[0]))
    if len(views) > 1:
        further, seen = _best_of(views[1:], layout, views[0])
        texture, trust = fill_from(texture, trust, further, seen)
    mirrored = layout.mirrored(np.dstack([texture, trust]))
    return fill_from(texture, trust, np.ascontiguousarray(mirrored[:, :, :3]), np.ascontiguousarray(mirrored[:, :, 3]))


def fill_from(texture: Field, trust: Field, other: Field, other_trust: Field) -> tuple[Field, Field]:
    """Fill what a texture does not show from another, in the tone of the first.

    Args:
        texture: float32 (H, W, 3).
        trust: how surely it shows the face, float32 (H, W), 0 to 1.
        other: float32 (H, W, 3).
        other_trust: the same of the other.

    Returns:
        texture and trust of both together.
    """
    both = trust * other_trust
    reach = texture.shape[1] / _BROAD
    amount = blur(both, reach)
    tone = blur((texture - other) * both[:, :, None], reach) / (amount + np.float32(1e-3))[:, :, None]
    tone = spread_inwards(_MOST_TONE * np.tanh(tone / _MOST_TONE), np.minimum(amount, both))
    share = trust[:, :, None]
    filled = texture * share + (other + tone) * (1 - share)
    return np.asarray(filled, np.float32), np.asarray(trust + (1 - trust) * other_trust, np.float32)


def gather_shape(views: Sequence[View]) -> Points:
    """Return how the features lie, float32 (468, 3): as the views have it that look straight into the camera."""
    weights = np.array([view.frontal**_FRONTAL * view.merit for view in views])
    weights /= weights.sum()
    return np.asarray(sum(w * view.shape for w, view in zip(weights, views, strict=True)), np.float32)


def _trust(view: View) -> Field:
    return trusted(view.foreign, view.raster)


def _best_of(views: Sequence[View], layout: Layout, first: View) -> tuple[Field, Field]:
    """Return the texture of whichever view shows each pixel best, and how well it does."""
    total = np.zeros((*layout.raster.numbers.shape, 3), np.float32)
    weights = np.full(total.shape[:2], 1e-6, np.float32)
    seen = np.zeros_like(weights)
    for view in views:
        texture, trust = layout.carry(view, _trust(view))
        weight = np.power(trust * np.float32(view.merit / first.merit), _BETTER)
        total += texture * (_contrast(view, first) * weight)[:, :, None]
        weights += weight
        seen = np.maximum(seen, trust)
    return total / weights[:, :, None], seen


def _contrast(view: View, first: View) -> np.float32:
    """Return by how much the texture of a view must grow to the contrast of the first."""
    return np.float32(np.clip((first.light.contrast + _FLAT) / (view.light.contrast + _FLAT), *_CONTRAST))
