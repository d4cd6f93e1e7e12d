"""Templates of faces by tenant, purpose and epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Vector
from facefusion.trust.templates.projection import BITS, Projection, differing

THRESHOLD: Final = 0.467
"""Templates that differ in at most this share of their bits are of one person; see `benchmarks/face_templates.py`."""
TEMPLATE_BYTES: Final = BITS // 8
_MONTHS: Final = 3


@dataclass(frozen=True, slots=True)
class Template:
    """What is kept of a face to know it again.

    Attributes:
        epoch: whose key made it; templates of two epochs have nothing in common.
        bits: 512 bytes.
    """

    epoch: str
    bits: bytes

    def __repr__(self) -> str:
        return f"Template({self.epoch}, …)"


class TemplateMaker:
    """Makes templates with the keys of one purpose.

    Args:
        derived: returns the 32 bytes for a purpose, as `KeyRing.derived` does.
        scope: for what and for whom, such as `consent/default`; templates of two scopes have nothing in common.
    """

    __slots__ = ("_derived", "_held", "_scope")

    def __init__(self, derived: Callable[[str], bytes], scope: str) -> None:
        self._derived = derived
        self._scope = scope
        self._held: dict[tuple[str, int], Projection] = {}

    def made(self, embedding: Vector, epoch: str) -> Template:
        """Return the template of a face.

        Args:
            embedding: identity vector of the bundled recogniser, as `Face.embedding` holds it, float32 (128,).
            epoch: of `epoch_at`.

        Raises:
            ValueError: the vector has no length, or holds something else than numbers.
        """
        vector = np.asarray(embedding, np.float32)
        if vector.ndim != 1 or not np.isfinite(vector).all() or not vector.any():
            raise ValueError("an identity vector is finite and not zero")
        return Template(epoch, self._projection(epoch, vector.size).bits(vector).tobytes())

    def _projection(self, epoch: str, dimensions: int) -> Projection:
        place = (epoch, dimensions)
        if place not in self._held:
            key = self._derived(f"templates/{self._scope}/{epoch}")
            self._held = {place: Projection(key, dimensions)}  # that of the epoch before is needed no more
        return self._held[place]


def epoch_at(moment: datetime) -> str:
    """Return the epoch of a moment, such as `2026-4`: a quarter of a year."""
    return f"{moment.year}-{(moment.month - 1) // _MONTHS + 1}"


def difference(one: Template, other: Template) -> float:
    """Return in which share of their bits two templates differ, 0 to 1: about 0.5 for two people.

    Raises:
        ValueError: they are of different epochs.
    """
    return float(differences(one, [other])[0])


def differences(one: Template, others: Sequence[Template]) -> npt.NDArray[np.float64]:
    """Return in which share of their bits each of some templates differs from one, float64 (N,).

    Raises:
        ValueError: they are of different epochs.
    """
    if any(other.epoch != one.epoch for other in others):
        raise ValueError("templates of different epochs do not compare")
    rows = np.frombuffer(b"".join(other.bits for other in others), np.uint8).reshape(-1, TEMPLATE_BYTES)
    return differing(np.frombuffer(one.bits, np.uint8), rows)


def match(one: Template, other: Template) -> bool:
    """Return whether two templates are of one person, as far as the recogniser can tell.

    Raises:
        ValueError: they are of different epochs.
    """
    return difference(one, other) <= THRESHOLD
