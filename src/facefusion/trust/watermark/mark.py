"""The mark goes into frames."""

from __future__ import annotations

import cv2
import numpy as np

from facefusion.trust.watermark.canonical import HEIGHT, WIDTH, Luma, canonical, strength
from facefusion.trust.watermark.code import LENGTH, encoded
from facefusion.trust.watermark.lapped import HOP, Matrix
from facefusion.trust.watermark.lattice import moves
from facefusion.trust.watermark.layout import CHIPS, PER_TILE, TILES, Layout

STEP = 55.0
"""Step of the lattice at full strength, in orthonormal coefficients of the canonical luma."""
PILOT = 0.4
GROW = 0.3
QUIET, BUSY, USUAL = 0.6, 0.8, 1.6
_FINE = 16
"""Parts of a code that the mark is drawn in."""


class Watermark:
    """Marks frames with 64 bits."""

    def __init__(self, key: bytes, payload: int) -> None:
        self._layout = Layout.of(key)
        self._bits = np.zeros(CHIPS, np.float32)
        word = encoded(payload)
        self._bits[self._layout.order] = word[np.arange(CHIPS) % LENGTH]
        self._bits = self._bits.reshape(TILES, PER_TILE)

    def drawn(self, luma: Luma, bits: int = 8) -> Matrix:
        strong = strength(luma.shape)
        levels = canonical(luma, bits)
        room = QUIET * strong**GROW + BUSY * strong * allowance(levels)
        chips = self._layout.chips(levels)
        moved = moves(chips, self._bits, STEP * strong)
        usual = USUAL * STEP / 50 * strong
        pilot = PILOT * usual * HOP / np.sqrt(self._layout.pilot.shape[1]) * np.ones(TILES)
        full = self._layout.drawn(moved, pilot.astype(np.float32))
        usual = USUAL * STEP / 50 * strong
        shade = cv2.resize(room / usual, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        return full * np.minimum(shade, 1)

    def mark_luma(self, luma: Luma, bits: int = 8) -> None:
        drawn = self.drawn(luma, bits)
        height, width = luma.shape
        if height > width:
            drawn = np.ascontiguousarray(drawn.T)
        fine = np.clip(np.rint(drawn * _FINE) + 128, 0, 255).astype(np.uint8)
        big = cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR)
        cv2.addWeighted(luma, 1, big, 1 / _FINE, -128 / _FINE, dst=luma)


def allowance(levels: Matrix) -> Matrix:
    """Return how strong, in codes, the mark may be at each place of a canonical luma at full strength."""
    half = cv2.resize(levels, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    detail = half - cv2.GaussianBlur(half, (0, 0), 4)
    busy = cv2.resize(detail * detail, (WIDTH // 8, HEIGHT // 8), interpolation=cv2.INTER_AREA)
    busy = cv2.GaussianBlur(cv2.erode(np.sqrt(busy), np.ones((3, 3), np.uint8)), (0, 0), 1)
    return busy
