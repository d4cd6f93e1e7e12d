"""Covers: a mask, a scarf or a veil over nose, mouth and chin.

It is so large that the fit of the light would take it for the skin. So the colours of the lower face are first held
against those of the upper: where nose, cheeks, lips and chin are all of one colour, and skin is not, they are covered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import INNER_LIPS, OUTER_LIPS, canonical_vertices
from facefusion.processors.face_swapper.mesh.filters import Field, blur, median, smoothstep
from facefusion.processors.face_swapper.mesh.regions import Weights, skin_vertices

Flags = npt.NDArray[np.bool_]

_UPPER, _LOWER = 0.1, 0.42
"""Depth below the eyes, in eye distances: above the first a cover rarely reaches, below the second it does."""
_SIDES = 0.5
"""Distance from the middle of the face within which vertices are compared; hair hangs beyond."""
_SKIN = 0.5
"""How surely a vertex shows plain skin to be compared."""
_LESS_RED = 0.4
"""How much less red (a) a cover is than skin, as a share of that distance; else the upper face is what is covered."""
_STRANGE = 9.0
"""Distance of colour (a, b) between upper and lower face from which they are not one skin."""
_ALIKE = 0.4
"""Spread of the lower face's colour, and distance of the lips from it, as shares of that distance, at most."""
_SHARE = (0.4, 0.6)
"""Nearness to the cover's colour, not the skin's: from where a pixel belongs to it to where it is all of it."""
_EDGE = (-0.1, 0.1)
"""Depth below the eyes: from where a cover may be to where it is looked for fully."""
_SOFTNESS = 1.0
"""Smoothing of the colours before they are compared, in pixels of the grid."""


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """What covers the lower face.

    Attributes:
        colour: its a and b, float32 (2,).
        skin: those of the upper face, float32 (2,).
        clear: which vertices lie above it, 0 to 1, float32 (468,).
    """

    colour: Field
    skin: Field
    clear: Weights

    @classmethod
    def find(cls, colours: Field, visibility: Field) -> Self | None:
        """Return what covers the lower face; None when it is bare.

        Args:
            colours: Lab at each vertex, float32 (468, 3).
            visibility: how well each vertex is seen, 0 to 1, float32 (468,).
        """
        seen = visibility > _SKIN
        upper, lower, lips = (colours[part & seen, 1:] for part in _parts())
        if min(len(upper), len(lower), len(lips)) < 4:
            return None
        skin, colour = median(upper), median(lower)
        apart = float(np.linalg.norm(colour - skin))
        if apart < _STRANGE or skin[0] - colour[0] < _LESS_RED * apart:
            return None
        spread = float(np.quantile(np.linalg.norm(lower - colour, axis=1), 0.8))
        mouth = float(np.linalg.norm(median(lips) - colour))
        if max(spread, mouth) > _ALIKE * apart:
            return None
        share = _nearness(colours[:, 1:], colour, skin) * below_eyes()
        return cls(colour.astype(np.float32), skin.astype(np.float32), 1 - share)

    def share(self, lab: Field, below: Field) -> Field:
        """Return how surely each pixel shows the cover, float32 (H, W), 0 to 1.

        Args:
            lab: the face, Lab, float32 (H, W, 3).
            below: `below_eyes`, spread over the pixels, float32 (H, W).
        """
        return _nearness(blur(lab[:, :, 1:], _SOFTNESS), self.colour, self.skin) * np.clip(below, 0, 1)


@cache
def below_eyes() -> Weights:
    """Return 0 above the eyes rising to 1 below them, at each vertex, float32 (468,)."""
    return smoothstep(canonical_vertices()[:, 1], *_EDGE)


def _nearness(colours: Field, cover: npt.NDArray[np.floating], skin: npt.NDArray[np.floating]) -> Field:
    """Return where colours, float32 (…, 2), lie between that of the skin, 0, and that of the cover, 1."""
    axis = cover - skin
    along = ((colours - skin) * axis).sum(-1) / max(float(axis @ axis), 1e-6)
    return smoothstep(along, *_SHARE)


@cache
def _parts() -> tuple[Flags, Flags, Flags]:
    """Return which vertices show the skin of the upper face, that of the lower face, and the lips, bool (468,) each."""
    x, y = canonical_vertices()[:, :2].T
    skin = (skin_vertices() > _SKIN) & (np.abs(x) < _SIDES)
    lips = np.zeros(len(x), np.bool_)
    lips[[*OUTER_LIPS, *INNER_LIPS]] = True
    return np.asarray(skin & (y < _UPPER)), np.asarray(skin & (y > _LOWER)), lips
