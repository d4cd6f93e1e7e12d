"""Finding faces, as a few plain functions.

The models are loaded once for each thread or task context that calls these functions.
"""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facefusion.errors import FaceFusionError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.types import Face
from facefusion.media.picture import read_picture
from facefusion.options import FaceSelectionOptions, LimitOptions

__all__ = ["FaceFusionError", "analyse", "get_many_faces", "get_one_face"]

Picture = npt.NDArray[np.uint8] | str | Path

_ANALYSER: ContextVar[FaceAnalyser | None] = ContextVar("facefusion_analyser", default=None)


def analyse(picture: Picture) -> list[Face]:
    """Find all faces of a picture, largest first, with their identity vectors.

    Args:
        picture: RGB uint8 (H, W, 3), or the path of a picture.

    Raises:
        InputError: the file cannot be read.
        ValueError: the array is not a picture.
    """
    image = _image(picture)
    analyser = _analyser()
    return analyser.embed(image, analyser.find(image))


def get_many_faces(picture: Picture) -> list[Face]:
    """Find all faces of a picture, largest first, without identity vectors; arguments as for `analyse`."""
    return _analyser().find(_image(picture))


def get_one_face(picture: Picture, position: int = 0) -> Face | None:
    """Find one face of a picture; None when there is none.

    Args:
        picture: RGB uint8 (H, W, 3), or the path of a picture.
        position: which one, counted from the largest, from 0.

    Raises:
        InputError: the file cannot be read.
        ValueError: the array is not a picture, or the position negative.
    """
    if position < 0:
        raise ValueError(f"a position counts from 0, not {position}")
    faces = get_many_faces(picture)
    return faces[position] if position < len(faces) else None


def _analyser() -> FaceAnalyser:
    analyser = _ANALYSER.get()
    if analyser is None:
        analyser = FaceAnalyser.create(FaceSelectionOptions())
        _ANALYSER.set(analyser)
    return analyser


def _image(picture: Picture) -> npt.NDArray[np.uint8]:
    if not isinstance(picture, np.ndarray):
        return read_picture(Path(picture), LimitOptions()).image
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise ValueError(f"a picture is RGB uint8 (height, width, 3), not {picture.dtype} {picture.shape}")
    return picture
