"""The mark goes into frames."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.trust.watermark.canonical import HEIGHT, WIDTH, Luma, canonical, lies, strength
from facefusion.trust.watermark.code import encoded
from facefusion.trust.watermark.lapped import HOP, Matrix
from facefusion.trust.watermark.lattice import moves
from facefusion.trust.watermark.layout import CHIPS, PER_TILE, PILOTS, TILES, Layout
from facefusion.trust.watermark.payload import PAYLOAD_BITS
from facefusion.trust.watermark.shade import allowance

STEP = 45.0
"""Step of the lattice at full strength, in orthonormal coefficients of the canonical luma."""
_USUAL = 1.72
"""Strength of a mark that nothing holds back, at full strength: codes, root mean square."""
_PILOT = 0.3
"""Strength of the pilot against that of a mark that nothing holds back, in frames of any size."""
_MOST = 1.74
"""Strength that no frame gets more of, on the whole: a peak signal-to-noise ratio of 43.3 dB."""
_PARTS, _ZERO = 8, 128
"""Parts of a code in which the mark is drawn before it is added, and where nothing lies."""
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
        places = np.argsort(self._layout.order)
        self._bits: Matrix = np.resize(encoded(payload), CHIPS)[places].reshape(TILES, PER_TILE)
        self._pilot = np.full(TILES, _PILOT * _USUAL * HOP / np.sqrt(PILOTS), np.float32)

    def mark_luma(self, luma: Luma, bits: int = 8) -> None:
        """Mark a plane of luma in place.

        Codes that lie within limited range, 16 to 235 at eight bits, stay within it.

        Args:
            luma: (H, W) uint8, or uint16 for more than eight bits; rows may lie apart.
            bits: of its codes, 8 to 16.
        """
        drawn = self._drawn(luma, bits)
        black: Any = _BLACK << (bits - 8)
        white: Any = _WHITE << (bits - 8)
        lowest, highest, _, _ = cv2.minMaxLoc(luma)
        floor = black if lowest >= black else cv2.min(luma, black)
        ceiling = white if highest <= white else cv2.max(luma, white)
        _add(luma, drawn, bits)
        cv2.max(luma, floor, dst=luma)
        cv2.min(luma, ceiling, dst=luma)

    def mark_rgb(self, image: Luma) -> Luma:
        """Return a marked copy of a picture: its lightness changes, its hues do not.

        Args:
            image: (H, W, 3) RGB, uint8 or uint16, all codes in use.
        """
        marked, bits = image.copy(), 8 * image.itemsize
        drawn = self._drawn(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), bits)
        _add(marked, drawn, bits)
        return marked

    def _drawn(self, luma: Luma, bits: int) -> Matrix:
        """Return what is to be added, in codes of eight bits, at canonical size but as the frame stands."""
        strong, levels = strength(luma.shape), canonical(luma, bits)
        moved = moves(self._layout.chips(levels), self._bits, STEP * strong)
        shade = np.minimum(allowance(levels, strong) / np.float32(_USUAL * strong), 1)
        drawn = self._layout.drawn(moved, self._pilot)
        cv2.multiply(drawn, cv2.resize(shade, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), dst=drawn)
        drawn *= np.float32(min(1.0, _MOST * np.sqrt(drawn.size) / (cv2.norm(drawn) + 1e-9)))
        return np.ascontiguousarray(drawn.T) if lies(luma.shape) else drawn


def _add(image: Luma, drawn: Matrix, bits: int) -> None:
    """Add in place, to all channels alike; what has no room at black or white is left out."""
    if image.dtype == np.uint8:
        parts = cv2.convertScaleAbs(drawn + np.float32(_ZERO / _PARTS), alpha=_PARTS)
        nothing = -(_ZERO - 0.25) / _PARTS  # a quarter of a part, so that no sum lies between two codes
        cv2.addWeighted(image, 1, _grown(parts, image), 1 / _PARTS, nothing, dst=image)
        return
    cv2.add(image, _grown(drawn * np.float32(1 << (bits - 8)), image), dst=image, dtype=cv2.CV_16U)
    if bits < 16:
        most: Any = (1 << bits) - 1
        cv2.min(image, most, dst=image)


def _grown(drawn: npt.NDArray[Any], image: Luma) -> npt.NDArray[Any]:
    """Return what is to be added at the size of the image, for each of its channels."""
    grown = cv2.resize(drawn, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return grown if image.ndim == 2 else cv2.cvtColor(grown, cv2.COLOR_GRAY2RGB)
