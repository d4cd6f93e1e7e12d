"""A clip with two people who change places."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from material import Array, write_clip


def faces_in_turn(path: Path, first: Array, second: Array) -> Path:
    """Write 24 frames: for 8 the first person alone on the left, then the second on the left, larger, and the first on
    the right.
    """
    grey = np.full((192, 384, 3), 110, np.uint8)
    one = cv2.resize(first[30:222, 120:312], (160, 160))
    other = cv2.resize(second[60:380, 90:410], (192, 192))
    alone, together = grey.copy(), grey.copy()
    alone[16:176, 16:176] = one
    together[:, :192] = other
    together[16:176, 208:368] = one
    return write_clip(path, [alone] * 8 + [together] * 16, codec="ffv1")
