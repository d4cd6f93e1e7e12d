"""`facefusion inspect`: which faces are in a file, listed and drawn."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.terminal import one_line
from facefusion.engine.inspect import FoundFace, Inspection, Shot, inspect
from facefusion.media.colour import HLG
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.options import load_options


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Print what was found and write the annotated picture.

    Raises:
        FaceFusionError: the file cannot be read, or the picture not written.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    output = arguments.output or Path(f"{arguments.file.stem}.faces.jpg")
    found = inspect(arguments.file, options, samples=arguments.samples, output=output)
    context.terminal.result(_as_json(found, output) if arguments.json else _as_text(found))
    context.terminal.say(f"annotated picture: {one_line(str(output))}")
    return 0


def _as_text(found: Inspection) -> str:
    blocks = [f"{found.info.path}: {_facts(found.info)}", *map(_shot_text, found.shots)]
    return "\n".join(blocks)


def _facts(info: PictureInfo | VideoInfo) -> str:
    size = f"{info.width}x{info.height}"
    if isinstance(info, PictureInfo):
        return f"{info.form}, {size}"
    tracks = (f"{track.codec} {track.sample_rate} Hz, {_sound(track.channels)}" for track in info.audio)
    facts = [f"{info.container} ({info.codec})", size, f"{float(info.frame_rate):.6g} frames/s"]
    facts += [] if info.duration is None else [f"{float(info.duration):.2f} s"]
    return ", ".join([*facts, *_particulars(info), f"sound: {'; '.join(tracks) or 'none'}"])


def _particulars(info: VideoInfo) -> Iterator[str]:
    """Yield what sets a video apart from the most usual kind."""
    if info.bit_depth > 8:
        yield f"{info.bit_depth} bits"
    if info.colour.is_hdr:
        yield "HLG" if info.colour.transfer == HLG else "PQ"
    if info.has_alpha:
        yield "alpha"
    if info.field_order != "progressive":
        yield f"interlaced, {info.field_order} field first"
    if info.rotation:
        yield f"stored turned by {info.rotation}°"
    if info.subtitles:
        yield f"subtitles: {'; '.join(' '.join((track.codec, track.language)).strip() for track in info.subtitles)}"
    if info.chapters:
        yield f"{info.chapters} chapters"
    if info.timecode:
        yield f"timecode {info.timecode}"


def _sound(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")


def _shot_text(shot: Shot) -> str:
    place = "" if shot.time is None else f"at {float(shot.time):.2f} s: "
    number = len(shot.faces)
    head = f"{place}{number or 'no'} face{'' if number == 1 else 's'}"
    return "\n".join([head, *(f"  {position}  {_face_text(face)}" for position, face in enumerate(shot.faces))])


def _face_text(found: FoundFace) -> str:
    face, pose = found.face, found.face.pose
    corner = f"{face.box[0]:.0f},{face.box[1]:.0f}"
    return (
        f"{face.width:.0f}x{face.height:.0f} px at {corner}  score {face.score:.2f}  "
        f"yaw {round(pose.yaw):+}  pitch {round(pose.pitch):+}  roll {round(pose.roll):+}  "
        f"sharpness {found.sharpness:.2f}"
    )


def _as_json(found: Inspection, output: Path) -> str:
    shots = [
        {"time": None if shot.time is None else float(shot.time), "faces": [_face_json(face) for face in shot.faces]}
        for shot in found.shots
    ]
    return json.dumps({"file": _info_json(found.info), "frames": shots, "picture": str(output)}, indent=2)


def _info_json(info: PictureInfo | VideoInfo) -> dict[str, Any]:
    common = {"path": str(info.path), "width": info.width, "height": info.height}
    if isinstance(info, PictureInfo):
        return common | {"kind": "picture", "form": info.form}
    return common | {
        "kind": "video",
        "form": info.container,
        "codec": info.codec,
        "frame_rate": float(info.frame_rate),
        "frames": info.frames,
        "duration": None if info.duration is None else float(info.duration),
        "rotation": info.rotation,
        "sound": [
            {"codec": track.codec, "sample_rate": track.sample_rate, "channels": track.channels} for track in info.audio
        ],
    }


def _face_json(found: FoundFace) -> dict[str, Any]:
    face, pose = found.face, found.face.pose
    return {
        "box": [round(float(value), 1) for value in face.box],
        "score": round(float(face.score), 4),
        "yaw": round(pose.yaw, 1),
        "pitch": round(pose.pitch, 1),
        "roll": round(pose.roll, 1),
        "sharpness": round(found.sharpness, 4),
    }
