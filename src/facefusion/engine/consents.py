"""Consents and lists of faces, as commands and jobs use them: opened by the options, with faces from pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facefusion.engine.sources import check_same_person, find_in
from facefusion.errors import OptionsError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.quality import check_source, sharpness
from facefusion.faces.select import pick_face
from facefusion.faces.types import Vector
from facefusion.inference.opening import open_sessions
from facefusion.options import Options
from facefusion.processors.base import SourceFace
from facefusion.trust.blocklist import FaceLists
from facefusion.trust.consent import ConsentStore
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing

DATABASE = "trust.db"


def open_consents(options: Options) -> ConsentStore:
    """Return the consents of the options' place and tenant.

    Raises:
        TrustError: the place, its key or its records cannot be used.
    """
    home = trust_home(options.trust.trust_dir, options.trust.trust_key_file)
    place = options.trust.trust_database or home / DATABASE
    return ConsentStore(open_database(place), KeyRing.open(home).derived, options.trust.tenant)


def open_lists(options: Options) -> FaceLists:
    """Return the lists of faces of the options' place and tenant.

    Raises:
        TrustError: the place, its key or its records cannot be used.
    """
    home = trust_home(options.trust.trust_dir, options.trust.trust_key_file)
    place = options.trust.trust_database or home / DATABASE
    return FaceLists(open_database(place), KeyRing.open(home).derived, options.trust.tenant)


def faces_of_person(paths: Sequence[Path], options: Options) -> list[Vector]:
    """Return the identity vector of the face in each picture, float32 (128,).

    Args:
        paths: pictures of one person.
        options: detector, position of the face, limits of quality and size.

    Raises:
        OptionsError: there are no pictures.
        InputError: a picture cannot be read.
        FaceError: a picture has no usable face, or several where none was chosen, or shows another person than the
            others.
    """
    if not paths:
        raise OptionsError("There is no picture of the face", "Name one or more pictures of one person")
    sessions = open_sessions(options)
    try:
        analyser = FaceAnalyser.create(options.faces, sessions)
        views = [_view(analyser, path, options) for path in paths]
    finally:
        sessions.unload()
    check_same_person(views, options.faces.source_face_max_distance)
    return [view.face.embedding for view in views if view.face.embedding is not None]


def _view(analyser: FaceAnalyser, path: Path, options: Options) -> SourceFace:
    image, found = find_in(analyser, path, options)
    face = pick_face(found, options.faces.source_face_position, name=str(path), option="--source-face-position")
    check_source(image, face, str(path), options.faces)
    [known] = analyser.embed(image, [face])
    return SourceFace(image, known, sharpness(image, face), path)
