"""How strong the mark may be at each place of a picture before it is seen."""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.trust.watermark.canonical import HEIGHT, WIDTH
from facefusion.trust.watermark.lapped import Matrix

_QUIET, _BUSY = 0.5, 0.75
"""Codes (of 255, root mean square) that an even wall may get in a small frame, and what each code of detail adds."""
_EVEN = 0.8
"""How much faster than the mark itself the allowance of even places shrinks as frames grow: as a power of strength."""
_FINE, _CELL, _REACH = 2, 8, 5
"""Canonical samples of the grids on which detail is found and summed, and cells around that must be busy too."""
_BLUR = 4.0
_NIGHT, _DUSK = 0.6, 60.0
"""Part of the allowance of even places that is left at black, and the code from which on all of it is."""


def allowance(levels: Matrix, strong: float) -> Matrix:
    """Return the allowed strength at each place, in codes, root mean square.

    Detail hides the mark, but only where there is detail all around: next to an outline, on a wall or a cheek, it would
    be seen. So each place gets what the evenest one near it allows.

    Args:
        levels: (288, 512) canonical luma.
        strong: strength of marks in frames of this size.

    Returns:
        (36, 64) float32.
    """
    small = cv2.resize(levels, (WIDTH // _FINE, HEIGHT // _FINE), interpolation=cv2.INTER_AREA)
    detail = small - cv2.GaussianBlur(small, (0, 0), _BLUR)
    cells = cv2.resize(detail * detail, (WIDTH // _CELL, HEIGHT // _CELL), interpolation=cv2.INTER_AREA)
    evenest = cv2.erode(np.sqrt(cells), np.ones((_REACH, _REACH), np.uint8))
    busy = cv2.GaussianBlur(evenest, (0, 0), 1)
    light = cv2.resize(small, (WIDTH // _CELL, HEIGHT // _CELL), interpolation=cv2.INTER_AREA)
    quiet = _QUIET * strong**_EVEN * (_NIGHT + (1 - _NIGHT) * np.clip(light / _DUSK, 0, 1))
    return np.asarray(quiet + _BUSY * strong * busy, np.float32)
