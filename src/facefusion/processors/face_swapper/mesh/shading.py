"""Shading: how the source's own face is modelled by light, which makes a face that person's as much as its lines do.

What the fit of the light takes off a face is not the light's alone: how deep the eyes lie and how far nose, cheeks and
chin stand out shows in it, too, and for the target likewise. So, inside the face, the target's gives way to the
source's: where both halves of a face agree, for a light from one side is no part of a person; not along the edge,
where the target's own skin goes on; and no more than faces differ, so that the scene's light stays what it is.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from facefusion.faces.mesh import OVAL, mirror_vertices
from facefusion.processors.face_swapper.mesh.filters import smoothstep
from facefusion.processors.face_swapper.mesh.light import LightField
from facefusion.processors.face_swapper.mesh.regions import Weights, canonical_distances

_INSIDE = (0.2, 0.45)
"""Distance from the outline, in eye distances: from the target's shading to the source's."""
_ONE_SIDED = np.float32(0.25)
"""Share of what differs between the halves of a face that counts as its own."""
_MOST = np.float32(18)
"""Greatest change of lightness, 0 to 255."""
_HELD, _PALER = 0.6, (35.0, 90.0)
"""How much of it is held back on paler skin, and how much lighter that is: hollows of dark skin look dirty there."""


def own_shading(source: LightField, target: LightField, kept: Weights) -> Weights:
    """Return what is added to the lightness of the target's smooth light at each vertex, float32 (468,).

    Args:
        source: light that was taken off the source's texture.
        target: light of the target.
        kept: share of the target's smooth remainder that its light has there, float32 (468,), 0 to 1.
    """
    own = source.directional[:, 0] + source.remainder[:, 0] - np.float32(source.mean[0])
    other = target.directional[:, 0] + kept * target.remainder[:, 0] - np.float32(target.mean[0])
    change = own - other
    mirrored = change[mirror_vertices()]
    change = (change + mirrored) / 2 + _ONE_SIDED * (change - mirrored) / 2
    paler = float(smoothstep(np.float32(target.mean[0] - source.mean[0]), *_PALER))
    return np.asarray(_inside() * (1 - _HELD * paler) * _MOST * np.tanh(change / _MOST), np.float32)


@cache
def _inside() -> Weights:
    return smoothstep(canonical_distances()[:, list(OVAL)].min(1), *_INSIDE)
