"""Flicker of an edit: what changes in the edited frame and is not explained by what changes in the frame before it.

Where the edit follows the original, grain for grain, all that the original's change explains stays. Where an edit has
taken the grain away, nothing of it comes back. How far an edit follows is a local regression of the one on the other.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_WINDOW: Final = 9
"""Side, in pixels, of the surroundings in which an edit follows the original more or less."""
_NOISE: Final = np.float32(1.0)
"""Variance, in levels, of changes that say nothing about it."""
_MEANT: Final = (22.0, 44.0)
"""Change of an edit over its surroundings, in levels: up to the first it is flicker, from the second on it is meant."""


def unexplained(edited: Floats, original: Floats) -> Floats:
    """Return how much of the change of an edited picture the original does not explain, float32 (h, w, 3).

    Args:
        edited: change of the edited picture from the frame before, along the motion, float32 (h, w, 3).
        original: likewise of the picture before any edit.
    """
    both, own = _averaged(edited * original), _averaged(original * original)
    follows = np.clip((both + _NOISE) / (own + _NOISE), 0, 1)
    return np.asarray(edited - follows * original, np.float32)


def is_flicker(change: Floats) -> Floats:
    """Return how far a change is small enough to be flicker, 0 to 1, float32 (h, w); larger ones are meant to be.

    Args:
        change: see `unexplained`.
    """
    size = cv2.blur(np.abs(change).max(2), (_WINDOW, _WINDOW))
    place = np.clip((size - np.float32(_MEANT[0])) / np.float32(_MEANT[1] - _MEANT[0]), 0, 1)
    return np.asarray(1 - place * place * (3 - 2 * place), np.float32)


def _averaged(values: Floats) -> Floats:
    return np.asarray(cv2.blur(values, (_WINDOW, _WINDOW)), np.float32)
