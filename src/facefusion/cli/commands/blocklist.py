"""`facefusion blocklist`: faces that are not to be used, and those that may be used all the same."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from facefusion.cli.consent_text import entry_line
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.records import note_change
from facefusion.cli.terminal import Terminal, one_line
from facefusion.cli.times import ending
from facefusion.engine.consents import faces_of_person, open_lists
from facefusion.errors import OptionsError
from facefusion.options import Options, load_options
from facefusion.trust.blocklist import ListKind


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    return {"add": _add, "list": _list, "remove": _remove}[arguments.verb](arguments, context.terminal, options)


def _add(arguments: argparse.Namespace, terminal: Terminal, options: Options) -> int:
    until = ending(arguments.until, datetime.now(UTC))
    if not arguments.basis.strip() or len(arguments.basis) > 500 or len(arguments.reason) > 1000:
        raise OptionsError("--basis is empty, or --basis or --reason is too long", "Say it in a sentence")
    faces = faces_of_person(arguments.pictures, options)
    kind: ListKind = "allow" if arguments.allow else "block"
    entry = open_lists(options).add(kind, faces, basis=arguments.basis, reason=arguments.reason, until=until)
    note_change(options.trust, f"{kind} list", "added", subjects=(entry.id,))
    terminal.say(entry_line(entry))
    terminal.result(json.dumps(entry.model_dump(mode="json"), indent=2) if arguments.json else entry.id)
    return 0


def _list(arguments: argparse.Namespace, terminal: Terminal, options: Options) -> int:
    entries = open_lists(options).all()
    if arguments.json:
        terminal.result(json.dumps({"entries": [entry.model_dump(mode="json") for entry in entries]}, indent=2))
    for entry in () if arguments.json else entries:
        terminal.result(entry_line(entry))
    if not entries:
        terminal.say("The lists are empty")
    return 0


def _remove(arguments: argparse.Namespace, terminal: Terminal, options: Options) -> int:
    kind = open_lists(options).remove(arguments.id).kind
    note_change(options.trust, f"{kind} list", "removed", subjects=(arguments.id,))
    terminal.result(one_line(f"{arguments.id}: taken off the list, and its face forgotten"))
    return 0
