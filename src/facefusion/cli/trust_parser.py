"""What may be typed behind `trust`, and behind `verify`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.flags import add_option_flags
from facefusion.cli.verbs import Verb, add_json, parse_verbs

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_VERIFY_OPTIONS: Final = (
    "trust_dir",
    "trust_database",
    "trust_database_password_file",
    "trust_anchors",
    "max_pixels",
    "max_frames",
    "max_duration",
    "max_streams",
)


def parse_trust(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `trust`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("trust", _TRUST, argv, make=make, finish=finish, describe=describe)


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
    add_json(group)
    add_option_flags(parser, lambda leaf: leaf.name in _VERIFY_OPTIONS)
    return finish(parser).parse_args(argv, argparse.Namespace(command="verify"))


def _show(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--pem", action="store_true", help="print the root certificate, which others need to trust your outputs"
    )
    add_json(group)


def _acknowledge(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--language", choices=("en", "zh"), help="en, zh [default: that of this machine]")


_OF_THE_TERMS: Final = ("trust_dir", "trust_database", "trust_database_password_file", "acknowledge", "actor", "tenant")
_TRUST: Final = {
    "init": Verb(
        "make the keys and certificates of this place, if missing",
        "[options]",
        add_json,
        ("trust_dir", "trust_key_file"),
    ),
    "acknowledge": Verb(
        "show the terms of use, and note that they are known", "[options]", _acknowledge, _OF_THE_TERMS
    ),
    "show": Verb("show the certificates of this place, and never a secret", "[options]", _show, ("trust_dir",)),
}
