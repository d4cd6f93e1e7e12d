"""What is wrong with files and with faces in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facefusion.errors.base import FaceFusionError


class InputError(FaceFusionError):
    """An input cannot be used."""


class InputMissingError(InputError):
    """The file is not there or may not be read."""

    exit_code = 10


class InputTypeError(InputError):
    """The file is not a picture or video of a kind that is read."""

    exit_code = 11


class InputDamagedError(InputError):
    """The file is empty, truncated or cannot be decoded."""

    exit_code = 12


class InputLimitError(InputError):
    """The file exceeds a limit that the options set."""

    exit_code = 13


class IsolationError(InputError):
    """Isolation was asked for, and this system has no means for it."""

    exit_code = 14


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in an input it is that something is wrong.

    Attributes:
        path: the input.
        seconds: of the frame, from the first; None of a picture.
        width, height: of the picture or the frame, in pixels.
        boxes: left, top, right, bottom of each face in it, in pixels, in the order in which faces are counted.
    """

    path: Path
    seconds: float | None
    width: int
    height: int
    boxes: Sequence[tuple[float, float, float, float]] = ()


class FaceError(FaceFusionError):
    """The faces in a picture are not what was asked for.

    Attributes:
        picture: annotated picture that shows the problem, where one was written beside the output.
        spot: where the problem is; None where that is nowhere in particular.
        input: by what a request calls the file that the spot is in; None where nobody has said.
    """

    def __init__(self, what: str, hint: str = "", *, picture: Path | None = None) -> None:
        super().__init__(what, hint)
        self.picture = picture
        self.spot: Spot | None = None
        self.input: str | None = None

    def __str__(self) -> str:
        """Add where the annotated picture lies."""
        return super().__str__() + (f" See {self.picture}" if self.picture else "")


class NoFaceError(FaceError):
    """No face was found."""

    exit_code = 20


class SeveralFacesError(FaceError):
    """Several faces were found where one was wanted."""

    exit_code = 21


class FaceTooSmallError(FaceError):
    """The face has too few pixels."""

    exit_code = 22


class FaceBlurredError(FaceError):
    """The face is too blurred."""

    exit_code = 23


class FaceTurnedError(FaceError):
    """The face is turned too far from the camera."""

    exit_code = 24


class ReferenceNotFoundError(FaceError):
    """The person of the reference picture is not in the target."""

    exit_code = 25


class DifferentPeopleError(FaceError):
    """Pictures that are to show one person show different people."""

    exit_code = 26


class OutputError(FaceFusionError):
    """The output cannot be written."""


class OutputTypeError(OutputError):
    """The output's name asks for a form that is not written."""

    exit_code = 30


class OutputUnwritableError(OutputError):
    """The output folder is missing or may not be written."""

    exit_code = 31


class OutputIsInputError(OutputError):
    """The output would replace one of the inputs."""

    exit_code = 32


class OutputExistsError(OutputError):
    """The output is there already and may not be replaced."""

    exit_code = 33


class DiskFullError(OutputError):
    """No space is left for the output."""

    exit_code = 34
