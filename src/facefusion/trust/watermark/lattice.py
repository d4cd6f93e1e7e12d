"""Quantisation index modulation: a number is moved towards points of a lattice, and which points says which bit.

B. Chen and G. Wornell, "Quantization index modulation" (2001). The points of +1 lie at step / 2 + 2 · step · m, those
of −1 half-way between them. Two things differ from the plain scheme. A number near enough to a point stays, and one
that lies almost half-way between two points of its bit is let go: distortion is spent where it counts, and the move is
a continuous function of the number, so that a picture that hardly changes gets a mark that hardly changes. And the
points lie symmetrically about zero, so that a number whose sign is a coin's toss tells nothing: `evidence` rests on
that.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float32]
NEAR = 0.05
"""Distance from a point, in steps, at which a number stays where it is."""
FAR = 0.85
"""Distance, in steps, from which on the move shrinks to nothing: at 1 two points are equally far."""


def moves(numbers: Numbers, bits: Numbers, step: float) -> Numbers:
    """Return by how much numbers are to be moved so that they tell the bits.

    Args:
        numbers: of any shape.
        bits: the same shape, each −1 or +1.
        step: of the lattice, positive; no move is longer than `FAR - NEAR` of it.
    """
    away = (step / 2 * bits - numbers + step) % (2 * step) - step
    distance = np.abs(away) / step
    rising, falling = distance - NEAR, (FAR - NEAR) / (1 - FAR) * (1 - distance)
    return np.asarray(np.sign(away) * step * np.maximum(np.minimum(rising, falling), 0), np.float32)


def soft_bits(numbers: Numbers, step: float) -> Numbers:
    """Return what numbers tell, from −1 to +1; an odd function of each."""
    return np.asarray(np.sin(np.pi / step * numbers), np.float32)
