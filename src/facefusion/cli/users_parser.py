"""What may be typed behind `users`."""

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


def parse_users(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `users`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("users", _USERS, argv, make=make, finish=finish, describe=describe)


def _create(group: argparse._ArgumentGroup) -> None:
    _name(group)
    group.add_argument("--role", choices=_ROLES, required=True, metavar="ROLE", help=", ".join(_ROLES))
    _password(group)


def _name(group: argparse._ArgumentGroup) -> None:
    group.add_argument("name", metavar="NAME", help="by which they sign in, such as ada@example.com")


def _password(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--password-stdin",
        action="store_true",
        help="read their password from the standard input [default: one is made, and shown once]",
    )
    add_json(group)


def _set_password(group: argparse._ArgumentGroup) -> None:
    _name(group)
    _password(group)


def _named(group: argparse._ArgumentGroup) -> None:
    _name(group)
    add_json(group)


def _forced(group: argparse._ArgumentGroup) -> None:
    _name(group)
    group.add_argument("--force", action="store_true", help="even if the tenant is left without an admin")
    add_json(group)


def _role(group: argparse._ArgumentGroup) -> None:
    _name(group)
    group.add_argument("role", choices=_ROLES, metavar="ROLE", help=", ".join(_ROLES))
    group.add_argument("--force", action="store_true", help="even if the tenant is left without an admin")
    add_json(group)


_USERS: Final = {
    "create": Verb(
        "make a user of a tenant; their first password is shown once",
        "NAME --role ROLE [--password-stdin] [options]",
        _create,
        _PLACE,
        _DATABASE,
    ),
    "list": Verb("list the users of all tenants, or of --tenant", "[options]", add_json, _PLACE, _DATABASE),
    "role": Verb("give a user another role", "NAME ROLE [--force] [options]", _role, _PLACE, _DATABASE),
    "disable": Verb("shut a user out, and sign them out", "NAME [--force] [options]", _forced, _PLACE, _DATABASE),
    "enable": Verb("let a user in again", "NAME [options]", _named, _PLACE, _DATABASE),
    "password": Verb(
        "give a user another password, and sign them out",
        "NAME [--password-stdin] [options]",
        _set_password,
        _PLACE,
        _DATABASE,
    ),
    "remove": Verb("remove a user; what they made stays", "NAME [--force] [options]", _forced, _PLACE, _DATABASE),
}
