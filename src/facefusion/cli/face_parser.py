"""What may be typed behind `face`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import Verb, add_json, parse_verbs

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

READING_OPTIONS: Final = (
    *("face_detector_score", "face_selector_order", "execution_providers"),
    *("max_pixels", "max_frames", "max_duration", "max_streams", "isolate", "isolate_memory", "isolate_timeout"),
    *("models_dir", "shared_models_dirs", "license_policy"),
)
"""Options of whatever finds faces in files."""
_BUILD_OPTIONS: Final = (
    *READING_OPTIONS,
    *("source_face_position", "source_face_min_size", "source_face_max_yaw", "source_face_min_sharpness"),
    *("source_face_max_distance", "output_path", "overwrite"),
    *(
        "policy",
        "trust_dir",
        "trust_database",
        "trust_database_password_file",
        "acknowledge",
        "actor",
        "tenant",
        "project",
        "territory",
    ),
)


def parse_face(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `face`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("face", _FACE, argv, make=make, finish=finish, describe=describe)


def _build(group: argparse._ArgumentGroup) -> None:
    group.add_argument("files", type=Path, nargs="*", metavar="FILE", help="pictures and clips of one person")
    group.add_argument("--name", metavar="NAME", help="the face's name [default: that of the output]")
    add_json(group)


def _list(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "files", type=Path, nargs="*", metavar="FILE", help="face files, and folders that hold some [default: here]"
    )
    add_json(group)


def _show(group: argparse._ArgumentGroup) -> None:
    group.add_argument("file", type=Path, metavar="FILE", help="face file")
    group.add_argument(
        "--output", type=Path, metavar="FILE", help="picture to write: the texture, and which view each part is from"
    )
    add_json(group)


_FACE: Final = {
    "build": Verb(
        "build a face file from pictures and clips of one person",
        "FILE ... --output FILE.face [options]",
        _build,
        _BUILD_OPTIONS,
    ),
    "list": Verb("list face files", "[FILE or FOLDER ...] [options]", _list),
    "show": Verb("show what is in a face file", "FILE.face [options]", _show, ("overwrite",)),
}
