"""Brows: as dark as the reference's, and of their colour, in the form that a face's own have.

Brows of two people do not lie alike, so that hair of one laid on the other looks smeared. What is told of the
reference is how much darker than skin its brows are, and of which colour; hair of the face's own gets darker or
lighter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from facefusion.processors.face_swapper.mesh.filters import Field, blur
from facefusion.processors.makeup.zones import zones

_SKIN = np.float32(4)
"""How much darker than the smooth skin, in units of lightness, skin itself may be."""
_THINNER, _DENSER = 0.5, 1.75
"""How much of its darkness a brow keeps at the least, and by how much it grows at the most: hair is not made up."""
_FAINT = 4.0
"""Darkness of brows of which little can be told: of a small face they are seen fainter than they are."""
_DARKEST, _LIGHTEST = np.float32(-40), np.float32(30)
"""The most that a brow changes, in units of lightness."""
_TINT = np.float32(0.5)
"""Share of the difference between two colours of hair that is taken: through thin hair skin is seen."""
_THICK, _LEAST_THICK = 85, 4.0
"""Percentile of the darkness within brows that counts as hair alone, and the least that does."""
_FINE, _COARSE = 1.2, 7.0
"""Smoothing of the hair, and of brows when they are compared, in pixels of a sheet."""


class _Brows(NamedTuple):
    """What is told of brows.

    Attributes:
        hair: how much darker than skin they are, float32 (SIZE, SIZE).
        darkness: the mean of that.
        colour: their mean difference from the skin, a and b, float32 (2,).
    """

    hair: Field
    darkness: float
    colour: npt.NDArray[np.float32]


def brow_layer(reference: Field, shown: Field, own: Field) -> Field:
    """Return how a face's brows change to be like a reference's, Lab differences, float32 (SIZE, SIZE, 3).

    Args:
        reference: the reference's sheet, at the lightness of the face's skin, float32 (SIZE, SIZE, 3).
        shown: how well it shows each place, 0 to 1, float32 (SIZE, SIZE).
        own: the face's sheet, likewise.
    """
    theirs, ours = _told(reference, shown), _told(own, np.ones_like(shown))
    layer = np.zeros_like(own)
    if not (zones()["brows"] * shown).sum() or not ours.darkness:
        return layer
    gain = float(np.clip((theirs.darkness + _FAINT) / (ours.darkness + _FAINT), _THINNER, _DENSER))
    thick = max(float(np.percentile(ours.hair[zones()["brows"] > 0.5], _THICK)), _LEAST_THICK)
    hair = blur(ours.hair, _FINE)
    layer[:, :, 0] = np.clip(hair * np.float32(1 - gain), _DARKEST, _LIGHTEST)
    if theirs.darkness:
        layer[:, :, 1:] = _TINT * (theirs.colour - ours.colour) * np.clip(hair / np.float32(thick), 0, 1)[:, :, None]
    return layer


def _told(sheet: Field, shown: Field) -> _Brows:
    zone = zones()["brows"]
    # One face is seen finer than another: how dark brows are is told of both as if they were seen as coarsely.
    even = blur(sheet, _COARSE)
    seen = np.maximum(-even[:, :, 0], 0) * zone * shown
    total = max(float(seen.sum()), 1e-3)
    colour = (even[:, :, 1:] * seen[:, :, None]).sum((0, 1)) / np.float32(total)
    darkness = float(seen.sum()) / max(float((zone * shown).sum()), 1e-3)
    hair = np.maximum(-sheet[:, :, 0] - _SKIN, 0) * zone
    return _Brows(np.asarray(hair, np.float32), darkness, np.asarray(colour, np.float32))
