"""`facefusion face`: build, list and show face files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from facefusion.cli.asking import ask_once
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.terminal import one_line
from facefusion.engine.facefile.build import build_face
from facefusion.engine.facefile.file import SUFFIX, FaceFile, read_face
from facefusion.engine.facefile.sheet import head_lines, view_lines, view_shares, write_sheet
from facefusion.errors import FaceFusionError, InputMissingError
from facefusion.options import load_options


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: a file cannot be read or written, or shows no face to build from.
    """
    return {"build": _build, "list": _list, "show": _show}[arguments.verb](arguments, context)


def _build(arguments: argparse.Namespace, context: Context) -> int:
    values = option_values(arguments)
    if arguments.files:
        values["source_paths"] = [*values.get("source_paths", ()), *arguments.files]
    options = load_options(values, config_path=arguments.config)
    ask_once(options.trust, context.terminal)
    face = build_face(options, name=arguments.name, notify=context.terminal.note)
    context.terminal.say("\n".join(_lines(face)))
    path = str(options.output_path)
    context.terminal.result(json.dumps({"path": path, **facts(face)}, indent=2) if arguments.json else path)
    return 0


def _list(arguments: argparse.Namespace, context: Context) -> int:
    """Print one line for each face file; the exit status is that of the first that cannot be used."""
    status, entries, lines = 0, [], []
    for path in _face_files(arguments.files or [Path()]):
        entry: dict[str, Any] = {"path": str(path)}
        try:
            face = read_face(path)
            entry |= facts(face)
            lines.append(f"{one_line(str(path))}: {one_line(head_lines(face)[0])}")
        except FaceFusionError as error:
            status = status or error.exit_code
            entry["error"] = str(error)
            lines.append(f"{one_line(str(path))}: cannot be used: {one_line(str(error))}")
        entries.append(entry)
    if arguments.json:
        context.terminal.result(json.dumps({"faces": entries}, indent=2))
    elif lines:
        context.terminal.result("\n".join(lines))
    else:
        context.terminal.say("There are no face files here")
    return status


def _show(arguments: argparse.Namespace, context: Context) -> int:
    face = read_face(arguments.file)
    if arguments.output is not None:
        options = load_options(option_values(arguments), config_path=arguments.config)
        write_sheet(face, arguments.output, inputs=[arguments.file], options=options.output)
    found = {"path": str(arguments.file), **facts(face)}
    context.terminal.result(json.dumps(found, indent=2) if arguments.json else "\n".join(_lines(face)))
    if arguments.output is not None:
        context.terminal.say(f"sheet: {one_line(str(arguments.output))}")
    return 0


def facts(face: FaceFile) -> dict[str, Any]:
    """Return what is known of a face, without its texture and identity, as JSON values."""
    shares = view_shares(face)
    views = [view.model_dump() | {"share": round(share, 4)} for view, share in zip(face.views, shares, strict=False)]
    return {
        **face.model_dump(include={"name", "built", "software", "sources"}),
        "views": views,
        "mirrored_share": round(shares[-1], 4),
        "texture": list(face.texture_size),
    }


def _lines(face: FaceFile) -> list[str]:
    views = [f"  {what:24}{figures}" for what, figures in view_lines(face)]
    return [*map(one_line, head_lines(face)), *views, f"  {'other half of the face':24}{view_shares(face)[-1]:.0%}"]


def _face_files(places: Sequence[Path]) -> Iterator[Path]:
    """Yield the files that are named, and the face files of folders.

    Raises:
        InputMissingError: there is nothing of such a name, or a folder may not be read.
    """
    for place in places:
        if not place.is_dir():
            yield place
            continue
        try:
            yield from sorted(path for path in place.iterdir() if path.suffix.lower() == SUFFIX and path.is_file())
        except OSError as error:
            raise InputMissingError(f"The folder {place} cannot be read ({error.strerror})") from error
