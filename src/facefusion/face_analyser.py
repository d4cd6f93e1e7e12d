"""Finding faces, as a few plain functions.

Options (limits, detector score, execution providers) are those of `set_options`, the environment and the TOML file.
Models are loaded once and kept.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.types import Face
from facefusion.inference.opening import open_sessions
from facefusion.media.load import load_picture
from facefusion.options import Options, current_options, load_options

__all__ = ["analyse", "get_many_faces", "get_one_face"]

Picture = npt.NDArray[np.uint8] | str | Path


def analyse(picture: Picture) -> list[Face]:
    """Find all faces of a picture, largest first, with their identity vectors.

    Args:
        picture: RGB uint8 (H, W, 3), or the path of a picture.

    Raises:
        InputError: the file cannot be read.
        ValueError: the array is not a picture.
    """
    options = load_options(current_options())
    image = _image(picture, options)
    analyser = _analyser(options)
    return analyser.embed(image, analyser.find(image))


def get_many_faces(picture: Picture) -> list[Face]:
    """Find all faces of a picture, largest first, without identity vectors; arguments as for `analyse`."""
    options = load_options(current_options())
    return _analyser(options).find(_image(picture, options))


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


def _analyser(options: Options) -> FaceAnalyser:
    return _load(Options(faces=options.faces, runtime=options.runtime, models=options.models))


@lru_cache(maxsize=2)
def _load(options: Options) -> FaceAnalyser:
    return FaceAnalyser.create(options.faces, open_sessions(options))


def _image(picture: Picture, options: Options) -> npt.NDArray[np.uint8]:
    if not isinstance(picture, np.ndarray):
        return load_picture(Path(picture), options.limits).image
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise ValueError(f"a picture is RGB uint8 (height, width, 3), not {picture.dtype} {picture.shape}")
    return picture
