"""`facefusion keys`: keys by which programs use the service."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timedelta
from typing import Any, Final

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.records import note_change
from facefusion.cli.terminal import Terminal, one_line
from facefusion.errors import OptionsError
from facefusion.jobs.opening import open_jobs
from facefusion.options import Options, ServingOptions, load_options, load_serving
from facefusion.service.gateway.keys import ApiKey, KeyStore, KeyText
from facefusion.service.gateway.keys.store import PURPOSE
from facefusion.trust.actor import actor_of
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing

_MOST_DAYS: Final = 3650


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    serving = load_serving(option_values(arguments, ServingOptions), config_path=arguments.config)
    engine = open_jobs(serving)
    try:
        ring = KeyRing.open(trust_home(options.trust.trust_dir, options.trust.trust_key_file))
        store = KeyStore(engine, ring.derived(PURPOSE))
        _VERBS[arguments.verb](store, arguments, options, serving, context.terminal)
    finally:
        engine.dispose()
    return 0


def _create(
    store: KeyStore, arguments: argparse.Namespace, options: Options, serving: ServingOptions, terminal: Terminal
) -> None:
    key, text = store.create(
        tenant=options.trust.tenant,
        name=arguments.role or "scopes" if arguments.name is None else arguments.name,
        by=actor_of(options.trust),
        lives=_lives(arguments, serving),
        role=arguments.role,
        scopes=[scope for given in arguments.scopes or () for scope in given.split(",") if scope],
    )
    _note(options, key, "added")
    _shown_once(key, text, arguments, store, terminal)


def _list(
    store: KeyStore, arguments: argparse.Namespace, options: Options, _serving: ServingOptions, terminal: Terminal
) -> None:
    keys = store.keys(tenant=_tenant(arguments, options), is_all=arguments.all)
    now = store.now()
    if arguments.json:
        terminal.result(json.dumps({"keys": [_facts(key, now) for key in keys]}, indent=2))
        return
    for key in keys:
        grants = key.role or ", ".join(sorted(key.scopes))
        until = f"until {_time(key.expires)}"
        terminal.result(
            one_line(f"{key.id}  {key.state(now):8}  {key.tenant}  {key.name}: {grants}; {until}; used {_used(key)}")
        )
    if not keys:
        terminal.say("There are no keys that hold" if not arguments.all else "There are no keys")


def _show(
    store: KeyStore, arguments: argparse.Namespace, options: Options, _serving: ServingOptions, terminal: Terminal
) -> None:
    _told(store.key(arguments.id, tenant=_tenant(arguments, options)), arguments, store, terminal)


def _revoke(
    store: KeyStore, arguments: argparse.Namespace, options: Options, _serving: ServingOptions, terminal: Terminal
) -> None:
    key = store.revoke(arguments.id, tenant=_tenant(arguments, options))
    _note(options, key, "revoked")
    _told(key, arguments, store, terminal)


def _rotate(
    store: KeyStore, arguments: argparse.Namespace, options: Options, serving: ServingOptions, terminal: Terminal
) -> None:
    if not 0 <= arguments.overlap <= 24 * 365:
        raise OptionsError("--overlap is a number of hours from 0 on", "Such as --overlap 24")
    store.key(arguments.id, tenant=_tenant(arguments, options))
    lives, overlap = _lives(arguments, serving), timedelta(hours=arguments.overlap)
    key, text = store.rotate(arguments.id, by=actor_of(options.trust), lives=lives, overlap=overlap)
    _note(options, key, "replaced")
    _shown_once(key, text, arguments, store, terminal)


def _shown_once(key: ApiKey, text: KeyText, arguments: argparse.Namespace, store: KeyStore, terminal: Terminal) -> None:
    if arguments.json:
        terminal.result(json.dumps({"key": text.text} | _facts(key, store.now()), indent=2))
        return
    terminal.say(f"The key {key.id} holds until {_time(key.expires)}. It is shown this once; keep it like a password")
    terminal.result(text.text)


def _told(key: ApiKey, arguments: argparse.Namespace, store: KeyStore, terminal: Terminal) -> None:
    facts = _facts(key, store.now())
    if arguments.json:
        terminal.result(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        text = ", ".join(value) if isinstance(value, list) else str(value)
        if value is not None:
            terminal.result(one_line(f"{name.replace('_', ' ') + ':':13} {text}"))


def _facts(key: ApiKey, now: datetime) -> dict[str, Any]:
    return {
        "id": key.id,
        "tenant": key.tenant,
        "name": key.name,
        "state": key.state(now),
        "role": key.role,
        "scopes": sorted(key.scopes),
        "created": key.created.isoformat(timespec="seconds"),
        "created_by": key.created_by,
        "expires": key.expires.isoformat(timespec="seconds"),
        "used": None if key.used is None else key.used.isoformat(timespec="minutes"),
        "revoked": None if key.revoked is None else key.revoked.isoformat(timespec="seconds"),
        "replaced_by": key.replaced_by,
    }


def _lives(arguments: argparse.Namespace, serving: ServingOptions) -> timedelta:
    days = serving.access.key_days if arguments.days is None else arguments.days
    if not 1 <= days <= _MOST_DAYS:
        raise OptionsError(f"A key lives 1 to {_MOST_DAYS} days, not {days}", "Choose another number of --days")
    return timedelta(days=days)


def _tenant(arguments: argparse.Namespace, options: Options) -> str | None:
    """Return whose keys are meant: all tenants' where none was named in the call."""
    return options.trust.tenant if "tenant" in option_values(arguments) else None


def _note(options: Options, key: ApiKey, action: str) -> None:
    trust = options.trust.model_copy(update={"tenant": key.tenant})
    note_change(trust, "key", action, subjects=(f"key:{key.line}",))


def _used(key: ApiKey) -> str:
    return "never" if key.used is None else f"{key.used:%Y-%m-%d %H}h UTC"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


_VERBS: Final = {"create": _create, "list": _list, "show": _show, "revoke": _revoke, "rotate": _rotate}
