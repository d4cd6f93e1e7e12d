"""Broad differences between the new face and the one it replaces, and how much of them is taken off.

What the fit of the light leaves in a broad shadow of the new face, dark sockets and the like, is the source's light or
the tone of its skin: where it departs from the target's by more than faces do, most of the difference is taken off.
Near the outline, where new skin meets the target's own, all of it is, in colour too: only broad light, for what is
finer stays as it is. What hair, beard or background show there has no say.
"""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.processors.face_swapper.mesh.filters import Field, blur, smoothstep
from facefusion.faces.types import Points

import os
_RR = float(os.environ.get("RR", "0.03"))
_REACH = 0.045
"""Smoothing that leaves broad shadows alone, as a share of the longer side of the grid."""
_ALLOWED = np.array([8, 12, 12], np.float32)
"""Difference from the target, Lab units, that is the source's own away from the outline."""
_MOST = np.array([40, 16, 16], np.float32)
_SHARE = np.array([0.9, 0.9, 0.9], np.float32)
_ENOUGH = np.float32(0.67)
"""Share of the surroundings that must be seen for the whole difference to be taken off."""
_ENOUGH_RIM = np.float32(0.15)
"""The same at the outline, where half of the surroundings is not the face."""


def broad_step(own: Field, new: Field, trust: Field, beard: Field, skin: Field, rim: Field) -> Field:
    """Return what is to be added to the new face, broadly, Lab, float32 (H, W, 3).

    Args:
        own: the target, Lab, float32 (H, W, 3).
        new: the new face over it.
        trust: how surely a pixel shows the target's skin or features, float32 (H, W), 0 to 1.
        rim: nearness of the outline, float32 (H, W), 0 to 1.
    """
    reach = _REACH * max(own.shape)
    rim = np.clip(rim, 0, 1)[:, :, None]
    def part(trust, reach, allowed, share, enough):
        seen = blur(trust, reach)[:, :, None]
        step = blur((own - new) * trust[:, :, None], reach) / (seen + np.float32(0.01))
        beyond = np.sign(step) * np.maximum(np.abs(step) - allowed, 0)
        return np.asarray(_MOST * np.tanh(beyond / _MOST) * share * np.minimum(seen / enough, 1), np.float32)
    a = part(trust * np.clip(1 - beard, 0, 1), reach, _ALLOWED, _SHARE, _ENOUGH)
    b = part(trust * skin, _RR * max(own.shape), np.float32(0), np.float32(1), _ENOUGH_RIM)
    return np.asarray(a + (b - a) * rim, np.float32)


_MEETING = tuple(float(x) for x in os.environ.get("MEET", "0.1,0.35").split(","))


def meeting_zone(share: Field, mesh: Points) -> Field:
    """Return 1 where the new face meets the target's head, falling to 0 inside of it, float32 (H, W)."""
    whole = (share > np.float32(0.9)).astype(np.uint8)
    outlines, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    depth = cv2.distanceTransform(whole, cv2.DIST_L2, 5) / max(float(np.linalg.norm(mesh[263] - mesh[33])), 1.0)
    return 1 - smoothstep(depth, *_MEETING)
