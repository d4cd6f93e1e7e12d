"""Foreign pixels: hair, hands, collars and background within the outline of a face.

What does not look like skin and reaches in from the outline, in one piece, is not the face. Eyes and lips are left out,
and where a beard grows, or in the brows, what is dark and grey counts as the face's own.
"""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.processors.face_swapper.mesh.filters import Field, blur
from facefusion.processors.face_swapper.mesh.light import LightField

_LIMIT = 3.0
_LEAST_DARK = 40.0
_SURE = 0.5


def foreign_share(texture: Field, light: LightField, zones: Field, *, softness: float) -> Field:
    """Return how surely each pixel is foreign, float32 (H, W), 0 to 1.

    Args:
        texture: what smooth skin colour leaves, as `split_texture` gives it, float32 (H, W, 3).
        light: the face's smooth skin colour.
        zones: protected features, growth of beard, brows, nearness of the outline, each 0 to 1, float32 (H, W, 4); 0
            off the face.
        softness: smoothing of the texture before it is judged, in pixels.
    """
    protected, beard, brows, rim = (np.ascontiguousarray(zones[:, :, k]) for k in range(4))
    own_dark = np.maximum(beard * np.float32(light.beard), brows)
    strange = _strangeness(blur(texture, softness), light, own_dark) * (1 - np.clip(protected, 0, 1))
    sure = (strange > _SURE).astype(np.uint8)
    _, labels = cv2.connectedComponents(sure, connectivity=8)
    reaching = np.unique(labels[(rim > _SURE) & (sure > 0)])
    inward = np.isin(labels, reaching[reaching > 0])
    return np.asarray(np.where(inward, strange, 0), np.float32)


def _strangeness(texture: Field, light: LightField, own_dark: Field) -> Field:
    """Return how far pixels are from skin, 0 to 1; dark and grey ones count less where they may be the face's own."""
    limits = np.asarray(_LIMIT * light.spread, np.float32)
    brighter = texture[:, :, 0] / limits[0]
    darker = -texture[:, :, 0] / np.float32(max(float(limits[0]), _LEAST_DARK))
    redder, yellower = texture[:, :, 1] / limits[1], texture[:, :, 2] / limits[2]
    greyer = np.maximum(darker, -np.minimum(redder, yellower)) * (1 - np.clip(own_dark, 0, 1))
    worst = np.maximum(np.maximum(brighter, np.maximum(redder, yellower)), greyer)
    return np.asarray(np.clip((worst - 0.8) / 0.4, 0, 1), np.float32)
