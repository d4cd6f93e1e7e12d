"""What may be typed behind `policy`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import Verb, add_json, parse_verbs

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_PLACE: Final = ("trust_dir", "trust_database", "trust_database_password_file", "actor")


def parse_policy(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `policy`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("policy", _POLICY, argv, make=make, finish=finish, describe=describe)


def _show(group: argparse._ArgumentGroup) -> None:
    group.add_argument("name", nargs="?", metavar="NAME", help="profile or TOML file [default: the policy in force]")
    formats = group.add_mutually_exclusive_group()
    add_json(formats)
    formats.add_argument("--toml", action="store_true", help="print a TOML file with all rules, to begin your own from")


def _check(group: argparse._ArgumentGroup) -> None:
    group.add_argument("name", metavar="FILE", help="TOML file or profile")


def _sign(group: argparse._ArgumentGroup) -> None:
    group.add_argument("name", metavar="FILE", help="TOML file or profile")
    group.add_argument("--key", type=Path, metavar="FILE.pem", help="private Ed25519 key [default: this place's own]")


def _trust_key(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "file", nargs="?", type=Path, metavar="FILE.pem", help="public Ed25519 key [default: this place's own]"
    )


_POLICY: Final = {
    "show": Verb("show what a policy requires, and why", "[NAME or FILE] [options]", _show, ("policy", *_PLACE)),
    "check": Verb("say whether a policy can be used here", "FILE [options]", _check, _PLACE),
    "sign": Verb("sign a policy, beside its file", "FILE [--key FILE.pem] [options]", _sign, _PLACE),
    "trust-key": Verb("let a key sign policies of this place", "[FILE.pem] [options]", _trust_key, _PLACE),
}
