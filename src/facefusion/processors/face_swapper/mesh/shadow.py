"""Broad differences between the new face and the one it replaces, and how much of them is taken off.

Within the face, dark sockets and the like: what the fit of the light leaves of them is the source's light or the tone
of its skin. Where they differ from those of the target by more than faces do, most of the difference is taken off.
Along the edge, where new skin meets the target's own, all of the difference is, in colour as in lightness, and what is
finer stays as it is. Hair, background, brows, eyes and lips have no say in it and keep their own colour.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import cv2
import numpy as np

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, blur, enlarge, shrink, smoothstep, within

_ALLOWED = np.array([16, 20, 20], np.float32)
"""Difference from the target, in Lab units, that is the source's own within the face."""
_MOST = np.array([40, 16, 16], np.float32)
"""Greatest difference that is taken off, in Lab units."""
_COARSER = 3
"""By how much coarser than the grid the differences are looked at."""
_WHOLE = np.float32(0.9)
"""Share from which on the new face counts as whole, where the zone along the edge begins."""
_ALONG_EDGE = (0.12, 0.22)
"""Depth within the whole face, in eye distances: from all of the target's broad colour to the new face's own."""


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a difference is taken off.

    Attributes:
        reach: smoothing that leaves what is broad alone, as a share of the longer side of the grid.
        allowed: part of the difference that stays: 1 is `_ALLOWED`.
        share: share of the rest that goes.
        enough: share of the surroundings that must be seen for that.
    """

    reach: float
    allowed: float
    share: float
    enough: float


_WITHIN = _Manner(reach=0.045, allowed=1.0, share=0.3, enough=0.67)
_WITHIN_PALER = _Manner(reach=0.045, allowed=0.5, share=0.9, enough=0.67)
"""The same on much paler skin, which would look dirty with shadows that are hardly seen on dark skin."""
_PALER = (35.0, 90.0)
"""How much lighter the target's skin is, in Lab units: from no paler to much paler."""
_AT_EDGE = _Manner(reach=0.042, allowed=0.0, share=1.0, enough=0.15)


def broad_step(difference: Field, within: Field, at_edge: Field, edge: Field, paler: float) -> Field:
    """Return what is to be added to the new face, broadly, Lab, float32 (H, W, 3).

    Args:
        difference: the target less the new face, Lab, float32 (H, W, 3).
        within: how far a pixel of the target has a say within the face, float32 (H, W), 0 to 1.
        at_edge: the same along the edge.
        edge: nearness of the edge, float32 (H, W), 0 to 1.
        paler: how much lighter the target's skin is than the source's, Lab, 0 to 255; negative where it is darker.
    """
    size = (edge.shape[0], edge.shape[1])
    # What is broad needs no more than a coarse grid.
    coarse = (max(size[0] // _COARSER, 1), max(size[1] // _COARSER, 1))
    difference, within, at_edge = (shrink(field, coarse) for field in (difference, within, at_edge))
    manner = _between(_WITHIN, _WITHIN_PALER, float(smoothstep(np.float32(paler), *_PALER)))
    inner, outer = _step(difference, within, manner), _step(difference, at_edge, _AT_EDGE)
    return np.asarray(cv2.blendLinear(enlarge(outer, size), enlarge(inner, size), edge, 1 - edge), np.float32)


def edge_zone(share: Field, mesh: Points) -> Field:
    """Return 1 along the edge of the new face and outside of it, falling to 0 inside, float32 (H, W).

    Args:
        share: the new face's share as edges and visibility leave it, float32 (H, W).
        mesh: the face in its pixels, float32 (468, 3).
    """
    whole = (share > _WHOLE).astype(np.uint8)
    outlines, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    # Eyes, mouth and the sides of the nose are no edge.
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    eyes = max(float(np.linalg.norm(mesh[263] - mesh[33])), 1.0)
    depth = np.asarray(cv2.distanceTransform(whole, cv2.DIST_L2, 5) / eyes, np.float32)
    return 1 - smoothstep(depth, *_ALONG_EDGE)


def _between(one: _Manner, other: _Manner, share: float) -> _Manner:
    pairs = zip(astuple(one), astuple(other), strict=True)
    return _Manner(*(a + share * (b - a) for a, b in pairs))


def _step(difference: Field, trust: Field, manner: _Manner) -> Field:
    reach = manner.reach * max(difference.shape)
    seen = blur(trust, reach)
    amount = np.minimum(seen / np.float32(manner.enough), 1) * np.float32(manner.share)
    steps = []
    for plane, allowed, most in zip(cv2.split(difference), _ALLOWED * np.float32(manner.allowed), _MOST, strict=True):
        step = blur(np.asarray(plane * trust, np.float32), reach) / (seen + np.float32(0.01))
        beyond = step - within(step, -float(allowed), float(allowed))
        steps.append(most * np.tanh(beyond / most) * amount)
    return np.asarray(cv2.merge(steps), np.float32)
