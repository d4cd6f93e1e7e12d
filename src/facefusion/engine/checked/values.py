"""What is told of a picture or a clip that somebody wants to use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facefusion.faces.types import Face

Use = Literal["source", "target"]
Verdict = Literal[
    "good",
    "no-face",
    "several-faces",
    "too-small",
    "too-far-turned",
    "blurred",
    "cut-off",
    "covered",
    "too-dark",
    "too-bright",
]
"""What is wrong, the gravest first but for `good`: nothing that is known of."""
Advice = Literal[
    "use-a-picture-with-a-face",
    "crop-to-one-face",
    "choose-a-face",
    "use-a-larger-picture",
    "use-a-view-from-the-front",
    "use-a-sharper-picture",
    "uncover-the-face",
    "show-the-whole-face",
    "use-more-light",
    "use-less-light",
]
"""What would help."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckedFace:
    """A face, and how well it serves.

    Attributes:
        face: where it is and how it is turned, in pixels of the picture.
        sharpness: 0 (blurred) to 1 (crisp).
        brightness: mean grey level of the face, 0 to 255.
        covered: share of the face that something lies in front of, 0 to 1.
        problems: all that is wrong with it, the gravest first.
        is_usable: whether a job takes it.
    """

    face: Face
    sharpness: float
    brightness: float
    covered: float
    problems: tuple[Verdict, ...]
    is_usable: bool


@dataclass(frozen=True, slots=True, eq=False)
class CheckedLook:
    """A picture, or one moment of a clip.

    Attributes:
        seconds: when it is shown, from the first frame; None of a picture.
        faces: all that were found, in the order in which they are counted.
    """

    seconds: float | None
    faces: tuple[CheckedFace, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """How well a file serves.

    Attributes:
        use: for what.
        verdict: the gravest of what is wrong.
        is_usable: whether a job takes it.
        advice: what would help, most of all first.
        width, height: of the picture or of a frame, in pixels.
        looks: the picture, or the moments of the clip that were looked at.
    """

    use: Use
    verdict: Verdict
    is_usable: bool
    advice: tuple[Advice, ...]
    width: int
    height: int
    looks: tuple[CheckedLook, ...]
