"""Gathering: one texture from several views of a face.

The best view lends all that it shows well. What it hides comes from whichever of the others shows it best, then from
the other half of the face. Textures have their light taken off already; what is left of a difference in tone is taken
off where one gives way to the next.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, blur, smoothstep
from facefusion.processors.face_swapper.mesh.layout import Layout
from facefusion.processors.face_swapper.mesh.texture import spread_inwards, trusted
from facefusion.processors.face_swapper.mesh.view import View

_OWN = (0.35, 0.8)
"""Quality beside that of the best other: below the first that one takes over, above the second nothing does."""
_MIRROR = np.float32(0.85)
"""Quality of the other half of the face beside that of the true one."""
_ENOUGH = (0.03, 0.25)
"""Quality: below the first nothing is known, above the second enough."""
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
    texture, quality = layout.carry(views[0], _trust(views[0]))
    if len(views) > 1:
        texture, quality = fill_from(texture, quality, *_best_of(views[1:], layout, views[0]))
    mirrored = layout.mirrored(np.dstack([texture, quality]))
    other = np.ascontiguousarray(mirrored[:, :, :3])
    texture, quality = fill_from(texture, quality, other, mirrored[:, :, 3] * _MIRROR)
    return texture, smoothstep(quality, *_ENOUGH)


def fill_from(texture: Field, quality: Field, other: Field, other_quality: Field) -> tuple[Field, Field]:
    """Replace what another texture shows better, in the tone of the first.

    Args:
        texture: float32 (H, W, 3).
        quality: how well it shows the face, float32 (H, W), 0 to 1.
        other: float32 (H, W, 3).
        other_quality: the same of the other.

    Returns:
        texture and quality of both together.
    """
    share = smoothstep(quality / (np.maximum(quality, other_quality) + np.float32(1e-6)), *_OWN)
    both = np.minimum(quality, other_quality) * share
    reach = texture.shape[1] / _BROAD
    amount = blur(both, reach)
    tone = blur((texture - other) * both[:, :, None], reach) / (amount + np.float32(1e-3))[:, :, None]
    tone = spread_inwards(_MOST_TONE * np.tanh(tone / _MOST_TONE), np.minimum(amount, both))
    filled = texture * share[:, :, None] + (other + tone) * (1 - share)[:, :, None]
    return np.asarray(filled, np.float32), np.asarray(quality * share + other_quality * (1 - share), np.float32)


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
    best = np.zeros_like(weights)
    for view in views:
        texture, quality = layout.carry(view, _trust(view))
        quality *= np.float32(min(view.merit / max(first.merit, 1e-6), 1.0))
        weight = np.power(quality, _BETTER)
        total += texture * (_contrast(view, first) * weight)[:, :, None]
        weights += weight
        best = np.maximum(best, quality)
    return total / weights[:, :, None], best


def _contrast(view: View, first: View) -> np.float32:
    """Return by how much the texture of a view must grow to the contrast of the first."""
    return np.float32(np.clip((first.light.contrast + _FLAT) / (view.light.contrast + _FLAT), *_CONTRAST))
