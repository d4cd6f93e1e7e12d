"""What may be typed behind `storage`."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.flags import add_option_flags
from facefusion.errors import OptionsError

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

VERBS: Final = {
    "list": "list what is kept, and until when",
    "keep": "keep files for a time, after which they are removed",
    "sweep": "remove what is kept no longer, and what jobs that were killed left",
    "key": "make a key for encrypting files",
    "encrypt": "encrypt a file",
    "decrypt": "decrypt a file",
}
_USAGES: Final = {
    "list": "[options]",
    "keep": "FILE ... --for DURATION [options]",
    "sweep": "[options]",
    "key": "FILE [options]",
    "encrypt": "FILE --key-file FILE [--to FILE] [options]",
    "decrypt": "FILE --key-file FILE --to FILE [options]",
}
_RECORDS: Final = ("trust_dir", "trust_database", "tenant")
_OPTIONS: Final = {
    "list": _RECORDS,
    "keep": _RECORDS,
    "sweep": (*_RECORDS, "actor", "work_dir"),
    "encrypt": ("overwrite",),
    "decrypt": ("overwrite",),
}


def parse_storage(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `storage`: a verb, then what belongs to it.

    Args:
        argv: what was typed.
        make: returns a parser of a name, a usage and a description.
        finish: adds what all commands have.
        describe: returns what the command is for.

    Raises:
        OptionsError: there is no such verb, or something is not understood.
    """
    verb, *rest = argv or ["--help"]
    if verb in {"-h", "--help"}:
        summaries = "\n".join(f"  {name:11} {summary}" for name, summary in VERBS.items())
        text = f"{describe()}\n\ncommands:\n{summaries}"
        return finish(make("facefusion storage", "facefusion storage COMMAND [options]", text)).parse_args(["--help"])
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"Perhaps you meant {near[0]}" if near else f"There are storage {', storage '.join(VERBS)}"
        raise OptionsError(f"There is no command {f'storage {verb}'!r}", hint)
    name, wanted = f"facefusion storage {verb}", _OPTIONS.get(verb, ())
    parser = make(name, f"{name} {_USAGES[verb]}", VERBS[verb][:1].upper() + VERBS[verb][1:] + ".")
    _ARGUMENTS[verb](parser.add_argument_group(f"storage {verb}"))
    add_option_flags(parser, lambda leaf: leaf.name in wanted)
    return finish(parser).parse_args(rest, argparse.Namespace(command="storage", verb=verb))


def _list(group: argparse._ArgumentGroup) -> None:
    _json(group)


def _keep(group: argparse._ArgumentGroup) -> None:
    group.add_argument("files", type=Path, nargs="+", metavar="FILE", help="files and folders")
    group.add_argument("--for", dest="duration", required=True, metavar="DURATION", help="such as 72h, 7d, 4w or 6mo")
    group.add_argument(
        "--as", dest="kind", choices=("output", "upload", "work"), default="output", help="what they are"
    )


def _sweep(group: argparse._ArgumentGroup) -> None:
    _json(group)


def _key(group: argparse._ArgumentGroup) -> None:
    group.add_argument("file", type=Path, metavar="FILE", help="key to write; it is never replaced")


def _encrypt(group: argparse._ArgumentGroup) -> None:
    _decrypt(group, " [in its place]", required=False)


def _decrypt(group: argparse._ArgumentGroup, otherwise: str = "", *, required: bool = True) -> None:
    group.add_argument("file", type=Path, metavar="FILE", help="file to read")
    group.add_argument("--key-file", type=Path, required=True, metavar="FILE", help="key of 32 bytes")
    group.add_argument("--to", type=Path, required=required, metavar="FILE", help=f"file to write{otherwise}")


def _json(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--json", action="store_true", help="print JSON instead of text")


_ARGUMENTS: Final = {
    "list": _list,
    "keep": _keep,
    "sweep": _sweep,
    "key": _key,
    "encrypt": _encrypt,
    "decrypt": _decrypt,
}
