"""The report: in which frames faces were not found and covered all the same, or covered otherwise than was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from facefusion.state import State

_MOST = 12
"""Runs of frames that are named; of more only the number is told."""


@dataclass(slots=True)
class Report:
    """Counts frames.

    Attributes:
        frames: looked at.
        covered: faces that were covered, counted in every frame.
        followed: runs of frames in which a face was not found but followed, first and last.
        instead: runs of frames in which a face got no new face, but was blurred.
    """

    frames: int = 0
    covered: int = 0
    followed: list[list[int]] = field(default_factory=list)
    instead: list[list[int]] = field(default_factory=list)

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
            if is_so and runs and runs[-1][1] == index - 1:
                runs[-1][1] = index
            elif is_so:
                runs.append([index, index])

    def notes(self) -> list[str]:
        """Return what the user should know, a sentence each."""
        blurred = "a face could not be replaced and is blurred"
        followed = "a face was not found, and what was followed there is covered"
        kinds = [(blurred, self.instead), (followed, self.followed)]
        return [f"{_counted(runs)} {what}: {_named(runs)}" for what, runs in kinds if runs]

    def state(self) -> State:
        """Return all counts; see `facefusion.state`."""
        return {
            "counts": [self.frames, self.covered],
            "followed": [list(run) for run in self.followed],
            "instead": [list(run) for run in self.instead],
        }

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.frames, self.covered = state["counts"]
        self.followed = [list(run) for run in state["followed"]]
        self.instead = [list(run) for run in state["instead"]]


def _counted(runs: Sequence[Sequence[int]]) -> str:
    count = sum(last - first + 1 for first, last in runs)
    return "In 1 frame" if count == 1 else f"In {count} frames"


def _named(runs: Sequence[Sequence[int]]) -> str:
    if len(runs) > _MOST:
        return f"{', '.join(_runs(runs[:_MOST]))} and {len(runs) - _MOST} more"
    return ", ".join(_runs(runs))


def _runs(runs: Sequence[Sequence[int]]) -> Iterator[str]:
    for first, last in runs:
        yield f"{first}" if first == last else f"{first}-{last}"
