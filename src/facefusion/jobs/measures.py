"""How long tasks took, as quantiles: what estimates rest upon."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, literal_column, select

from facefusion.jobs.schema import ATTEMPTS, JOBS, TASKS
from facefusion.jobs.states import TaskKind

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
"""Quantiles of a range: in one of ten cases it was less than the first, and in one of ten more than the last."""
FEWEST: Final = 3
"""Attempts without which nothing is said."""
_MOST: Final = 200
_DONE: Final = ATTEMPTS.c.outcome == literal_column("'done'")


@dataclass(frozen=True, slots=True)
class Range:
    """What something is likely to be, and between what it was in eight of ten cases.

    Attributes:
        low, likely, high: seconds.
    """

    low: float
    likely: float
    high: float

    def __add__(self, other: Range) -> Range:
        """Return the sum; its ends are farther apart than need be, as not all goes badly at once."""
        return Range(self.low + other.low, self.likely + other.likely, self.high + other.high)


@dataclass(frozen=True, slots=True)
class Measure:
    """One attempt that came to its end.

    Attributes:
        seconds: that it took.
        frames: that it made; None where that is not known.
        height: lines of a frame; None where that is not known.
        device: on which it was done; empty where that is not known.
    """

    seconds: float
    frames: int | None
    height: int | None
    device: str


def measures(connection: Connection, kind: TaskKind, work: str, *, job: int | None = None) -> list[Measure]:
    """Return the last attempts with the same processors that came to their end.

    Args:
        connection: in a transaction.
        kind: of their tasks.
        work: their processors, as `ATTEMPTS.work` has them.
        job: the number of the one job to look at; any when None.
    """
    wanted = (
        select(ATTEMPTS.c.seconds, ATTEMPTS.c.facts, TASKS.c.frames, JOBS.c.frames.label("all_frames"))
        .join(TASKS, TASKS.c.id == ATTEMPTS.c.task)
        .join(JOBS, JOBS.c.number == TASKS.c.job)
        .where(_DONE, ATTEMPTS.c.kind == kind, ATTEMPTS.c.work == work)
        .order_by(ATTEMPTS.c.ended.desc())
        .limit(_MOST)
    )
    rows = connection.execute(wanted if job is None else wanted.where(TASKS.c.job == job))
    return [_measure(row.seconds, row.facts or {}, row.frames or row.all_frames) for row in rows]


def last_seconds(connection: Connection) -> dict[str, list[float]]:
    """Return how long each of the last tasks of all tenants took, by kind."""
    wanted = select(ATTEMPTS.c.kind, ATTEMPTS.c.seconds).where(_DONE).order_by(ATTEMPTS.c.ended.desc()).limit(_MOST)
    found: dict[str, list[float]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.kind, []).append(row.seconds)
    return found


def alike(found: Sequence[Measure], *, height: int | None, devices: frozenset[str]) -> list[Measure]:
    """Return those of the same size and on devices that are there, as far as enough of them are known."""
    same: list[Measure] = list(found)
    tests: tuple[Callable[[Measure], bool], ...] = (
        lambda one: height is None or _lines(one.height) == _lines(height),
        lambda one: not devices or one.device in devices,
    )
    for test in tests:
        fewer = [one for one in same if test(one)]
        same = fewer if len(fewer) >= FEWEST else same
    return same


def quantiles(values: Sequence[float]) -> Range | None:
    """Return the range of values; None where they are too few."""
    if len(values) < FEWEST:
        return None
    ordered = sorted(values)
    low, middle, high = (_quantile(ordered, share) for share in (LOW, MIDDLE, HIGH))
    # Of few values neither the middle nor the ends are known well.
    wider = 1 + 6 / len(ordered)
    return Range(max(0.0, middle - wider * (middle - low)), middle, middle + wider * (high - middle))


def sum_of(values: Sequence[float], count: float) -> Range | None:
    """Return the range of the sum of so many values like those that are known; None where these are too few."""
    if len(values) < FEWEST:
        return None
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    # That of the sum, and of the mean itself, which is known only as well as the values are many.
    spread = 1.2816 * deviation * math.sqrt(count + count * count / len(values))
    return Range(max(0.0, count * mean - spread), count * mean, count * mean + spread)


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _measure(seconds: float, facts: Any, frames: int | None) -> Measure:
    told, height, device = facts.get("frames"), facts.get("height"), facts.get("device")
    return Measure(
        seconds,
        told if isinstance(told, int) and told > 0 else frames or None,
        height if isinstance(height, int) and height > 0 else None,
        device if isinstance(device, str) else "",
    )


def _lines(height: int | None) -> int | None:
    """Return the class of a frame's size: 480, 720, 1080 lines and so on."""
    if height is None:
        return None
    return next((lines for lines in (360, 480, 720, 1080, 1440, 2160, 4320) if height <= lines), height)
