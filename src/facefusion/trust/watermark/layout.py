"""Where the mark lies: which coefficients carry it, how a key mixes them, and what a key's pilot looks like."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.trust.watermark.canonical import HEIGHT, WIDTH
from facefusion.trust.watermark.lapped import Matrix, blocks, lapped_basis

_FREQUENCIES = 7
ROWS, COLUMNS = blocks(HEIGHT), blocks(WIDTH)
TILES = ROWS * COLUMNS


def _ring(least: float, most: float) -> npt.NDArray[np.intp]:
    """Return the pairs of frequencies (down, across) between two radii, the flattest ones left out."""
    down, across = np.mgrid[:_FREQUENCIES, :_FREQUENCIES]
    radius = np.hypot(down + 0.5, across + 0.5)
    return np.argwhere((radius > least) & (radius <= most) & (np.maximum(down, across) > 0))


_CHIP_RING, _PILOT_RING = _ring(1.5, 3.6), _ring(4.5, 6.5)
PER_TILE = len(_CHIP_RING)
CHIPS = TILES * PER_TILE
"""Numbers that carry bits."""
PILOTS = len(_PILOT_RING)
"""Coefficients of the pilot in each tile."""


@dataclass(frozen=True)
class Layout:
    """What a key makes of the coefficients.

    Attributes:
        mixing: (TILES, PER_TILE, PER_TILE): rows are orthonormal, each with a sign of its own by a keyed coin.
        order: (CHIPS,): which chip carries which place of the code word.
        pilot: (TILES, pilot frequencies), each −1 or +1.
    """

    mixing: Matrix
    order: npt.NDArray[np.intp]
    pilot: Matrix

    @classmethod
    def of(cls, key: bytes) -> Self:
        """Return the layout of a key; the same on every machine."""
        mixing = _Stream(key, "mixing").normal(TILES * PER_TILE * PER_TILE).reshape(TILES, PER_TILE, PER_TILE)
        turned = np.linalg.qr(mixing)[0] * _Stream(key, "signs").signs(CHIPS).reshape(TILES, PER_TILE, 1)
        order = np.argsort(_Stream(key, "order").numbers(CHIPS), kind="stable")
        pilot = _Stream(key, "pilot").signs(TILES * PILOTS).reshape(TILES, -1)
        return cls(turned.astype(np.float32), order, pilot.astype(np.float32))

    @cached_property
    def across(self) -> Matrix:
        """Basis of lines, (COLUMNS × frequencies, 512)."""
        return lapped_basis(WIDTH, _FREQUENCIES)

    @cached_property
    def down(self) -> Matrix:
        """Basis of columns, (ROWS × frequencies, 288)."""
        return lapped_basis(HEIGHT, _FREQUENCIES)

    def chips(self, levels: Matrix) -> Matrix:
        """Return the numbers that carry bits, (TILES, PER_TILE), of a canonical luma."""
        found = self._analysed(levels)[:, _CHIP_RING[:, 0], _CHIP_RING[:, 1]]
        return np.asarray(np.einsum("tij,tj->ti", self.mixing, found), np.float32)

    def drawn(self, chips: Matrix, pilot: Matrix) -> Matrix:
        """Return the canonical picture that has these numbers.

        Args:
            chips: (TILES, PER_TILE).
            pilot: strength of the pilot in each tile, (TILES,).
        """
        coefficients = np.zeros((TILES, _FREQUENCIES, _FREQUENCIES), np.float32)
        coefficients[:, _CHIP_RING[:, 0], _CHIP_RING[:, 1]] = np.einsum("tij,ti->tj", self.mixing, chips)
        coefficients[:, _PILOT_RING[:, 0], _PILOT_RING[:, 1]] = self.pilot * pilot[:, None]
        grid = coefficients.reshape(ROWS, COLUMNS, _FREQUENCIES, _FREQUENCIES).transpose(0, 2, 1, 3)
        return np.asarray(self.down.T @ (grid.reshape(len(self.down), -1) @ self.across), np.float32)

    def _analysed(self, levels: Matrix) -> Matrix:
        """Return coefficients (TILES, down, across)."""
        plane = self.down @ (levels - levels.mean()) @ self.across.T
        grid = plane.reshape(ROWS, _FREQUENCIES, COLUMNS, _FREQUENCIES).transpose(0, 2, 1, 3)
        return np.asarray(grid.reshape(TILES, _FREQUENCIES, _FREQUENCIES), np.float32)


class _Stream:
    """Random numbers by SHAKE-256 of a key and a purpose."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._seed = hmac.digest(key, f"watermark 1 {purpose}".encode(), "sha256")

    def numbers(self, count: int) -> npt.NDArray[np.uint64]:
        return np.frombuffer(hashlib.shake_256(self._seed).digest(8 * count), "<u8")

    def signs(self, count: int) -> npt.NDArray[np.float64]:
        return np.where(self.numbers(count) >> np.uint64(63), 1.0, -1.0)

    def normal(self, count: int) -> npt.NDArray[np.float64]:
        """Return sums of twelve numbers from 0 to 1, less 6: near enough to normal for directions."""
        return np.asarray((self.numbers(12 * count) / 2.0**64).reshape(count, 12).sum(1) - 6)
