"""Keyed binary templates: which bits a key makes of an identity vector.

Source: Boufounos and Rane, "Secure binary embeddings for privacy preserving nearest neighbors", 2011. A bit is
floor((a·x + b) / w) mod 2, with a Gaussian vector a and an offset b that only the key gives. The share of bits in which
two templates differ grows with the distance of the vectors up to about w and then stays at one half: templates tell
who is near, and nothing of how far apart others are. Random projections followed by a sign (BioHashing; Teoh, Ngo and
Goh, 2004) would tell all angles, and their hyperplanes can be learnt from some known vectors; these bits turn over
again and again along a line, so that no plane parts them.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import numpy.typing as npt

BITS: Final = 4096
WIDTH: Final = 0.7
"""Length in the space of embeddings over which a bit keeps its value. Wider ones know people better, narrower ones are
harder to undo; `benchmarks/face_templates.py` measures both."""
_DOMAIN: Final = b"facefusion face template 1\0"
_WORD: Final = 4

Bits = npt.NDArray[np.uint8]


class Projection:
    """What a key makes of vectors.

    Args:
        key: 32 secret bytes.
        dimensions: of the vectors.
    """

    __slots__ = ("_offsets", "_vectors")

    def __init__(self, key: bytes, dimensions: int) -> None:
        uniform = _uniform(key, (2 * dimensions + 1) * BITS)
        first, second, offsets = np.split(uniform, [dimensions * BITS, 2 * dimensions * BITS])
        # Box and Muller's way to normal numbers: the same on every machine and in every version of numpy.
        normal = np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)
        self._vectors = normal.reshape(dimensions, BITS)
        self._offsets = offsets * 2 * WIDTH

    def bits(self, vector: npt.NDArray[np.float32]) -> Bits:
        """Return the template of an identity vector, 4,096 bits as uint8 (512,).

        Args:
            vector: float32 (D,).
        """
        places = (vector.astype(np.float64) @ self._vectors + self._offsets) / WIDTH
        return np.packbits(np.floor(places).astype(np.int64) & 1)


def differing(bits: Bits, others: Bits) -> npt.NDArray[np.float64]:
    """Return in which share of their bits templates differ from another, float64 (N,).

    Args:
        bits: one template, uint8 (512,).
        others: templates, uint8 (N, 512).
    """
    return np.asarray(np.bitwise_count(others ^ bits).sum(axis=1, dtype=np.int64) / BITS, np.float64)


def _uniform(key: bytes, count: int) -> npt.NDArray[np.float64]:
    """Return numbers between 0 and 1, neither of them included, that nobody can tell from random without the key."""
    stream = hashlib.shake_256(_DOMAIN + key).digest(count * _WORD)
    return (np.frombuffer(stream, "<u4").astype(np.float64) + 0.5) / 2**32
