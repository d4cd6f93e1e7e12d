"""What may be typed behind `audit`."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.flags import add_option_flags
from facefusion.errors import OptionsError

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

VERBS: Final = {
    "list": "list entries, the oldest first",
    "show": "show all that an entry says",
    "verify": "find whatever was changed after it was written",
    "export": "write entries as signed lines of JSON",
    "prune": "remove entries that are old enough",
    "erase": "erase a person's data, with a proof",
}
_USAGES: Final = {
    "list": "[options]",
    "show": "ID [options]",
    "verify": "[--copy FILE ...] [--proof FILE] [options]",
    "export": "FILE [options]",
    "prune": "[--keep DURATION] [options]",
    "erase": "--subject NAME | --consent ID | --actor NAME [options]",
}
_OPTIONS: Final = ("trust_dir", "trust_database", "tenant")
_FURTHER_OPTIONS: Final = {"prune": ("actor", "policy"), "export": ("overwrite",), "erase": ("overwrite",)}
_KINDS: Final = "admitted, refused, published, streamed, failed, cancelled, changed, swept, pruned, erased"


def parse_audit(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `audit`: a verb, then what belongs to it.

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
        return finish(make("facefusion audit", "facefusion audit COMMAND [options]", text)).parse_args(["--help"])
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"Perhaps you meant {near[0]}" if near else f"There are audit {', audit '.join(VERBS)}"
        raise OptionsError(f"There is no command {f'audit {verb}'!r}", hint)
    name, wanted = f"facefusion audit {verb}", _OPTIONS + _FURTHER_OPTIONS.get(verb, ())
    parser = make(name, f"{name} {_USAGES[verb]}", VERBS[verb][:1].upper() + VERBS[verb][1:] + ".")
    _ARGUMENTS[verb](parser.add_argument_group(f"audit {verb}"))
    add_option_flags(parser, lambda leaf: leaf.name in wanted)
    return finish(parser).parse_args(rest, argparse.Namespace(command="audit", verb=verb))


def _list(group: argparse._ArgumentGroup) -> None:
    _filters(group)
    _json(group)


def _filters(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--since", type=_time, metavar="TIME", help="not older, such as 2026-11-01 or 2026-11-01T12:00")
    group.add_argument("--kind", metavar="KIND", help=_KINDS)
    group.add_argument("--result", metavar="RESULT", help="done, refused, failed, cancelled")
    group.add_argument("--job", metavar="ID", help="of one job")
    group.add_argument("--actor", dest="by_actor", metavar="NAME", help="by whom")
    group.add_argument("--consent", metavar="ID", help="under a consent")
    group.add_argument("--subject", metavar="NAME", help="with somebody's face, as consents name them")
    group.add_argument("--input", type=Path, metavar="FILE", help="made of this very file")
    group.add_argument("--output", type=Path, metavar="FILE", help="that gave this very file")


def _show(group: argparse._ArgumentGroup) -> None:
    group.add_argument("id", metavar="ID", help="first digits of its identifier (6 or more), or its number")
    _json(group)


def _verify(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--copy", type=Path, nargs="+", default=(), metavar=("FILE", "..."), help="lines that were collected elsewhere"
    )
    group.add_argument("--proof", type=Path, metavar="FILE", help="a proof that audit erase has written")
    _json(group)


def _export(group: argparse._ArgumentGroup) -> None:
    group.add_argument("file", type=Path, metavar="FILE", help="file to write, such as entries.jsonl")
    group.add_argument("--since", type=_time, metavar="TIME", help="not older")
    group.add_argument("--kind", metavar="KIND", help=_KINDS)
    group.add_argument("--job", metavar="ID", help="of one job")


def _prune(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--keep", metavar="DURATION", help="how long entries are kept, such as 30d, 6mo or 1y [as the policy says]"
    )


def _erase(group: argparse._ArgumentGroup) -> None:
    who = group.add_mutually_exclusive_group(required=True)
    who.add_argument("--subject", metavar="NAME", help="somebody whose face was worked with")
    who.add_argument("--consent", metavar="ID", help="the person of a consent")
    who.add_argument("--actor", dest="of_actor", metavar="NAME", help="somebody who did the work")
    group.add_argument("--proof", type=Path, metavar="FILE", help="proof to write [default: erasure-ID.json, here]")


def _json(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--json", action="store_true", help="print JSON instead of text")


def _time(text: str) -> datetime:
    """Read a time; one without a zone is of this machine's zone."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-01 or 2026-11-01T12:00") from error


_ARGUMENTS: Final = {
    "list": _list,
    "show": _show,
    "verify": _verify,
    "export": _export,
    "prune": _prune,
    "erase": _erase,
}
