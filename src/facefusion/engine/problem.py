"""Problem pictures: when no face can be used, a picture beside the output shows why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from facefusion.errors import FaceError, OutputError, Spot
from facefusion.faces.draw import draw_faces
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.media.output import atomic_output, check_output
from facefusion.media.picture import Picture, write_picture

_QUALITY = 90


@contextmanager
def shown_beside(
    output: Path, image: Image, faces: Sequence[Face], *, of: Path, seconds: float | None = None, overwrite: bool
) -> Iterator[None]:
    """Write an annotated picture beside `output` when the block raises a `FaceError`, and name it in the error.

    Args:
        output: path of the output that cannot be made.
        image: the picture that the error speaks of, RGB uint8 (H, W, 3).
        faces: faces found in it.
        of: the input that it is, or is a frame of.
        seconds: of the frame; None of a picture.
        overwrite: whether a picture that is there already may be replaced.

    Raises:
        FaceError: the block's own; it says where the problem is.
    """
    try:
        yield
    except FaceError as error:
        error.spot = spot_of(of, seconds, image, faces)
        # Where even this picture cannot be written, the error itself still says what is wrong.
        with suppress(OutputError):
            check_output(problem_path(output), inputs=(), overwrite=overwrite)
            error.picture = write_problem(output, image, faces, error.what)
        raise


def spot_of(path: Path, seconds: float | None, image: Image, faces: Sequence[Face]) -> Spot:
    """Return where a problem is, given the picture and the faces found in it."""
    boxes = tuple(_box(face) for face in faces)
    return Spot(path, seconds, image.shape[1], image.shape[0], boxes)


def _box(face: Face) -> tuple[float, float, float, float]:
    left, top, right, bottom = (round(float(each), 1) for each in face.box)
    return left, top, right, bottom


def problem_path(output: Path) -> Path:
    """Return where the picture of a problem goes: beside the output."""
    return output.with_name(f"{output.stem}.problem.jpg")


def write_problem(output: Path, image: Image, faces: Sequence[Face], note: str) -> Path:
    """Write the annotated picture and return its path.

    Raises:
        OutputError: it cannot be written.
    """
    path = problem_path(output)
    with atomic_output(path) as part:
        write_picture(part, Picture(draw_faces(image, faces, note)), quality=_QUALITY)
    return path
