"""Foreign pixels: hair, hands, collars and background within the outline of a face.

What does not look like skin and reaches in from the outline, in one piece, is not the face. Eyes and lips are left out,
and where a beard grows, or in the brows, what is dark and grey counts as the face's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from facefusion.processors.face_swapper.mesh.fields import Zones
from facefusion.processors.face_swapper.mesh.filters import Field, blur, planes_of, within
from facefusion.processors.face_swapper.mesh.light import LightField
from facefusion.processors.face_swapper.mesh.pieces import pieces_reaching

_LIMIT = 3.0
"""Limit of how far skin departs from the smooth colour, in spreads."""
_MOST = np.array([56.0, 16.0, 16.0])
"""Greatest limit, in Lab units, that wrinkles and a hard light may lead to."""
_LEAST_DARK = 40.0
"""Least limit for what is darker than the smooth colour, in Lab units."""
_ONSET, _RISE = 0.8, 0.4
"""Share of the limit at which a pixel begins to look strange, and how much more makes it wholly so."""
_SURE = 0.5
"""How strange the pixels of a piece are, and how near the outline it must come."""


def foreign_share(texture: Field, light: LightField, zones: Zones, *, softness: float) -> Field:
    """Return how surely each pixel is foreign, float32 (H, W), 0 to 1.

    Args:
        texture: what smooth skin colour leaves, as `split_texture` gives it, float32 (H, W, 3).
        light: the face's smooth skin colour.
        zones: what is to be expected where, float32 (H, W) each; 0 off the face.
        softness: smoothing of the texture before it is judged, in pixels.
    """
    own_dark = np.maximum(zones.beard * np.float32(light.beard), zones.brows)
    smooth = [blur(plane, softness) for plane in planes_of(texture)]
    strange = _strangeness(smooth, light, own_dark) * (1 - within(zones.protected, 0.0, 1.0))
    sure = strange > _SURE
    if not sure.any():
        return np.zeros(strange.shape, np.float32)
    inward = pieces_reaching(sure, zones.rim > _SURE)
    return np.asarray(np.where(inward, strange, 0), np.float32)


def _strangeness(texture: Sequence[Field], light: LightField, own_dark: Field) -> Field:
    """Return how far pixels are from skin, 0 to 1; dark and grey ones count less where they may be the face's own."""
    limits = np.asarray(np.minimum(_LIMIT * light.spread, _MOST), np.float32)
    lightness, red, yellow = texture
    brighter = lightness / limits[0]
    darker = -lightness / np.float32(max(float(limits[0]), _LEAST_DARK))
    redder, yellower = red / limits[1], yellow / limits[2]
    greyer = np.maximum(darker, -np.minimum(redder, yellower)) * (1 - within(own_dark, 0.0, 1.0))
    worst = np.maximum(np.maximum(brighter, np.maximum(redder, yellower)), greyer)
    return np.asarray(within((worst - _ONSET) / _RISE, 0.0, 1.0), np.float32)
