"""Source faces and the reference face: read, found, checked."""

from __future__ import annotations

from pathlib import Path

from facefusion.engine.problem import shown_beside
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.quality import check_source, sharpness
from facefusion.faces.select import pick_face
from facefusion.faces.types import Vector
from facefusion.media.picture import read_picture
from facefusion.options import Options
from facefusion.processors.base import SourceFace


def load_sources(analyser: FaceAnalyser, options: Options, output: Path) -> tuple[SourceFace, ...]:
    """Read the source pictures and find the face in each.

    Args:
        analyser: finds faces.
        options: paths, position, limits.
        output: path of the job's output, beside which problems are shown.

    Raises:
        InputError: a picture cannot be read.
        FaceError: a picture has no usable face, or several where none was chosen.
    """
    return tuple(_load_source(analyser, path, options, output) for path in options.source_paths)


def _load_source(analyser: FaceAnalyser, path: Path, options: Options, output: Path) -> SourceFace:
    image = read_picture(path, options.limits).image
    found = analyser.find(image)
    selection = options.faces
    with shown_beside(output, image, found):
        face = pick_face(
            found,
            selection.face_selector_order,
            selection.source_face_position,
            name=str(path),
            option="--source-face-position",
        )
        check_source(image, face, str(path), selection)
    return SourceFace(image, face, sharpness(image, face))


def load_reference(analyser: FaceAnalyser, path: Path, options: Options, output: Path) -> Vector:
    """Read the reference picture and return its face's identity vector, float32 (128,).

    Raises:
        InputError: the picture cannot be read.
        FaceError: it has no face, or several where none was chosen.
    """
    image = read_picture(path, options.limits).image
    found = analyser.find(image)
    selection = options.faces
    with shown_beside(output, image, found):
        face = pick_face(
            found,
            selection.face_selector_order,
            selection.reference_face_position,
            name=str(path),
            option="--reference-face-position",
        )
    return analyser.recogniser.embed(image, [face.mesh])[0]
