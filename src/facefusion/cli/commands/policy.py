"""`facefusion policy`: what a policy requires and why, and who may sign one."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import tomli_w

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.records import note_change
from facefusion.cli.terminal import Terminal, one_line
from facefusion.errors import PolicyError
from facefusion.options import Options, load_options
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.pem import fingerprint, read_private_key, read_public_key
from facefusion.trust.policy import Policy, load_policy, policy_in_force
from facefusion.trust.policy.loading import read_policy
from facefusion.trust.policy.policy import shown_value
from facefusion.trust.policy.signing import sign_policy, signature_of, trust_key

_PURPOSE = "policies"
_ORIGINS = {
    "machine": "it is installed on this machine, and wins over --policy",
    "environment": "FACEFUSION_POLICY names it, and wins over --policy",
    "option": "the option policy names it",
    "place": "it was set for this folder of records, and counts where no other is named",
}


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    verbs = {"show": _show, "check": _check, "sign": _sign, "trust-key": _trust_key}
    options = load_options(option_values(arguments), config_path=arguments.config)
    return verbs[arguments.verb](arguments, context.terminal, options)


def _show(arguments: argparse.Namespace, terminal: Terminal, options: Options) -> int:
    policy = _shown(arguments, terminal, options)
    if arguments.json:
        terminal.result(json.dumps(policy.model_dump(mode="json", by_alias=True) | {"digest": policy.digest}, indent=2))
    elif arguments.toml:
        terminal.result(tomli_w.dumps(_tables(policy)).rstrip())
    else:
        terminal.result("\n".join(_lines(policy)))
    return 0


def _shown(arguments: argparse.Namespace, terminal: Terminal, options: Options) -> Policy:
    if arguments.name:
        return read_policy(arguments.name)
    found = policy_in_force(options.trust.policy, home=_home(options))
    terminal.say(f"in force: {one_line(found.policy.name)}; {_ORIGINS[found.origin]}")
    return found.policy


def _lines(policy: Policy) -> list[str]:
    signed = ", counts only when signed" if policy.signed else ""
    lines = [f"{policy.name}: {policy.description}{signed}", f"digest {policy.digest}"]
    for each in policy.rules():
        lines += [f"{each.name} = {shown_value(each.rule.value)}", f"    {each.rule.why}"]
    return list(map(_whole_line, lines))


def _whole_line(text: str) -> str:
    indent = len(text) - len(text.lstrip())
    return " " * indent + one_line(text.lstrip())


def _tables(policy: Policy) -> dict[str, Any]:
    content = policy.model_dump(by_alias=True)
    return {key: value for key, value in content.items() if key != "signed" or value}


def _check(arguments: argparse.Namespace, terminal: Terminal, options: Options) -> int:
    policy = load_policy(arguments.name, home=_home(options))
    signed = "signed by a key that is trusted here" if policy.signed else "needs no signature"
    terminal.result(one_line(f"{policy.name}: can be used, {signed}; digest {policy.digest}"))
    return 0


def _sign(arguments: argparse.Namespace, terminal: Terminal, options: Options) -> int:
    home = _home(options)
    policy, path = read_policy(arguments.name), signature_of(arguments.name, home)
    own = arguments.key is None
    key = KeyRing.open(home).signing_key(_PURPOSE) if own else read_private_key(arguments.key, PolicyError)
    found = sign_policy(policy, key, path)
    rules = {"name": policy.name, "digest": policy.digest}
    note_change(options.trust, "policy", "replaced", policy=rules)
    if not policy.signed:
        terminal.note(f"the policy {policy.name} is used without a signature as well, unless it says signed = true")
    terminal.say(f"signed with the key {found}; it counts where `facefusion policy trust-key` let the key in")
    terminal.result(str(path))
    return 0


def _trust_key(arguments: argparse.Namespace, terminal: Terminal, options: Options) -> int:
    home = _home(options)
    own = arguments.file is None
    key = KeyRing.open(home).public_key(_PURPOSE) if own else read_public_key(arguments.file, PolicyError)
    trust_key(key, home)
    note_change(options.trust, "policy", "added")
    terminal.result(f"{fingerprint(key)}: may sign policies of this place")
    return 0


def _home(options: Options) -> Path:
    return trust_home(options.trust.trust_dir, options.trust.trust_key_file)
