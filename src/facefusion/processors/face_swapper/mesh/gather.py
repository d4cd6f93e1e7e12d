"""Gathering: one texture from several views of a face.

The best view lends all that it shows well. What it hides comes from whichever of the others shows it best, then from
the other half of the face. Textures have their light taken off already; what is left of a difference in tone is taken
off where one gives way to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, smoothstep
from facefusion.processors.face_swapper.mesh.layout import Layout
from facefusion.processors.face_swapper.mesh.texture import CAUTIOUS, EAGER, MIRROR, fill_from, trusted
from facefusion.processors.face_swapper.mesh.view import View, at_vertices

_ENOUGH = (0.02, 0.1)
"""Quality: below the first nothing is known, above the second enough."""
_BETTER = 6
"""Power of a view's quality in its weight beside others: the best all but decides."""
_FRONTAL = 12
"""Power of the cosine between face and camera in the weight of a view's shape."""
_LEAST = 1e-6
"""Weight of a view that is worth nothing."""
_CONTRAST = (0.75, 1.33)
"""By how much texture may grow to the contrast of another view."""
_FLAT = 4.0
"""Contrast, in Lab units, that is added to both sides, so that flat pictures give no extreme ratios."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The texture that views give together.

    Attributes:
        texture: Lab differences from smooth skin, float32 (H, W, 3).
        trust: how surely each pixel shows the face, 0 to 1, float32 (H, W).
        shares: how much each view, and last the other half of the face, has in each pixel, float32 (H, W) each.
    """

    texture: Field
    trust: Field
    shares: tuple[Field, ...]

    def origins(self, layout: Layout) -> Field:
        """Return the shares at the vertices, float32 (views + 1, 468)."""
        return np.stack([at_vertices(share, layout.mesh) for share in self.shares])


def gather_texture(views: Sequence[View], layout: Layout) -> Gathered:
    """Return the texture that the views give together.

    Args:
        views: the best first.
        layout: where the texture is to lie.
    """
    texture, quality = layout.carry(views[0], _trust(views[0]))
    shares = [np.ones_like(quality)]
    if len(views) > 1:
        other, other_quality, parts = _best_of(views[1:], layout, views[0])
        texture, quality, own = fill_from(texture, quality, other, other_quality)
        shares = [own, *(part * (1 - own) for part in parts)]
    mirrored = layout.mirrored(np.dstack([texture, quality]))
    other = np.ascontiguousarray(mirrored[:, :, :3])
    texture, quality, own = fill_from(
        texture, quality, other, mirrored[:, :, 3] * MIRROR, own=CAUTIOUS if layout.is_of(views[0]) else EAGER
    )
    shares = [*(share * own for share in shares), 1 - own]
    return Gathered(texture, smoothstep(quality, *_ENOUGH), tuple(shares))


def gather_shape(views: Sequence[View]) -> Points:
    """Return how the features lie, float32 (468, 3): as the views have it that look straight into the camera."""
    weights = np.array([max(view.frontal**_FRONTAL * view.merit, _LEAST) for view in views])
    weights /= weights.sum()
    return np.asarray(sum(w * view.shape for w, view in zip(weights, views, strict=True)), np.float32)


def _trust(view: View) -> Field:
    return trusted(view.foreign, view.raster)


def _best_of(views: Sequence[View], layout: Layout, first: View) -> tuple[Field, Field, list[Field]]:
    """Return the texture of whichever view shows each pixel best, how well it does, and the share of each view."""
    total = np.zeros((*layout.raster.numbers.shape, 3), np.float32)
    best = np.zeros(total.shape[:2], np.float32)
    weights: list[Field] = []
    for view in views:
        texture, quality = layout.carry(view, _trust(view))
        quality *= np.float32(min(view.merit / max(first.merit, _LEAST), 1.0))
        weights.append(np.asarray(np.power(quality, _BETTER), np.float32))
        total += texture * (_contrast(view, first) * weights[-1])[:, :, None]
        best = np.maximum(best, quality)
    inverse = np.asarray(1 / (np.sum(weights, axis=0) + 1e-6), np.float32)
    return np.asarray(total * inverse[:, :, None], np.float32), best, [each * inverse for each in weights]


def _contrast(view: View, first: View) -> np.float32:
    """Return by how much the texture of a view must grow to the contrast of the first."""
    return np.float32(np.clip((first.light.contrast + _FLAT) / (view.light.contrast + _FLAT), *_CONTRAST))
