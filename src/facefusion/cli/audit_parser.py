"""What may be typed behind `audit`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import Verb, add_json, parse_verbs

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_OPTIONS: Final = ("trust_dir", "trust_database", "trust_database_password_file", "tenant")
_KINDS: Final = (
    "admitted, refused, published, streamed, failed, cancelled, changed, called, denied, counted, swept, pruned, erased"
)


def parse_audit(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `audit`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("audit", _AUDIT, argv, make=make, finish=finish, describe=describe)


def _list(group: argparse._ArgumentGroup) -> None:
    _filters(group)
    add_json(group)


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
    add_json(group)


def _verify(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--copy", type=Path, nargs="+", default=(), metavar=("FILE", "..."), help="lines that were collected elsewhere"
    )
    group.add_argument("--proof", type=Path, metavar="FILE", help="a proof that audit erase has written")
    add_json(group)


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


def _time(text: str) -> datetime:
    """Read a time; one without a zone is of this machine's zone."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-01 or 2026-11-01T12:00") from error


_AUDIT: Final = {
    "list": Verb("list entries, the oldest first", "[options]", _list, _OPTIONS),
    "show": Verb("show all that an entry says", "ID [options]", _show, _OPTIONS),
    "verify": Verb(
        "find whatever was changed after it was written",
        "[--copy FILE ...] [--proof FILE] [options]",
        _verify,
        _OPTIONS,
    ),
    "export": Verb("write entries as signed lines of JSON", "FILE [options]", _export, (*_OPTIONS, "overwrite")),
    "prune": Verb(
        "remove entries that are old enough", "[--keep DURATION] [options]", _prune, (*_OPTIONS, "actor", "policy")
    ),
    "erase": Verb(
        "erase a person's data, with a proof",
        "--subject NAME | --consent ID | --actor NAME [options]",
        _erase,
        (*_OPTIONS, "overwrite"),
    ),
}
