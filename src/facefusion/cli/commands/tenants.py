"""`facefusion tenants`: for whom the service works, and how much each may have."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Engine

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.records import note_change
from facefusion.cli.terminal import Terminal, one_line
from facefusion.errors import OptionsError
from facefusion.jobs.opening import open_jobs
from facefusion.jobs.tenants import Tenant, Tenants
from facefusion.options import Options, ServingOptions, load_options, load_serving
from facefusion.service.gateway.quotas import Quotas

_QUOTA: Final = ("weight", "max_running", "max_queued", "max_priority", "max_bytes")


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    serving = load_serving(option_values(arguments, ServingOptions), config_path=arguments.config)
    engine = open_jobs(serving)
    try:
        _VERBS[arguments.verb](engine, arguments, options, context.terminal)
    finally:
        engine.dispose()
    return 0


def _list(engine: Engine, arguments: argparse.Namespace, _options: Options, terminal: Terminal) -> None:
    tenants, quotas = Tenants(engine).all(), Quotas(engine)
    if arguments.json:
        terminal.result(json.dumps({"tenants": [_facts(tenant, quotas) for tenant in tenants]}, indent=2))
        return
    for tenant in tenants:
        facts = _facts(tenant, quotas)
        limits = [f"{name.replace('_', ' ')} {facts[name]}" for name in _QUOTA if facts[name] is not None]
        words = [word for word in ("paused", "reviewed") if facts[word]]
        has = f"running {tenant.running}; unfinished {tenant.unfinished}; stored {facts['stored_bytes']} bytes"
        terminal.result(one_line(f"{tenant.id}  {has}; {', '.join([*limits, *words])}"))
    if not tenants:
        terminal.say("There are no tenants yet")


def _show(engine: Engine, arguments: argparse.Namespace, _options: Options, terminal: Terminal) -> None:
    _told(Tenants(engine).get(arguments.id), Quotas(engine), arguments, terminal)


def _set(engine: Engine, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    tenants, quotas = Tenants(engine), Quotas(engine)
    quota, rules = tenants.get(arguments.id).quota, quotas.rules(arguments.id)
    given = {name: getattr(arguments, name) for name in (*_QUOTA, "requests_a_day", "paused", "reviewed")}
    given = {name: None if value == "none" else value for name, value in given.items() if value is not None}
    if not given:
        raise OptionsError("Nothing is to be set", "Say what, such as --max-queued 100")
    changed = {name: value for name, value in given.items() if name in _QUOTA}
    if "paused" in given:
        changed["is_paused"] = given["paused"]
    quota = replace(quota, **changed)
    further = {name: given[old] for old, name in _RULES.items() if old in given}
    rules = replace(rules, **further)
    tenant = tenants.set(arguments.id, quota)
    quotas.set_rules(arguments.id, rules)
    note_change(options.trust.model_copy(update={"tenant": arguments.id}), "tenant", "replaced")
    _told(tenant, quotas, arguments, terminal)


def _told(tenant: Tenant, quotas: Quotas, arguments: argparse.Namespace, terminal: Terminal) -> None:
    facts = _facts(tenant, quotas)
    if arguments.json:
        terminal.result(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        shown = "no limit" if value is None else ("no", "yes")[value] if isinstance(value, bool) else value
        terminal.result(one_line(f"{name.replace('_', ' ') + ':':16} {shown}"))


def _facts(tenant: Tenant, quotas: Quotas) -> dict[str, Any]:
    rules = quotas.rules(tenant.id)
    return {
        "tenant": tenant.id,
        "running": tenant.running,
        "unfinished": tenant.unfinished,
        "stored_bytes": quotas.stored(tenant.id),
        **{name: getattr(tenant.quota, name) for name in _QUOTA},
        "requests_a_day": rules.requests_a_day,
        "paused": tenant.quota.is_paused,
        "reviewed": rules.is_reviewed,
    }


_RULES: Final = {"requests_a_day": "requests_a_day", "reviewed": "is_reviewed"}
_VERBS: Final = {"list": _list, "show": _show, "set": _set}
