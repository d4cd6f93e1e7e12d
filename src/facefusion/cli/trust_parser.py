"""What may be typed behind `trust`, and behind `verify`."""

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
    "init": "make the keys and certificates of this place, if missing",
    "acknowledge": "show the terms of use, and note that they are known",
    "show": "show the certificates of this place, and never a secret",
}
_VERIFY_OPTIONS: Final = (
    "trust_dir",
    "trust_database",
    "trust_anchors",
    "max_pixels",
    "max_frames",
    "max_duration",
    "max_streams",
)
_USAGES: Final = {"init": "[options]", "acknowledge": "[options]", "show": "[options]"}
_OPTIONS: Final = {
    "init": ("trust_dir",),
    "acknowledge": ("trust_dir", "trust_database", "acknowledge", "actor", "tenant"),
    "show": ("trust_dir",),
}


def parse_trust(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `trust`: a verb, then what belongs to it.

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
        return finish(make("facefusion trust", "facefusion trust COMMAND [options]", text)).parse_args(["--help"])
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"Perhaps you meant {near[0]}" if near else f"There are trust {', trust '.join(VERBS)}"
        raise OptionsError(f"There is no command {f'trust {verb}'!r}", hint)
    name = f"facefusion trust {verb}"
    parser = make(name, f"{name} {_USAGES[verb]}", VERBS[verb][:1].upper() + VERBS[verb][1:] + ".")
    _ARGUMENTS[verb](parser.add_argument_group(f"trust {verb}"))
    add_option_flags(parser, lambda leaf: leaf.name in _OPTIONS[verb])
    return finish(parser).parse_args(rest, argparse.Namespace(command="trust", verb=verb))


def parse_verify(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `verify`; arguments and errors as of `parse_trust`."""
    parser = make("facefusion verify", "facefusion verify FILE ... [options]", describe())
    group = parser.add_argument_group("verify")
    group.add_argument("files", type=Path, nargs="+", metavar="FILE", help="pictures and videos")
    _json(group)
    add_option_flags(parser, lambda leaf: leaf.name in _VERIFY_OPTIONS)
    return finish(parser).parse_args(argv, argparse.Namespace(command="verify"))


def _show(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--pem", action="store_true", help="print the root certificate, which others need to trust your outputs"
    )
    _json(group)


def _acknowledge(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--language", choices=("en", "zh"), help="en, zh [default: that of this machine]")


def _json(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--json", action="store_true", help="print JSON instead of a table")


_ARGUMENTS: Final = {"init": _json, "acknowledge": _acknowledge, "show": _show}
