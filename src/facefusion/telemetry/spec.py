"""What a figure is: its name, what it counts, and by what it is told apart, within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]
"""`counter`: grows until its process ends; `gauge`: goes up and down; `histogram`: how often a value was how large."""
Origin = Literal["work", "queue", "machine", "service", "scrape"]
"""Where a figure is taken: as work is done, or, when somebody asks, from the database, the machine or the service."""

OTHER: Final = "other"
"""Stands for every value of a label beyond those that it may have."""


@dataclass(frozen=True, slots=True)
class Label:
    """By what the values of a figure are told apart.

    Attributes:
        name: of the label.
        values: that it may have, where they are known; all others are `OTHER`.
        most: different values that it may have where they are not known; those that come later are `OTHER`.
    """

    name: str
    values: tuple[str, ...] = ()
    most: int = 0

    def __post_init__(self) -> None:
        if bool(self.values) == bool(self.most):
            raise ValueError(f"the label {self.name} has either values or a bound")


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure.

    Attributes:
        name: begins with `facefusion_`; that of a counter ends with `_total`.
        kind: of it.
        origin: where it is taken.
        text: what it counts, and in which unit.
        labels: by what it is told apart.
        buckets: of a histogram, the upper ends.
    """

    name: str
    kind: Kind
    origin: Origin
    text: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.startswith("facefusion_") or (self.kind == "counter") != self.name.endswith("_total"):
            raise ValueError(f"{self.name} is no name of a {self.kind}")
        if bool(self.buckets) != (self.kind == "histogram"):
            raise ValueError(f"{self.name} has buckets where it is a histogram, and else none")

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels, in order."""
        return tuple(label.name for label in self.labels)

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the series that Prometheus makes of it."""
        if self.kind != "histogram":
            return (self.name,)
        return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))
