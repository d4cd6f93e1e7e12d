"""Count how often newcomers are looked for in clips, and which faces that misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from benchmarks.common import Figures, assets, command, finish, parser, table
from benchmarks.pairs import Studio
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.pace import Every
from facefusion.faces.search import FaceSearch
from facefusion.faces.track import FaceTracker
from facefusion.faces.types import Detection
from facefusion.media.frame import Frame, Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions

WAYS: tuple[Every, ...] = ("auto", 6)
_HEADS = ("clip", "frames", "faces", "every", "looks", "missing", "in a row", "more")


@dataclass(frozen=True, slots=True)
class CountedSearch(FaceSearch):
    """A search that counts how often newcomers are looked for.

    Attributes:
        looks: one entry for each time.
    """

    looks: list[int] = field(default_factory=list)

    def quick(self, image: Image) -> list[Detection]:
        """Return upright faces."""
        self.looks.append(1)
        return FaceSearch.quick(self, image)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = parser("looks", __doc__).parse_args(arguments)
    analyser = Studio().analyser
    clips = sorted([*assets("video").glob("*.m*"), *assets("talk").glob("*.mp4")])
    rows = [row for clip in clips for row in _clip(analyser, clip)]
    print(table(_HEADS, [list(row.values()) for row in rows]))
    return finish({"clips": rows}, options.json)


def _clip(analyser: FaceAnalyser, path: Path) -> list[Figures]:
    with open_reader(path, limits=LimitOptions()) as reader:
        frames = list(reader)
    wanted, _ = _followed(analyser, frames, 1)
    return [_figures(path.name, every, wanted, *_followed(analyser, frames, every)) for every in WAYS]


def _followed(analyser: FaceAnalyser, frames: Sequence[Frame], every: Every) -> tuple[list[int], int]:
    """Return how many faces each frame has, and how often newcomers were looked for."""
    search = CountedSearch(analyser.search.detectors, analyser.search.turns, analyser.search.tiles)
    tracker = FaceTracker(replace(analyser, search=search), every)
    return [len(tracker.update(frame.image, float(frame.time))) for frame in frames], len(search.looks)


def _figures(name: str, every: Every, wanted: Sequence[int], found: Sequence[int], looks: int) -> Figures:
    """Return which faces are missing, or are there beside those that are found by looking in every frame."""
    beside = np.array(found) - np.array(wanted)
    runs = [len(list(run)) for misses, run in groupby(beside < 0) if misses]
    return {
        "clip": name,
        "frames": len(wanted),
        "faces": sum(wanted),
        "every": every,
        "looks": looks,
        "missing": int(-beside[beside < 0].sum()),
        "missing_in_a_row": max(runs, default=0),
        "more": int(beside[beside > 0].sum()),
    }


if __name__ == "__main__":
    command(main)
