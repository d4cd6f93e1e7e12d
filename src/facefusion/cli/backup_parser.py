"""What may be typed behind `backup`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import Verb, add_json, parse_verbs

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_PLACE: Final = ("trust_dir", "trust_database", "work_dir", "policy")
_STORAGE: Final = (
    "storage",
    "storage_endpoint",
    "storage_region",
    "storage_key_file",
    "storage_checksums",
)
_SERVING: Final = ("jobs_database", *_STORAGE)


def parse_backup(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `backup`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("backup", _BACKUP, argv, make=make, finish=finish, describe=describe)


def _create(group: argparse._ArgumentGroup) -> None:
    _folder(group, "to write")
    _key(group, is_required=True)
    add_json(group)


def _verify(group: argparse._ArgumentGroup) -> None:
    _folder(group, "of a backup")
    _key(group, is_required=False)
    group.add_argument(
        "--deep",
        action="store_true",
        help="read all files that are needed in storage, instead of asking for their size",
    )
    group.add_argument(
        "--no-storage", dest="in_storage", action="store_false", help="look at the backup alone, not into the storage"
    )
    add_json(group)


def _restore(group: argparse._ArgumentGroup) -> None:
    _folder(group, "of a backup")
    _key(group, is_required=True)
    add_json(group)


def _folder(group: argparse._ArgumentGroup, what: str) -> None:
    group.add_argument("folder", type=Path, metavar="FOLDER", help=f"folder {what}")


def _key(group: argparse._ArgumentGroup, *, is_required: bool) -> None:
    less = "" if is_required else "; without it only whether files are as they were written is looked at"
    group.add_argument(
        "--key-file", type=Path, required=is_required, metavar="FILE",
        help=f"key of 32 bytes, as facefusion storage key makes it{less}",
    )  # fmt: skip


_BACKUP: Final = {
    "create": Verb(
        "copy jobs, records and keys while the service runs, encrypted",
        "FOLDER --key-file FILE [options]",
        _create,
        _PLACE,
        _SERVING,
    ),
    "verify": Verb(
        "check a backup, and whether the storage has what it needs",
        "FOLDER [--key-file FILE] [options]",
        _verify,
        ("work_dir",),
        _SERVING,
    ),
    "restore": Verb(
        "put a backup back into an empty place", "FOLDER --key-file FILE [options]", _restore, _PLACE, _SERVING
    ),
}
