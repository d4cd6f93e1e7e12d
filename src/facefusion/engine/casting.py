"""Casting: which people of the target are named, and the role of each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from facefusion.engine.inputs import worn_references
from facefusion.engine.warm.sources import SourceReader
from facefusion.errors import OptionsError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.types import Vector
from facefusion.inference.kept import Kept
from facefusion.options import MapEntry, Options
from facefusion.processors.base import Role


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody of the target who is named.

    Attributes:
        name: who, in words.
        role: the number of their role.
        vector: identity, float32 (128,); None where a position is given.
        distance: identity distance below which a face is theirs.
        position: which face of a picture, in the order in which they are counted.
    """

    name: str
    role: int
    vector: Vector | None
    distance: float
    position: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Casting:
    """Who plays what.

    Attributes:
        people: those who are named.
        others: role of everybody else; None when they are left as they are.
    """

    people: tuple[Person, ...] = ()
    others: int | None = 0


def cast(
    analyser: FaceAnalyser, options: Options, output: Path, kept: Kept | None = None
) -> tuple[Casting, tuple[Role, ...]]:
    """Read the pictures of sources and of people, and say who plays what.

    Args:
        analyser: finds faces.
        options: all options.
        output: path of the job's output, beside which problems are shown.
        kept: has what earlier jobs read; nothing when None.

    Raises:
        InputError: a picture cannot be read.
        FaceError: a picture has no usable face, or several where none was chosen.
    """
    reader = SourceReader(analyser, output, kept or Kept())
    roles = [_role(reader, options)] if options.source_paths or not options.face_map else []
    if not options.face_map:
        people = (_person(reader, options, role=0),) if options.faces.reference_face_path else ()
        return Casting(people, None if people else 0), tuple(roles)
    named = []
    for entry in options.face_map:
        own = options.for_person(entry)
        named.append(_person(reader, own, role=len(roles), position=entry.position))
        roles.append(_role(reader, own))
    return Casting(tuple(named), 0 if options.source_paths else None), tuple(roles)


def options_of_roles(options: Options) -> list[Options]:
    """Return all options as they hold for each role, in the order of their numbers."""
    everybody = [options] if options.source_paths or not options.face_map else []
    return everybody + [options.for_person(entry) for entry in options.face_map]


def map_inputs(options: Options) -> Iterator[Path]:
    """Yield the files that the map names."""
    for entry in options.face_map:
        yield from entry.sources
        if entry.reference is not None:
            yield entry.reference


def check_map(options: Options, *, of_picture: bool) -> None:
    """Refuse maps that say different things of one person, or nothing of a video.

    Raises:
        OptionsError: this is one.
    """
    people = [_meant(options, entry) for entry in options.face_map]
    for entry, person in zip(options.face_map, people, strict=True):
        if entry.position is not None and not of_picture:
            raise OptionsError(
                f"Option map: position {entry.position} means a face of a picture, but the target is a video",
                "Name a picture of the person instead",
            )
        if people.count(person) > 1:
            raise OptionsError(
                f"Option map: {entry.person} gets two faces", "Several pictures of one face go into one entry: a,b=them"
            )


def _meant(options: Options, entry: MapEntry) -> object:
    position = options.for_person(entry).faces.reference_face_position
    return entry.position if entry.reference is None else (os.path.realpath(entry.reference), position)


def _role(reader: SourceReader, options: Options) -> Role:
    worn = {path: reader.worn(path, options) for path in worn_references(options)}
    return Role(reader.sources(options), options, worn)


def _person(reader: SourceReader, options: Options, *, role: int, position: int | None = None) -> Person:
    path, distance = options.faces.reference_face_path, options.faces.reference_face_distance
    which = options.faces.reference_face_position
    if position is not None or path is None:
        return Person(f"the face at position {position}", role, None, distance, position)
    name = f"the person of {path}" if which is None else f"the person at position {which} of {path}"
    return Person(name, role, reader.reference(path, options), distance)
