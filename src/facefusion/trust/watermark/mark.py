"""The mark goes into frames."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.trust.watermark.canonical import HEIGHT, WIDTH, Luma, canonical, strength
from facefusion.trust.watermark.code import LENGTH, encoded
from facefusion.trust.watermark.lapped import HOP, Matrix
from facefusion.trust.watermark.lattice import moves
from facefusion.trust.watermark.layout import CHIPS, PER_TILE, PILOTS, TILES, Layout
from facefusion.trust.watermark.payload import PAYLOAD_BITS
from facefusion.trust.watermark.shade import allowance

STEP = 55.0
"""Step of the lattice at full strength, in orthonormal coefficients of the canonical luma."""
_USUAL = 1.76
"""Strength of a mark that nothing holds back, at full strength: codes, root mean square."""
_PILOT = 0.42
"""Strength of the pilot against all of the mark."""
_PARTS = 16
"""Parts of a code in which the mark is drawn before it is added."""
_BLACK, _WHITE = 16, 235
"""Codes of limited range, at eight bits."""


class Watermark:
    """Marks frames with 64 bits, each on its own: nothing is remembered, and several threads may mark at once.

    The numbers that carry the bits are coefficients of low frequency, mixed by the key, of the canonical luma; each is
    moved to a keyed lattice (see `lattice`) as far as the picture hides it (see `shade`). A pilot, which depends on
    the key alone, tells the reader how the picture was cropped or turned.
    """

    def __init__(self, key: bytes, payload: int) -> None:
        """Prepare the mark.

        Args:
            key: secret of 32 bytes; who has it can read the mark, and forge it.
            payload: 64 bits, see `new_payload`.

        Raises:
            ValueError: one of them has another length.
        """
        if len(key) != 32 or not 0 <= payload < 1 << PAYLOAD_BITS:
            raise ValueError("a mark has a key of 32 bytes and a payload of 64 bits")
        self._layout = Layout.of(key)
        self._bits = np.empty(CHIPS, np.float32)
        self._bits[self._layout.order] = np.resize(encoded(payload), CHIPS)
        self._bits = self._bits.reshape(TILES, PER_TILE)
        self._pilot = np.full(TILES, _PILOT * _USUAL * HOP / np.sqrt(PILOTS), np.float32)

    def mark_luma(self, luma: Luma, bits: int = 8) -> None:
        """Mark a plane of luma in place.

        Codes that lie within limited range, 16 to 235 at eight bits, stay within it.

        Args:
            luma: (H, W) uint8, or uint16 for more than eight bits; rows may lie apart.
            bits: of its codes, 8 to 16.
        """
        drawn = self._drawn(luma, bits)
        lowest, highest, _, _ = cv2.minMaxLoc(luma)
        black, white = _BLACK << (bits - 8), _WHITE << (bits - 8)
        if lowest >= black and highest <= white:
            _add(luma, drawn, bits)
            cv2.min(cv2.max(luma, black, dst=luma), white, dst=luma)
            return
        before = luma.copy()
        _add(luma, drawn, bits)
        cv2.max(luma, cv2.min(before, black), dst=luma)
        cv2.min(luma, cv2.max(before, white), dst=luma)

    def mark_rgb(self, image: Luma) -> Luma:
        """Return a marked copy of a picture: its lightness changes, its hues do not.

        Args:
            image: (H, W, 3) RGB, uint8 or uint16, all codes in use.
        """
        marked, bits = image.copy(), 8 * image.itemsize
        drawn = self._drawn(np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), image.dtype), bits)
        _add(marked, drawn, bits)
        return marked

    def _drawn(self, luma: Luma, bits: int) -> Matrix:
        """Return what is to be added, in codes of eight bits, at canonical size but as the frame stands."""
        strong, levels = strength(luma.shape), canonical(luma, bits)
        moved = moves(self._layout.chips(levels), self._bits, STEP * strong)
        shade = np.minimum(allowance(levels, strong) / np.float32(_USUAL * strong), 1)
        drawn = self._layout.drawn(moved, self._pilot * np.float32(strong))
        drawn *= cv2.resize(shade, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
        return drawn if luma.shape[1] >= luma.shape[0] else np.ascontiguousarray(drawn.T)


def _add(image: Luma, drawn: Matrix, bits: int) -> None:
    """Add in place, to all channels alike; what has no room at black or white is left out."""
    size = (image.shape[1], image.shape[0])
    if image.dtype != np.uint8:
        whole = cv2.resize(drawn * np.float32(1 << (bits - 8)), size, interpolation=cv2.INTER_LINEAR)
        cv2.add(image, _all_channels(whole, image), dst=image, dtype=cv2.CV_16U)
        cv2.min(image, (1 << bits) - 1, dst=image)
        return
    parts = np.clip(np.rint(drawn * _PARTS) + 128, 0, 255).astype(np.uint8)
    whole = cv2.resize(parts, size, interpolation=cv2.INTER_LINEAR)
    cv2.addWeighted(image, 1, _all_channels(whole, image), 1 / _PARTS, -128 / _PARTS, dst=image)


def _all_channels(plane: npt.NDArray[np.generic], image: Luma) -> npt.NDArray[np.generic]:
    return plane if image.ndim == 2 else cv2.cvtColor(plane, cv2.COLOR_GRAY2RGB)
