"""How the light of a film changes from frame to frame, over the whole picture and in its parts."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.motion import Field, warped_plane

Floats = npt.NDArray[np.float32]
Light = npt.NDArray[np.float32]
"""Natural logarithm of brightness in parts of the picture, float32 (ROWS, COLUMNS)."""

ROWS: Final = 4
COLUMNS: Final = 6
_LINES: Final = 96
_DARKEST, _BRIGHTEST = 12, 243
"""Levels beyond which film and cameras do not follow the light any more."""
_UNLIKE: Final = 0.45
"""Logarithm by which brightness differs where no light does it: something else is there."""
_ENOUGH: Final = 0.25
"""Share of a part's pixels that have to tell, for it to count in full."""
_UNSURE: Final = 0.06
"""Spread of what the pixels of a part tell, as a logarithm, at which it counts half."""


def change_of_light(before: Image, now: Image, back: Field) -> Light:
    """Return by how much a frame is lighter than the one before, in logarithms, float32 (ROWS, COLUMNS).

    Things are compared with themselves, so that what moves changes nothing; a part of which little can be told goes
    with the whole.

    Args:
        before: RGB uint8 (H, W, 3).
        now: likewise.
        back: where each pixel of `now` lies in `before`.
    """
    old, new = _plain(before), _plain(now)
    old = warped_plane(old, back, now.shape[1] / old.shape[1])
    valid = (cv2.min(old, new) >= _DARKEST) & (cv2.max(old, new) <= _BRIGHTEST)
    ratio = cv2.log(np.maximum(new, 1)) - cv2.log(np.maximum(old, 1))
    valid &= np.abs(ratio) < _UNLIKE
    if np.count_nonzero(valid) < 0.02 * valid.size:
        return np.zeros((ROWS, COLUMNS), np.float32)
    whole = np.float32(np.median(ratio[valid]))
    parts = np.empty((ROWS, COLUMNS), np.float32)
    for row, rows in enumerate(np.array_split(np.arange(len(new)), ROWS)):
        for column, columns in enumerate(np.array_split(np.arange(new.shape[1]), COLUMNS)):
            box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
            parts[row, column] = _of_part(ratio[box][valid[box]] - whole, rows.size * columns.size)
    return np.asarray(whole + parts, np.float32)


def _of_part(ratios: Floats, size: int) -> float:
    """Return by how much a part is lighter than the whole, less where little can be told of it."""
    if ratios.size < 8:
        return 0.0
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    sure = min(1.0, ratios.size / (_ENOUGH * size)) / (1 + ((high - low) / _UNSURE) ** 2)
    return float(middle * sure)


def _plain(image: Image) -> Floats:
    """Return a frame's brightness, small, float32 (h, w)."""
    factor = min(1.0, _LINES / image.shape[0])
    size = (max(COLUMNS, round(image.shape[1] * factor)), max(ROWS, round(image.shape[0] * factor)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
