"""What may be typed behind `keys` and `tenants`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import Verb, add_json, parse_verbs

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_PLACE: Final = ("trust_dir", "trust_database", "trust_database_password_file", "actor", "tenant")
_DATABASE: Final = ("jobs_database", "jobs_database_password_file")
_ROLES: Final = ("viewer", "operator", "reviewer", "admin", "platform")


def parse_keys(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `keys`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("keys", _KEYS, argv, make=make, finish=finish, describe=describe)


def parse_tenants(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `tenants`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("tenants", _TENANTS, argv, make=make, finish=finish, describe=describe)


def _create(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--name", metavar="NAME", help="what it is for, such as render-farm [default: its role, or `scopes`]"
    )
    what = group.add_mutually_exclusive_group(required=True)
    what.add_argument("--role", choices=_ROLES, metavar="ROLE", help=", ".join(_ROLES))
    what.add_argument("--scopes", nargs="+", metavar="SCOPE", help="instead of a role, such as jobs:read jobs:write")
    _days(group)
    add_json(group)


def _days(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--days", type=int, metavar="N", help="days that it lives [default: as --key-days says]")


def _list(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--all", action="store_true", help="show those that do not hold any more as well")
    add_json(group)


def _id(group: argparse._ArgumentGroup) -> None:
    group.add_argument("id", metavar="ID", help="as `list` shows it")


def _show(group: argparse._ArgumentGroup) -> None:
    _id(group)
    add_json(group)


def _rotate(group: argparse._ArgumentGroup) -> None:
    _id(group)
    group.add_argument(
        "--overlap", type=float, default=24.0, metavar="HOURS",
        help="hours for which the old one goes on to hold; 0 ends it now [default: 24]",
    )  # fmt: skip
    _days(group)
    add_json(group)


def _set(group: argparse._ArgumentGroup) -> None:
    group.add_argument("id", metavar="TENANT", help="its name")
    group.add_argument("--weight", type=int, metavar="N", help="of its share of the workers' time, 1 to 1000")
    group.add_argument("--max-running", type=_number, metavar="N", help="tasks at one time, or none for any number")
    group.add_argument("--max-queued", type=_number, metavar="N", help="jobs that are not finished, or none")
    group.add_argument("--max-priority", type=int, metavar="N", help="highest priority of its jobs, 0 to 9")
    group.add_argument("--max-bytes", type=_bytes, metavar="SIZE", help="in storage, such as 50GiB, or none")
    group.add_argument("--requests-a-day", type=_number, metavar="N", help="that it may make, or none for the usual")
    for flag, verb in (("paused", "begin none of its tasks"), ("reviewed", "review all its results")):
        group.add_argument(f"--{flag}", action=argparse.BooleanOptionalAction, help=verb)
    add_json(group)


def _show_tenant(group: argparse._ArgumentGroup) -> None:
    group.add_argument("id", metavar="TENANT", help="its name")
    add_json(group)


def _number(text: str) -> int | str:
    """Read a number, or the word that takes a limit away."""
    return "none" if text == "none" else int(text)


def _bytes(text: str) -> int | str:
    """Read a size such as 50GiB, 20GB or 1000, or the word that takes a limit away."""
    if text == "none":
        return text
    for unit, size in _UNITS.items():
        if text.endswith(unit):
            return int(float(text.removesuffix(unit)) * size)
    return int(text)


_UNITS: Final = {
    **{f"{letter}iB": 1 << 10 * power for power, letter in enumerate("KMGTP", 1)},
    **{f"{letter}B": 1000**power for power, letter in enumerate("KMGTP", 1)},
}
_KEYS: Final = {
    "create": Verb(
        "make a key, which is shown once",
        "--role ROLE | --scopes SCOPE ... [--name NAME] [options]",
        _create,
        _PLACE,
        (*_DATABASE, "key_days"),
    ),
    "list": Verb("list the keys of all tenants, or of --tenant", "[options]", _list, _PLACE, _DATABASE),
    "show": Verb("show what is known of a key", "ID [options]", _show, _PLACE, _DATABASE),
    "revoke": Verb("take a key back; within seconds it lets nobody in", "ID [options]", _show, _PLACE, _DATABASE),
    "rotate": Verb(
        "make a key in another's place, which holds on for a while",
        "ID [--overlap HOURS] [options]",
        _rotate,
        _PLACE,
        (*_DATABASE, "key_days"),
    ),
}
_TENANTS: Final = {
    "list": Verb("list tenants, and what they have", "[options]", add_json, _PLACE, _DATABASE),
    "show": Verb("show what a tenant may have, and has", "TENANT [options]", _show_tenant, _PLACE, _DATABASE),
    "set": Verb("set what a tenant may have", "TENANT [options]", _set, _PLACE, _DATABASE),
}
