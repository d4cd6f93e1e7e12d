"""`facefusion users`: people who sign in with a name and a password."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.records import note_change
from facefusion.cli.terminal import Terminal, one_line
from facefusion.errors import OptionsError
from facefusion.jobs.opening import open_jobs
from facefusion.options import Options, ServingOptions, load_options, load_serving
from facefusion.service.gateway.users import Passwords, User, UserStore, made_password
from facefusion.trust.actor import actor_of


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    serving = load_serving(option_values(arguments, ServingOptions), config_path=arguments.config)
    engine = open_jobs(serving)
    try:
        _VERBS[arguments.verb](UserStore(engine, Passwords()), arguments, options, context.terminal)
    finally:
        engine.dispose()
    return 0


def _create(store: UserStore, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    given = _given(arguments)
    password = given or made_password()
    user = store.create(
        tenant=options.trust.tenant,
        name=arguments.name,
        password=password,
        role=arguments.role,
        by=actor_of(options.trust),
    )
    _note(options, user, "added")
    _shown_once(user, None if given else password, arguments, terminal)


def _list(store: UserStore, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    users = store.users(tenant=options.trust.tenant if "tenant" in option_values(arguments) else None)
    if arguments.json:
        terminal.result(json.dumps({"users": [_facts(user) for user in users]}, indent=2))
        return
    for user in users:
        seen = "never" if user.seen is None else f"{user.seen:%Y-%m-%d %H}h UTC"
        state = "active" if user.is_active else "disabled"
        terminal.result(one_line(f"{user.id[:12]}  {state:8}  {user.tenant}  {user.name}: {user.role}; seen {seen}"))
    if not users:
        terminal.say("There are no users")


def _disable(store: UserStore, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    known = _known(store, arguments, options)
    user = store.change(known.id, is_active=False, may_leave_none=arguments.force)
    _note(options, user, "revoked")
    _told(user, arguments, terminal, "is shut out")


def _enable(store: UserStore, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    user = store.change(_known(store, arguments, options).id, is_active=True)
    _note(options, user, "replaced")
    _told(user, arguments, terminal, "is let in")


def _role(store: UserStore, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    known = _known(store, arguments, options)
    user = store.change(known.id, role=arguments.role, may_leave_none=arguments.force)
    _note(options, user, "replaced")
    _told(user, arguments, terminal, f"is {user.role}")


def _password(store: UserStore, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    known, given = _known(store, arguments, options), _given(arguments)
    password = given or made_password()
    user = store.set_password(known.id, password)
    _note(options, user, "replaced")
    _shown_once(user, None if given else password, arguments, terminal)


def _remove(store: UserStore, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    user = store.remove(_known(store, arguments, options).id, may_leave_none=arguments.force)
    _note(options, user, "removed")
    _told(user, arguments, terminal, "is removed")


def _known(store: UserStore, arguments: argparse.Namespace, options: Options) -> User:
    return store.named(arguments.name, tenant=options.trust.tenant)


def _given(arguments: argparse.Namespace) -> str | None:
    """Return the password that stands in the first line of the standard input; None where one is to be made."""
    if not arguments.password_stdin:
        return None
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise OptionsError("There is no password on the standard input", "Leave --password-stdin away to have one made")
    return password


def _shown_once(user: User, password: str | None, arguments: argparse.Namespace, terminal: Terminal) -> None:
    if arguments.json:
        terminal.result(json.dumps(_facts(user) | {"password": password}, indent=2))
        return
    terminal.say(one_line(f"{user.name} of {user.tenant} takes another password when they sign in"))
    if password is not None:
        terminal.say("Their first one is shown this once:")
        terminal.result(password)


def _told(user: User, arguments: argparse.Namespace, terminal: Terminal, what: str) -> None:
    if arguments.json:
        terminal.result(json.dumps(_facts(user), indent=2))
        return
    terminal.result(one_line(f"{user.name} of {user.tenant} {what}"))


def _facts(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "tenant": user.tenant,
        "name": user.name,
        "role": user.role,
        "active": user.is_active,
        "must_change_password": user.must_change,
        "created": user.created.isoformat(timespec="seconds"),
        "created_by": user.created_by,
        "seen": None if user.seen is None else user.seen.isoformat(timespec="minutes"),
    }


def _note(options: Options, user: User, action: str) -> None:
    trust = options.trust.model_copy(update={"tenant": user.tenant})
    note_change(trust, "user", action, subjects=(user.actor,))


_VERBS: Final = {
    "create": _create,
    "list": _list,
    "role": _role,
    "disable": _disable,
    "enable": _enable,
    "password": _password,
    "remove": _remove,
}
