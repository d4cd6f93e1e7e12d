"""`facefusion preview`: one frame of the target as the job would give it, written as a picture."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from facefusion.cli.asking import ask_once
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.terminal import one_line
from facefusion.engine.plan import required
from facefusion.engine.preview.preview import Preview
from facefusion.engine.preview.shown import Shown
from facefusion.faces.types import Face
from facefusion.media.output import check_output
from facefusion.options import load_options


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Write the picture; its path goes to stdout, or what was found as JSON.

    Raises:
        FaceFusionError: the frame cannot be shown, or the picture not written.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    output = required(options.output_path, "output", "picture to write")
    inputs = [path for path in (*options.source_paths, options.target_path) if path is not None]
    check_output(output, inputs=inputs, overwrite=options.output.overwrite, kind="picture")
    ask_once(options.trust, context.terminal)
    with Preview(options, notify=context.terminal.note) as preview:
        seen = preview.show(
            arguments.frame,
            time=arguments.time,
            history=arguments.history,
            max_side=arguments.max_side,
            boxes=arguments.boxes,
        )
        count = preview.count
        preview.write(output, seen, compare=arguments.compare)
    if not seen.edited:
        context.terminal.note("no face of this frame is worked on" if options.processors else "nothing is done to it")
    context.terminal.result(_as_json(seen, count, output) if arguments.json else one_line(str(output)))
    return 0


def _as_json(seen: Shown, count: int, output: Path) -> str:
    edited = {face.box.tobytes() for face in seen.edited}
    faces = [_face(face, is_edited=face.box.tobytes() in edited) for face in seen.faces]
    facts = {"frame": seen.index, "time": seen.time, "frames": count, "faces": faces, "picture": str(output)}
    return json.dumps(facts, indent=2)


def _face(face: Face, *, is_edited: bool) -> dict[str, Any]:
    return {
        "box": [round(float(value), 1) for value in face.box],
        "score": round(float(face.score), 4),
        "yaw": round(face.pose.yaw, 1),
        "edited": is_edited,
    }
