"""Source faces and the reference face: read, found, checked."""

from __future__ import annotations

from pathlib import Path

from facefusion.engine.problem import shown_beside
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.quality import check_source, sharpness
from facefusion.faces.select import order_faces, pick_face
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image
from facefusion.media.load import load_picture
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
    image, found = _find(analyser, path, options)
    position = options.faces.source_face_position
    with shown_beside(output, image, found, overwrite=options.output.overwrite):
        face = pick_face(found, position, name=str(path), option="--source-face-position")
        check_source(image, face, str(path), options.faces)
    return SourceFace(image, face, sharpness(image, face))


def load_reference(analyser: FaceAnalyser, path: Path, options: Options, output: Path) -> Vector:
    """Read the reference picture and return its face's identity vector, float32 (128,).

    Raises:
        InputError: the picture cannot be read.
        FaceError: it has no face, or several where none was chosen.
    """
    image, found = _find(analyser, path, options)
    position = options.faces.reference_face_position
    with shown_beside(output, image, found, overwrite=options.output.overwrite):
        face = pick_face(found, position, name=str(path), option="--reference-face-position")
    return analyser.recogniser.embed(image, [face.mesh])[0]


def _find(analyser: FaceAnalyser, path: Path, options: Options) -> tuple[Image, list[Face]]:
    """Read a picture and find its faces, in the order in which they are counted."""
    image = load_picture(path, options.limits).image
    return image, order_faces(analyser.find(image), options.faces.face_selector_order)
