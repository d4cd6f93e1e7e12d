"""Source faces and the reference face: read, found, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from facefusion.engine.clip_source import choose_views, cut_out, load_clip
from facefusion.engine.facefile.file import is_face_file, read_face
from facefusion.engine.problem import shown_beside
from facefusion.errors import DifferentPeopleError, OptionsError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.quality import check_source, sharpness
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.select import order_faces, pick_face
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image
from facefusion.media.load import load_picture
from facefusion.media.open import moves
from facefusion.media.sequence import is_sequence
from facefusion.options import Options
from facefusion.processors.base import Source, SourceFace

MOST_VIEWS = 12
"""Views of one person that a source is made from; of more, the best."""


def load_sources(analyser: FaceAnalyser, options: Options, output: Path) -> tuple[Source, ...]:
    """Load what is given of the source person; see `load_person`."""
    return load_person(analyser, options.source_paths, options, output)


def load_person(analyser: FaceAnalyser, paths: Sequence[Path], options: Options, output: Path) -> tuple[Source, ...]:
    """Load what is given of one person: pictures and clips, or one face file.

    Args:
        analyser: finds faces.
        paths: the files.
        options: position, limits.
        output: path of the job's output, beside which problems are shown.

    Raises:
        InputError: a file cannot be read.
        OptionsError: a face file is given beside others.
        FaceError: a file has no usable face, or several where none was chosen, or another person than the others.
    """
    kept = [path for path in paths if not is_sequence(path) and is_face_file(path)]
    if not kept:
        return load_views(analyser, paths, options, output)
    if len(paths) > 1:
        raise OptionsError(
            f"The face file {kept[0]} holds all that is known of a face, but other sources are given beside it",
            "Give it alone, or build a new one from all the pictures with `facefusion face build`",
        )
    return (read_face(kept[0]).as_source(),)


def load_views(
    analyser: FaceAnalyser, paths: Sequence[Path], options: Options, output: Path, *, recognise: bool = False
) -> tuple[SourceFace, ...]:
    """Load pictures and clips of one person.

    Args:
        analyser: finds faces.
        paths: the files.
        options: position, limits.
        output: path of the job's output, beside which problems are shown.
        recognise: whether identity vectors are wanted even of a single picture.

    Returns:
        the face in each picture, and in the best frames of each clip; with their identity vectors where there are
        several. Of a great many, the best.

    Raises:
        InputError: a file cannot be read.
        FaceError: a file has no usable face, or several where none was chosen, or another person than the others.
    """
    views: list[SourceFace] = []
    for path in paths:
        found = _load_source(analyser, path, options, output)
        if len(paths) > 1 or len(found) > 1:
            found = tuple(map(cut_out, found))
            recognise = True
        if recognise:
            found = tuple(_known(analyser, view) for view in found)
        views += found
        check_same_person(views, options.faces.source_face_max_distance)
        views = [*choose_views(views, MOST_VIEWS)]
    return tuple(views)


def load_reference(analyser: FaceAnalyser, path: Path, options: Options, output: Path) -> Vector:
    """Read the reference picture and return its face's identity vector, float32 (128,).

    Raises:
        InputError: the picture cannot be read.
        FaceError: it has no face, or several where none was chosen.
    """
    image, found = find_in(analyser, path, options)
    position = options.faces.reference_face_position
    with shown_beside(output, image, found, of=path, overwrite=options.output.overwrite):
        face = pick_face(found, position, name=str(path), option="--reference-face-position")
    return analyser.recogniser.embed(image, [face.mesh])[0]


def _load_source(analyser: FaceAnalyser, path: Path, options: Options, output: Path) -> tuple[SourceFace, ...]:
    if moves(path):
        return load_clip(analyser, path, options, output)
    image, found = find_in(analyser, path, options)
    position = options.faces.source_face_position
    with shown_beside(output, image, found, of=path, overwrite=options.output.overwrite):
        face = pick_face(found, position, name=str(path), option="--source-face-position")
        check_source(image, face, str(path), options.faces)
    return (SourceFace(image, face, sharpness(image, face), path),)


def _known(analyser: FaceAnalyser, view: SourceFace) -> SourceFace:
    """Return a view with whose face it is."""
    return replace(view, face=analyser.embed(view.image, [view.face])[0])


def check_same_person(views: Sequence[SourceFace], most: float) -> None:
    """Refuse views of different people.

    A view is of the person if it is like any other that is: a head in profile is not much like one from the front.

    Raises:
        DifferentPeopleError: one is not; the error names it.
    """
    vectors = [view.face.embedding for view in views if view.face.embedding is not None]
    if len(vectors) < 2:
        return
    apart = np.array([[identity_distance(a, b) for b in vectors] for a in vectors])
    same = {int(apart.sum(1).argmin())}
    while joining := {place for place in range(len(vectors)) if apart[place, list(same)].min() <= most} - same:
        same |= joining
    for place, view in enumerate(views):
        if place not in same:
            distance = apart[place, list(same)].min()
            raise DifferentPeopleError(
                f"{view.name} shows another person than {views[min(same)].name} "
                f"(identity distance {distance:.2f}, the most is {most:.2f})",
                "Give pictures of one person, choose the face with --source-face-position, "
                "or allow it with --source-face-max-distance",
            )


def find_in(analyser: FaceAnalyser, path: Path, options: Options) -> tuple[Image, list[Face]]:
    """Read a picture and find its faces, in the order in which they are counted."""
    image = load_picture(path, options.limits).image
    return image, order_faces(analyser.find(image), options.faces.face_selector_order)
