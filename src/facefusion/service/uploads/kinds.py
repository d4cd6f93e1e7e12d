"""What an uploaded file is, found from its bytes, never from its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from facefusion.engine.facefile.file import is_face_file
from facefusion.errors import FaceFusionError, InputError
from facefusion.media.info import PictureInfo
from facefusion.media.probe import probe
from facefusion.options import LimitOptions
from facefusion.service.uploads.values import FileKind

_SOUND = ((0, b"fLaC"), (0, b"ID3"), (0, b"OggS"), (8, b"WAVE"), (0, b"\xff\xfb"), (0, b"\xff\xf1"))


def kind_of(path: Path, limits: LimitOptions) -> tuple[FileKind, dict[str, Any]]:
    """Return what a file is, and what is known of it as JSON values.

    A file that is neither picture nor video may still serve, as evidence or as sound; so nothing is refused here, and
    the facts say why it is no picture or video.

    Args:
        path: of the file.
        limits: beyond which pictures and videos are not read.
    """
    try:
        if is_face_file(path):
            return "face", {}
        info = probe(path, limits)
    except FaceFusionError as error:
        facts = {"problem": type(error).__name__, "exit_code": error.exit_code} if isinstance(error, InputError) else {}
        return ("sound" if _is_sound(path) else "other"), facts
    if isinstance(info, PictureInfo):
        return "picture", {"form": info.form, "width": info.width, "height": info.height}
    facts = {
        "form": info.container,
        "codec": info.codec,
        "width": info.width,
        "height": info.height,
        "frames": info.frames,
        "frame_rate": float(info.frame_rate),
        "seconds": None if info.duration is None else float(info.duration),
        "sound": bool(info.audio),
    }
    return "video", {name: value for name, value in facts.items() if value is not None}


def _is_sound(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(16)
    return any(head[place:].startswith(mark) for place, mark in _SOUND)
