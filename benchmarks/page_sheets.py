"""What the picture of each page of docs/processors shows: which commands of the page are run, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.page_material import ASTRONAUT, CAPTAIN, Maker, bicubic, clip, evening, half, picture, soft, worn


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a file that is shown.

    Attributes:
        file: its name.
        part: left, top, right and bottom of what is shown, as shares of the sides.
        frame: of a clip: which frame, from 0.
        has_pixels: whether its pixels are shown as they are where it is enlarged.
    """

    file: str
    part: tuple[float, float, float, float] = (0, 0, 1, 1)
    frame: int = 0
    has_pixels: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture of a page.

    Attributes:
        page: name of the processor, and of the page.
        material: what makes each file that the commands need, or that is shown beside what they make.
        runs: of each command that is run a text that tells it from the page's others; the first that has it counts.
        rows: what is shown.
        height: of each panel, in pixels.
        name: of the picture's file; the page's when empty.
    """

    page: str
    material: Mapping[str, Maker]
    runs: tuple[str, ...]
    rows: tuple[tuple[Panel, ...], ...]
    height: int
    file: str = ""

    @property
    def name(self) -> str:
        """Name of the picture's file, without its suffix."""
        return self.file or self.page


def _beside(
    files: tuple[str, ...], part: tuple[float, float, float, float], frames: tuple[int, ...] = (0,), **options: bool
) -> tuple[tuple[Panel, ...], ...]:
    """Return the same part of several files side by side, for each frame a row."""
    return tuple(tuple(Panel(file, part, frame, **options) for file in files) for frame in frames)


_HEAD: Final = (0.27, 0.0, 0.67, 0.4)
"""Around the head in the astronaut's portrait."""

SHEETS: Final = (
    Sheet(
        "face_swapper",
        {"me.jpg": picture(ASTRONAUT), "clip.mp4": clip(CAPTAIN)},
        ("--source me.jpg --target clip.mp4",),
        (
            (
                Panel("me.jpg", _HEAD),
                Panel("clip.mp4", (0.3, 0.05, 0.7, 0.58)),
                Panel("result.mp4", (0.3, 0.05, 0.7, 0.58)),
            ),
        ),
        320,
    ),
    Sheet(
        "face_enhancer",
        {"soft.jpg": picture(CAPTAIN, soft)},
        ("--target soft.jpg",),
        _beside(("soft.jpg", "clear.png"), (0.22, 0.08, 0.78, 0.6)),
        430,
    ),
    Sheet(
        "frame_enhancer",
        {
            "small.png": picture(ASTRONAUT, half),
            "bicubic.png": picture(ASTRONAUT, bicubic),
            "true.png": picture(ASTRONAUT),
        },
        ("--target small.png",),
        _beside(("bicubic.png", "large.png", "true.png"), (0.29, 0.05, 0.59, 0.37), has_pixels=True),
        400,
    ),
    Sheet(
        "colour_matcher",
        {"graded.jpg": picture(CAPTAIN, evening), "clip.mp4": clip(ASTRONAUT, seconds=0.5)},
        ("--colour-matcher-reference graded.jpg",),
        ((Panel("clip.mp4", (0.15, 0, 0.85, 1)), Panel("graded.jpg"), Panel("matched.mp4", (0.15, 0, 0.85, 1))),),
        360,
    ),
    Sheet(
        "stylizer",
        {"clip.mp4": clip(ASTRONAUT, seconds=0.5)},
        ("--stylizer-look cartoon",),
        _beside(("clip.mp4", "cartoon.mp4"), (0.15, 0, 0.85, 1)),
        420,
    ),
    Sheet(
        "makeup",
        {"grandmother.jpg": picture(CAPTAIN), "me.jpg": picture(ASTRONAUT)},
        ("--makeup-reference grandmother.jpg",),
        _beside(("me.jpg", "older.png"), (0.27, 0.02, 0.59, 0.34)),
        480,
    ),
    Sheet(
        "portrait_animator",
        {"portrait.jpg": picture(CAPTAIN), "performance.mp4": clip(ASTRONAUT)},
        ("--output animated.mp4",),
        (
            tuple(Panel("performance.mp4", (0.3, 0.05, 0.7, 0.58), frame) for frame in (0, 5, 9, 14)),
            tuple(Panel("animated.mp4", (0.15, 0.08, 0.85, 0.68), frame) for frame in (0, 5, 9, 14)),
        ),
        270,
    ),
    Sheet(
        "film_restorer",
        {"film.mp4": clip(CAPTAIN, rate=12, change=worn)},
        ("--film-restorer-noise 100",),
        _beside(("film.mp4", "clean.mp4"), (0.27, 0.1, 0.73, 0.78), (8,)),
        400,
        "film_noise",
    ),
)
