"""Building a face file from pictures and clips of one person."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from facefusion.engine.doors.opening import opened
from facefusion.engine.facefile.file import (
    MOST_OF_NAME,
    SUFFIX,
    FaceFile,
    KeptView,
    SourceFile,
    is_face_file,
    write_face,
)
from facefusion.engine.notes import NoteListener, Notes
from facefusion.engine.sources import load_views
from facefusion.engine.versions import version
from facefusion.errors import OptionsError, OutputTypeError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.quality import merit
from facefusion.inference.opening import open_sessions
from facefusion.media.digest import content_digest
from facefusion.media.open import moves
from facefusion.media.output import check_place
from facefusion.media.sequence import is_sequence
from facefusion.options import Options
from facefusion.processors.base import Role, SourceFace
from facefusion.processors.face_swapper.processor import keep


def build_face(options: Options, *, name: str | None = None, notify: NoteListener | None = None) -> FaceFile:
    """Build a face file; it appears whole or not at all.

    Args:
        options: `source_paths`, what it is built from; `output_path`, the file to write; detector, selection, limits.
        name: the face's name; that of the file when None.
        notify: told what the user should know, one sentence each.

    Raises:
        OptionsError: there is nothing to build from, or nowhere to write, or the name is empty or too long.
        InputError: a file cannot be read.
        FaceError: a file has no usable face, or several where none was chosen, or another person than the others.
        OutputError: the face file cannot be written.
        TrustError: the policy refuses a picture; nothing is written then.
    """
    paths, output = options.source_paths, _checked_output(options)
    shown = _name(output, name)
    with opened(options, Notes(notify)) as door, ExitStack() as resources:
        options = door.options
        sessions = open_sessions(options)
        resources.callback(sessions.unload)
        analyser = FaceAnalyser.create(options.faces, sessions)
        views = load_views(analyser, paths, options, output, recognise=True)
        door.admit_sources(sessions, analyser, Role(views, options))
    face = FaceFile(
        name=shown,
        built=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        software=version(),
        sources=[SourceFile(kind="clip" if moves(path) else "picture", digest=_digest(path)) for path in paths],
        views=[_kept(view, paths) for view in views],
        embeddings=np.stack([view.face.embedding for view in views if view.face.embedding is not None]),
        models=keep(views),
    )
    write_face(output, face)
    return face


def _checked_output(options: Options) -> Path:
    """Return where the file goes; whatever can be refused before any work is refused here."""
    if not options.source_paths:
        raise OptionsError("There is nothing to build a face from", "Name pictures or clips of one person")
    output = options.output_path
    if output is None:
        raise OptionsError("No output is given", f"Name the file to write with --output, such as anna{SUFFIX}")
    if output.suffix.lower() != SUFFIX:
        raise OutputTypeError(f"The output {output} is no name for a face file", f"Let it end in {SUFFIX}")
    check_place(output, inputs=options.source_paths, overwrite=options.output.overwrite)
    for path in options.source_paths:
        if not is_sequence(path) and is_face_file(path):
            raise OptionsError(f"{path} is a face file already", "Build from the pictures that it was built from")
    return output


def _name(output: Path, name: str | None) -> str:
    """Return the face's name as the file can hold it: names of files need not be text, and may be long."""
    if name is not None and not name.strip():
        raise OptionsError("The name is empty", "Choose one, or leave --name away for that of the file")
    text = os.fsencode(output.stem if name is None else name).decode(errors="replace")
    if name is not None and len(text) > MOST_OF_NAME:
        raise OptionsError(f"The name has {len(text)} characters", f"Choose one of at most {MOST_OF_NAME}")
    return text[:MOST_OF_NAME]


def _kept(view: SourceFace, paths: Sequence[Path]) -> KeptView:
    face = view.face
    return KeptView(
        source=0 if view.path is None else paths.index(view.path),
        time=view.time,
        yaw=face.pose.yaw,
        pitch=face.pose.pitch,
        width=face.width,
        sharpness=view.sharpness,
        merit=merit(face, view.sharpness),
    )


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of those of a sequence's pictures."""
    content = content_digest(path)
    return content if isinstance(content, str) else hashlib.sha256(json.dumps(content).encode()).hexdigest()
