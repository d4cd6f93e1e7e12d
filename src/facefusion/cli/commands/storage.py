"""`facefusion storage`: how long files are kept, and encrypting them."""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.records import opened_lifecycle, opened_log
from facefusion.cli.terminal import Terminal, one_line
from facefusion.errors import OutputExistsError
from facefusion.options import Options, load_options
from facefusion.trust.actor import actor_of
from facefusion.trust.home import usual_home
from facefusion.trust.privacy.envelope import decrypted, encrypted, read_key, write_key
from facefusion.trust.privacy.lifecycle import Item, duration
from facefusion.trust.privacy.work import sweep_work


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    return _VERBS[arguments.verb](arguments, options, context.terminal)


def _list(arguments: argparse.Namespace, options: Options, terminal: Terminal) -> int:
    with opened_lifecycle(options.trust) as lifecycle:
        items = [item for item in lifecycle.items() if item.tenant == options.trust.tenant]
    if arguments.json:
        terminal.result(json.dumps({"items": list(map(_facts, items))}, indent=2))
        return 0
    for item in items:
        terminal.result(one_line(f"{item.expires:%Y-%m-%d %H:%M}  {item.kind:7} {item.path}"))
    return 0


def _keep(arguments: argparse.Namespace, options: Options, terminal: Terminal) -> int:
    time = duration(arguments.duration)
    with opened_lifecycle(options.trust) as lifecycle:
        for path in arguments.files:
            item = lifecycle.keep(path, arguments.kind, time, tenant=options.trust.tenant)
            terminal.result(
                one_line(f"{item.path}: is removed by storage sweep from {item.expires:%Y-%m-%d %H:%M} UTC on")
            )
    return 0


def _sweep(arguments: argparse.Namespace, options: Options, terminal: Terminal) -> int:
    """Remove what is over; the audit log tells how much, and never what."""
    with opened_lifecycle(options.trust) as lifecycle:
        done = lifecycle.sweep()
    left = sweep_work(options.trust.work_dir)
    removed = sum(outcome == "removed" for _, outcome in done)
    own = [(item, outcome) for item, outcome in done if item.tenant == options.trust.tenant]
    if removed:
        with opened_log(options.trust) as log:
            facts = {"files": removed}
            log.append("swept", tenant=options.trust.tenant, actor=actor_of(options.trust), facts=facts)
    if arguments.json:
        found = [_facts(item) | {"outcome": outcome} for item, outcome in own]
        terminal.result(json.dumps({"items": found, "work_folders": left}, indent=2))
        return 0
    for item, outcome in own:
        terminal.result(one_line(f"{item.path}: {_WORDS[outcome]}"))
    terminal.say(f"{removed} removed; {left} work folders of jobs that were killed")
    return 0


def _key(arguments: argparse.Namespace, _options: Options, terminal: Terminal) -> int:
    write_key(arguments.file)
    terminal.say("Keep a copy of it elsewhere: without it nobody can read what is encrypted with it")
    terminal.result(str(arguments.file))
    return 0


def _encrypt(arguments: argparse.Namespace, options: Options, terminal: Terminal) -> int:
    target = arguments.to or arguments.file
    if target != arguments.file:
        _check_free(target, arguments, options)
    key = read_key(arguments.key_file)
    with ExitStack() as kept:
        if target.exists() and arguments.file.exists() and target.samefile(arguments.file) and _has_records(options):
            kept.enter_context(kept.enter_context(opened_lifecycle(options.trust)).replacing(target))
        encrypted(arguments.file, target, key)
    terminal.result(str(target))
    return 0


def _has_records(options: Options) -> bool:
    """Return whether anything was ever entered here; whoever only encrypts needs no place."""
    return (options.trust.trust_dir or usual_home()).exists()


def _decrypt(arguments: argparse.Namespace, options: Options, terminal: Terminal) -> int:
    _check_free(arguments.to, arguments, options)
    decrypted(arguments.file, arguments.to, read_key(arguments.key_file))
    terminal.result(str(arguments.to))
    return 0


def _check_free(path: Path, arguments: argparse.Namespace, options: Options) -> None:
    may_replace = "overwrite" in option_values(arguments) and options.output.overwrite
    if path.exists() and not may_replace:
        raise OutputExistsError(f"{path} is there already", "Choose another name, or say --overwrite")


def _facts(item: Item) -> dict[str, Any]:
    times = {"added": item.added.isoformat(), "expires": item.expires.isoformat()}
    return {"path": str(item.path), "kind": item.kind, "tenant": item.tenant} | times


_WORDS: Final = {
    "removed": "removed",
    "gone": "was gone already",
    "replaced": "stays: it is another one than was to be removed, or was changed since",
    "kept": "cannot be removed, and is tried again next time",
}
_VERBS: Final = {
    "list": _list,
    "keep": _keep,
    "sweep": _sweep,
    "key": _key,
    "encrypt": _encrypt,
    "decrypt": _decrypt,
}
