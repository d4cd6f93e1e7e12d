"""Judging: from the files of a finished job to figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from facefusion.engine.facefile.file import is_face_file, read_face
from facefusion.engine.judged.faces import likenesses
from facefusion.engine.judged.measures import Measures
from facefusion.engine.judged.pairs import pairs
from facefusion.engine.sources import load_views
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.types import Vector
from facefusion.inference.session import SessionFactory
from facefusion.media.sequence import is_sequence
from facefusion.options import Options

PAIRS = 8
"""Frames of a clip that are looked at."""


def judge(
    options: Options,
    result: Path,
    sessions: SessionFactory,
    *,
    count: int = PAIRS,
    check: Callable[[], None] = lambda: None,
) -> Measures:
    """Measure what a job made.

    Args:
        options: of the job.
        result: what it made of its target, in a folder of its own: beside it a source that is of no use is shown.
        sessions: opens models.
        count: frames of a clip to look at, at least 1.
        check: called before each frame; raises where the work is to stop.

    Raises:
        InputError: a file cannot be read.
        FaceError: a source is of no use.
        ModelError: a model is not there.
    """
    analyser = FaceAnalyser.create(options.faces, sessions)
    people = [vector for each in _people(options) for vector in _identities(analyser, each, result, check)]
    assert options.target_path is not None
    seen = []
    for pair in pairs(options.target_path, result, options, count):
        check()
        seen.append(likenesses(analyser, pair, people))
    return Measures.of(seen)


def _people(options: Options) -> list[Options]:
    """Return the options of each person whose face is put somewhere."""
    if "face_swapper" not in options.processors:
        return []
    everybody = [options] if options.source_paths else []
    return everybody + [options.for_person(entry) for entry in options.face_map]


def _identities(analyser: FaceAnalyser, options: Options, result: Path, check: Callable[[], None]) -> Sequence[Vector]:
    """Return identity vectors of one person, by each view of them."""
    check()
    paths = options.source_paths
    if len(paths) == 1 and not is_sequence(paths[0]) and is_face_file(paths[0]):
        return list(read_face(paths[0]).embeddings)
    views = load_views(analyser, paths, options, result, recognise=True)
    return [view.face.embedding for view in views if view.face.embedding is not None]
