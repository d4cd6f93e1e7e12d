"""The report: in which frames faces were not found and covered all the same, or covered otherwise than was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from facefusion.state import State

_MOST = 12
"""Runs of frames that are named; of more only the number is told."""


@dataclass(slots=True)
class Runs:
    """Frames of which something is true; of a long clip not more is kept than is told.

    Attributes:
        frames: how many.
        count: how many runs they make.
        last: index of the last of them; -2 where there is none.
        named: the first runs, first and last frame of each.
    """

    frames: int = 0
    count: int = 0
    last: int = -2
    named: list[list[int]] = field(default_factory=list)

    def add(self, index: int) -> None:
        """Take in a frame; frames come in order."""
        self.frames += 1
        if index != self.last + 1 or not self.count:
            self.count += 1
            if self.count <= _MOST:
                self.named.append([index, index])
        elif self.count <= _MOST:
            self.named[-1][1] = index
        self.last = index

    def told(self) -> str:
        """Return which frames they are, as far as they are named."""
        named = ", ".join(_runs(self.named))
        return named if self.count <= _MOST else f"{named} and {self.count - _MOST} more"

    def state(self) -> State:
        """Return all of it; see `facefusion.state`."""
        return {"counts": [self.frames, self.count, self.last], "named": [list(run) for run in self.named]}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return what was saved."""
        frames, count, last = state["counts"]
        return cls(frames, count, last, [list(run) for run in state["named"]])


@dataclass(slots=True)
class Report:
    """Counts frames.

    Attributes:
        frames: looked at.
        covered: faces that were covered, counted in every frame.
        followed: frames in which a face was not found but followed.
        instead: frames in which a face got no new face, but was blurred.
    """

    frames: int = 0
    covered: int = 0
    followed: Runs = field(default_factory=Runs)
    instead: Runs = field(default_factory=Runs)

    def see(self, index: int, *, covered: int, followed: bool, instead: bool) -> None:
        """Count a frame.

        Args:
            index: its number.
            covered: how many faces were covered.
            followed: whether one of them was not found there.
            instead: whether one of them was blurred where it was to get a new face.
        """
        self.frames += 1
        self.covered += covered
        for is_so, runs in ((followed, self.followed), (instead, self.instead)):
            if is_so:
                runs.add(index)

    def notes(self) -> list[str]:
        """Return what the user should know, a sentence each."""
        told = []
        if self.instead.frames:
            named, count = self.instead.told(), self.instead.frames
            told.append(f"A face could not be replaced and is blurred in {count} of the frames: {named}")
        if self.followed.frames:
            named, count = self.followed.told(), self.followed.frames
            told.append(f"A face was not found and is covered where it was followed in {count} of the frames: {named}")
        return told

    def state(self) -> State:
        """Return all counts; see `facefusion.state`."""
        counts = [self.frames, self.covered]
        return {"counts": counts, "followed": self.followed.state(), "instead": self.instead.state()}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.frames, self.covered = state["counts"]
        self.followed, self.instead = Runs.of_state(state["followed"]), Runs.of_state(state["instead"])


def _runs(runs: Sequence[Sequence[int]]) -> Iterator[str]:
    for first, last in runs:
        yield f"{first}" if first == last else f"{first}-{last}"
