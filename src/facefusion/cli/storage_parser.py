"""What may be typed behind `storage`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import Verb, add_json, parse_verbs

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_RECORDS: Final = ("trust_dir", "trust_database", "trust_database_password_file", "tenant")


def parse_storage(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `storage`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("storage", _STORAGE, argv, make=make, finish=finish, describe=describe)


def _list(group: argparse._ArgumentGroup) -> None:
    add_json(group)


def _keep(group: argparse._ArgumentGroup) -> None:
    group.add_argument("files", type=Path, nargs="+", metavar="FILE", help="files and folders")
    group.add_argument("--for", dest="duration", required=True, metavar="DURATION", help="such as 72h, 7d, 4w or 6mo")
    group.add_argument(
        "--as", dest="kind", choices=("output", "upload", "work"), default="output", help="what they are"
    )


def _sweep(group: argparse._ArgumentGroup) -> None:
    add_json(group)


def _key(group: argparse._ArgumentGroup) -> None:
    group.add_argument("file", type=Path, metavar="FILE", help="key to write; it is never replaced")


def _encrypt(group: argparse._ArgumentGroup) -> None:
    _decrypt(group, " [in its place]", required=False)


def _decrypt(group: argparse._ArgumentGroup, otherwise: str = "", *, required: bool = True) -> None:
    group.add_argument("file", type=Path, metavar="FILE", help="file to read")
    group.add_argument("--key-file", type=Path, required=True, metavar="FILE", help="key of 32 bytes")
    group.add_argument("--to", type=Path, required=required, metavar="FILE", help=f"file to write{otherwise}")


_STORAGE: Final = {
    "list": Verb("list what is kept, and until when", "[options]", _list, _RECORDS),
    "keep": Verb(
        "keep files for a time, after which they are removed", "FILE ... --for DURATION [options]", _keep, _RECORDS
    ),
    "sweep": Verb(
        "remove what is kept no longer, and what jobs that were killed left",
        "[options]",
        _sweep,
        (*_RECORDS, "actor", "work_dir"),
    ),
    "key": Verb("make a key for encrypting files", "FILE [options]", _key, ()),
    "encrypt": Verb(
        "encrypt a file",
        "FILE --key-file FILE [--to FILE] [options]",
        _encrypt,
        ("overwrite", "trust_dir", "trust_database", "trust_database_password_file"),
    ),
    "decrypt": Verb("decrypt a file", "FILE --key-file FILE --to FILE [options]", _decrypt, ("overwrite",)),
}
