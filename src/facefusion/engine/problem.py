"""Problem pictures: when no face can be used, a picture beside the output shows why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from facefusion.errors import FaceError, OutputError
from facefusion.faces.draw import draw_faces
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.media.output import atomic_output, check_output
from facefusion.media.picture import Picture, write_picture

_QUALITY = 90


@contextmanager
def shown_beside(output: Path, image: Image, faces: Sequence[Face], *, overwrite: bool) -> Iterator[None]:
    """Write an annotated picture beside `output` when the block raises a `FaceError`, and name it in the error.

    Args:
        output: path of the output that cannot be made.
        image: the picture that the error speaks of, RGB uint8 (H, W, 3).
        faces: faces found in it.
        overwrite: whether a picture that is there already may be replaced.

    Raises:
        FaceError: the block's own.
    """
    try:
        yield
    except FaceError as error:
        # Where even this picture cannot be written, the error itself still says what is wrong.
        with suppress(OutputError):
            check_output(problem_path(output), inputs=(), overwrite=overwrite)
            error.picture = write_problem(output, image, faces, error.what)
        raise


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
