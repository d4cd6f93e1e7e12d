"""`facefusion trust`: the keys and certificates of this place."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from facefusion.cli.asking import accept, ask, machine_language
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.terminal import one_line
from facefusion.errors import SecretError
from facefusion.options import load_options
from facefusion.options.trust import TrustOptions
from facefusion.trust.acknowledgement import TEXTS, ensure_acknowledged
from facefusion.trust.actor import actor_of
from facefusion.trust.home import trust_home, usual_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.provenance.authority import LocalAuthority, known_anchor


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config).trust
    if arguments.verb == "acknowledge":
        return _acknowledge(arguments, context, options)
    if arguments.verb == "show":
        _refuse_nothing(options)
    home = trust_home(options.trust_dir, options.trust_key_file)
    authority = LocalAuthority.open(home, KeyRing.open(home))
    if arguments.verb == "show" and arguments.pem:
        context.terminal.result(authority.anchor().strip())
        return 0
    facts = authority.facts()
    shown = json.dumps({"folder": str(home)} | facts, indent=2) if arguments.json else _as_text(home, facts)
    context.terminal.result(shown)
    return 0


def _acknowledge(arguments: argparse.Namespace, context: Context, options: TrustOptions) -> int:
    """Show the terms of use; ask whoever sits at a terminal, and take the word of the option of others."""
    language = arguments.language or machine_language()
    if options.acknowledge or not ask(options, context.terminal, language=language):
        context.terminal.result(TEXTS[language])
    if options.acknowledge:
        accept(options)
    ensure_acknowledged(trust_home(options.trust_dir, options.trust_key_file), actor_of(options), given=False)
    context.terminal.say("The terms of use are known here")
    return 0


def _refuse_nothing(options: TrustOptions) -> None:
    """Looking makes nothing."""
    home = options.trust_dir or usual_home()
    if known_anchor(home) is None:
        raise SecretError(f"There are no certificates in {home} yet", "Run `facefusion trust init`")


def _as_text(home: Path, facts: dict[str, dict[str, str]]) -> str:
    lines = [f"folder: {one_line(str(home))}"]
    for name, value in facts.items():
        lines.append(f"{name} certificate: {value['subject']}")
        lines.append(f"  SHA-256      {value['fingerprint']}")
        lines.append(f"  serial       {value['serial']}")
        lines.append(f"  valid        {value['valid_from'][:10]} to {value['valid_until'][:10]}")
    return "\n".join(lines)
