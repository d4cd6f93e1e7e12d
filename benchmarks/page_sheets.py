"""What the picture of each page of docs/processors shows: which commands of the page are run, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from benchmarks.page_material import (
    ASTRONAUT,
    CAPTAIN,
    Maker,
    bicubic,
    clip,
    evening,
    half,
    old_film,
    over_time,
    picture,
    soft,
    still,
    worn,
)


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
class Run:
    """A command of a page that is run.

    Attributes:
        text: what tells it from the page's others; the first that has it counts.
        instead: words of it, and what takes their place, where the same is shown with other files and values.
    """

    text: str
    instead: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture of a page.

    Attributes:
        page: name of the processor, and of the page.
        material: what makes each file that the commands need, or that is shown beside what they make.
        runs: the commands that are run, in this order.
        rows: what is shown.
        height: of each panel, in pixels.
        name: of the picture's file; the page's when empty.
    """

    page: str
    material: Mapping[str, Maker]
    runs: tuple[Run, ...]
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
        (Run("--source me.jpg --target clip.mp4"),),
        (
            (
                Panel("me.jpg", _HEAD),
                Panel("clip.mp4", (0.29, 0.16, 0.71, 0.74)),
                Panel("result.mp4", (0.29, 0.16, 0.71, 0.74)),
            ),
        ),
        320,
    ),
    Sheet(
        "face_enhancer",
        {"soft.jpg": picture(CAPTAIN, soft)},
        (Run("--target soft.jpg"),),
        _beside(("soft.jpg", "clear.png"), (0.28, 0.18, 0.76, 0.6)),
        430,
    ),
    Sheet(
        "frame_enhancer",
        {
            "small.png": picture(ASTRONAUT, half),
            "bicubic.png": picture(ASTRONAUT, bicubic),
            "true.png": picture(ASTRONAUT),
        },
        (Run("--target small.png"),),
        _beside(("bicubic.png", "large.png", "true.png"), (0.29, 0.05, 0.59, 0.37), has_pixels=True),
        400,
    ),
    Sheet(
        "colour_matcher",
        {"graded.jpg": picture(CAPTAIN, evening), "clip.mp4": clip(ASTRONAUT, seconds=0.5)},
        (Run("--colour-matcher-reference graded.jpg"),),
        ((Panel("clip.mp4", (0.15, 0, 0.85, 1)), Panel("graded.jpg"), Panel("matched.mp4", (0.15, 0, 0.85, 1))),),
        360,
    ),
    Sheet(
        "temporal_smoother",
        {f"{stage}.png": over_time(stage) for stage in ("before", "edited", "smoothed")},
        (),
        _beside(("before.png", "edited.png", "smoothed.png"), (0.24, 0, 0.5, 1), has_pixels=True),
        240,
    ),
    Sheet(
        "stylizer",
        {"astronaut.png": picture(ASTRONAUT)},
        tuple(
            Run("--stylizer-look cartoon", {"cartoon": look, "clip.mp4": "astronaut.png", "cartoon.mp4": f"{look}.png"})
            for look in ("cartoon", "oil", "sketch")
        ),
        _beside(("astronaut.png", "cartoon.png", "oil.png", "sketch.png"), (0, 0, 0.74, 0.82)),
        420,
    ),
    Sheet(
        "anonymizer",
        {"a.png": picture(ASTRONAUT), "b.jpg": picture(CAPTAIN)},
        tuple(
            run
            for name, methods in (("a.png", ("blur", "pixelate")), ("b.jpg", ("mask", "pixelate")))
            for run in (
                Run("--target interview.mp4", {"interview.mp4": name, "nobody.mp4": f"{name[0]}-synthetic.png"}),
                *(
                    Run(
                        "--anonymizer-method blur",
                        {"blur": method, "street.mp4": name, "street-blurred.mp4": f"{name[0]}-{method}.png"},
                    )
                    for method in methods
                ),
            )
        ),
        (
            *_beside(("a.png", "a-synthetic.png", "a-blur.png", "a-pixelate.png"), (0.25, 0.02, 0.65, 0.48)),
            *_beside(("b.jpg", "b-synthetic.png", "b-mask.png", "b-pixelate.png"), (0.1, 0.0, 0.9, 0.78)),
        ),
        300,
    ),
    Sheet(
        "makeup",
        {"grandmother.jpg": picture(CAPTAIN), "me.jpg": picture(ASTRONAUT)},
        (Run("--makeup-reference grandmother.jpg"),),
        _beside(("me.jpg", "older.png"), (0.27, 0.06, 0.59, 0.38)),
        480,
    ),
    Sheet(
        "portrait_animator",
        {"portrait.jpg": picture(CAPTAIN), "performance.mp4": clip(ASTRONAUT)},
        (Run("--output animated.mp4"),),
        (
            tuple(Panel("performance.mp4", (0.27, 0.1, 0.73, 0.72), frame) for frame in (0, 5, 9, 14)),
            tuple(Panel("animated.mp4", (0.15, 0.08, 0.85, 0.68), frame) for frame in (0, 5, 9, 14)),
        ),
        270,
    ),
    Sheet(
        "expression_restorer",
        {"clip.mp4": still(CAPTAIN), "performance.mp4": clip(ASTRONAUT)},
        (Run("--expression-restorer-model mesh"),),
        (
            tuple(Panel("performance.mp4", (0.27, 0.1, 0.73, 0.72), frame) for frame in (0, 5, 9, 14)),
            tuple(Panel("driven.mp4", (0.15, 0.08, 0.85, 0.68), frame) for frame in (0, 5, 9, 14)),
        ),
        270,
    ),
    Sheet(
        "film_restorer",
        {"film.mp4": old_film(CAPTAIN)},
        (Run("--output restored.mp4"),),
        _beside(("film.mp4", "restored.mp4"), (0.15, 0.0, 0.85, 0.9), (4,)),
        340,
        "film_marks",
    ),
    Sheet(
        "film_restorer",
        {"film.mp4": clip(CAPTAIN, rate=12, change=worn)},
        (Run("--film-restorer-noise 100"),),
        _beside(("film.mp4", "clean.mp4"), (0.27, 0.1, 0.73, 0.78), (8,)),
        400,
        "film_noise",
    ),
)
