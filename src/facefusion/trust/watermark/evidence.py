"""How sure it is that a picture bears a mark.

The sign of each of the numbers that carry bits is a coin tossed by the key. In a picture that has nothing to do with the key,
what a number tells is therefore as likely positive as negative, whatever the picture shows and however frames resemble
each other: soft bits are the picture's own magnitudes with random signs. By Hoeffding's inequality (1963) their sum against any
fixed code word, S = Σ cᵢ zᵢ, exceeds s with a probability of at most exp(−s² / 2 Σ zᵢ²). The reader looks for the best of all code words, geometries and
steps, so that the bound is multiplied by how many there are (Bonferroni). Nothing of it is fitted to pictures.
"""

from __future__ import annotations

from math import exp, log


from facefusion.trust.watermark.lapped import Matrix
from facefusion.trust.watermark.payload import NUMBER_BITS, PAYLOAD_BITS

LIMIT = 1e-6
"""Highest probability that a picture without a mark of this key is said to have one."""


def weight(soft: Matrix, word: Matrix) -> float:
    """Return s² / 2 Σ z²: the exponent of the bound for one code word, 0 where they do not agree at all."""
    power = float((soft * soft).sum())
    return max(float((soft * word).sum()), 0.0) ** 2 / (2 * power) if power else 0.0


def chance(weighed: float, hypotheses: int, *, genuine: bool) -> float:
    """Return the highest probability that anything as heavy is found where no mark of this key is.

    Args:
        weighed: of the best code word.
        hypotheses: geometries and steps that the reader may try.
        genuine: whether the payload passes `check_payload`; there are only 2**40 that do. Either kind may take half
            of the limit.
    """
    bits = NUMBER_BITS if genuine else PAYLOAD_BITS
    return min(1.0, exp(min(0.0, log(2 * hypotheses) + bits * log(2) - weighed)))
