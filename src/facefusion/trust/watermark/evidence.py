"""How sure it is that a picture bears a mark.

The sign of each of the numbers that carry bits is a coin tossed by the key. In a picture that has nothing to do with
the key, what a number tells is therefore as likely positive as negative, whatever the picture shows and however much
frames resemble each other: soft bits are magnitudes that the picture gives, with random signs. By Chernoff's bound,
their sum against any fixed code word, S = Σ cᵢ zᵢ, reaches s with a probability of at most
exp(Σ ln cosh(λ zᵢ) − λ s), for any λ. The reader takes the best of all code words, geometries and steps, so the
bound is multiplied by how many there are (Bonferroni). Nothing of it is fitted to pictures.
"""

from __future__ import annotations

from math import exp, log

import numpy as np

from facefusion.trust.watermark.lapped import Matrix
from facefusion.trust.watermark.payload import NUMBER_BITS, PAYLOAD_BITS

LIMIT = 1e-6
"""Highest probability that a picture without a mark of this key is said to have one."""


_LAMBDAS = np.linspace(1.0, 1.5, 11)
"""Tried for λ, in parts of s / Σ z², which would be best for a normal distribution."""


def weight(soft: Matrix, word: Matrix) -> float:
    """Return the exponent of the bound for one code word: λ s − Σ ln cosh(λ z), 0 where they do not agree at all.

    Args:
        soft: soft bits, summed over frames and weighted by anything but their signs.
        word: as many of −1 and +1.
    """
    sizes = np.abs(soft).astype(np.float64).ravel()
    agreed, power = float((soft * word).sum(dtype=np.float64)), float((sizes * sizes).sum())
    if power == 0 or agreed <= 0:
        return 0.0
    scaled = _LAMBDAS[:, None] * (agreed / power) * sizes
    return float((_LAMBDAS * agreed**2 / power - (np.logaddexp(scaled, -scaled) - np.log(2)).sum(1)).max())


def chance(weighed: float, tried: int, *, genuine: bool) -> float:
    """Return the highest probability that anything as heavy is found where no mark of this key is.

    The limit is shared out in four parts: pictures that are whole or must be searched for, payloads that are genuine or
    not.

    Args:
        weighed: of the best code word.
        tried: how many geometries and steps may be tried, of pictures that are whole or of those that are not.
        genuine: whether the payload passes `check_payload`; there are only 2**40 that do.
    """
    bits = NUMBER_BITS if genuine else PAYLOAD_BITS
    return exp(min(0.0, log(4 * tried) + bits * log(2) - weighed))
