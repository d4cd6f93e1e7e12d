"""What a rule is, and what makes one stricter than another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Rule(BaseModel, Generic[T]):
    """What is required, and why.

    Attributes:
        value: what is required.
        why: the reason, shown to people where the rule stops or changes their work.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    value: T
    why: str = Field(min_length=1, max_length=500)


class Section(BaseModel):
    """Base of the sections of a policy: frozen, and a misspelt rule is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Order:
    """How the values of a rule compare; stands in the annotation of a section's field.

    Attributes:
        strength: returns how strict a value is; of two different values that are as strict neither may replace the
            other in a job.
        floor: the weakest value that any policy may have; None where there is no limit.
    """

    strength: Callable[[Any], float]
    floor: Any = None

    def is_weaker(self, value: Any, than: Any) -> bool:
        """Return whether a value asks for less than another, or for something else that is no stricter."""
        return bool(value != than and self.strength(value) <= self.strength(than))


def ranked(*weak_to_strict: Any, floor: Any = None) -> Order:
    """Return the order of values that are named from the weakest to the strictest."""
    places = {value: place for place, value in enumerate(weak_to_strict)}
    return Order(lambda value: places[value], floor)


def chosen(*strict: Any) -> Order:
    """Return the order of values of which `any` is the weakest, all others are alike, and those of `strict` win."""
    return Order(lambda value: 0 if value == "any" else 2 if value in strict else 1, None)


def more(floor: float) -> Order:
    """Return the order of numbers of which the greater is the stricter, with the least that is allowed."""
    return Order(float, floor)


def less(floor: float | None = None) -> Order:
    """Return the order of numbers of which the smaller is the stricter; 0 stands for no limit."""
    return Order(lambda value: -float(value) if value else float("-inf"), floor)


REQUIRED = ranked(False, True)
"""A thing that may be required."""
ALWAYS = ranked(False, True, floor=True)
"""A thing that every policy requires."""
FORBIDDEN = ranked(True, False)
"""A thing that may be allowed."""
