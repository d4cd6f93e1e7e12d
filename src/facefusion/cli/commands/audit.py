"""`facefusion audit`: what was done, by whom, under which rules; whether the log holds; retention and erasure."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from dataclasses import asdict
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.records import opened_log
from facefusion.cli.terminal import Terminal, one_line
from facefusion.errors import InputMissingError, OptionsError, OutputError, OutputExistsError
from facefusion.media.faults import writing
from facefusion.options import Options, load_options
from facefusion.trust.actor import actor_of
from facefusion.trust.audit import AuditLog, Entry, Proof, Wanted
from facefusion.trust.audit.facts import KINDS, RESULTS
from facefusion.trust.audit.people import ROLES, Role
from facefusion.trust.home import trust_home
from facefusion.trust.policy import policy_in_force
from facefusion.trust.privacy.lifecycle import duration

_ERASED: Final = "(erased or not kept)"
_PEOPLE: Final = ("actor", "consents", "subjects", "pseudonym")


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    with opened_log(options.trust) as log:
        _VERBS[arguments.verb](log, arguments, options, context.terminal)
    return 0


def _list(log: AuditLog, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    entries = log.entries(_wanted(arguments, options))
    if arguments.json:
        terminal.result(json.dumps({"entries": [_facts(log, entry) for entry in entries]}, indent=2))
        return
    name, count = cache(log.name), 0
    for count, entry in enumerate(entries, 1):  # noqa: B007 - counts them as they go by
        facts = entry.facts
        when, job = f"{entry.time:%Y-%m-%d %H:%M:%S}", facts.get("job", "")[:12]
        line = f"{entry.id[:12]}  {when}  {entry.kind:10} {job:12}  {name(facts['actor']) or _ERASED}{_more(facts)}"
        terminal.result(one_line(line))
    terminal.say(_counted(count))


def _more(facts: dict[str, Any]) -> str:
    """Return what tells an entry from others of its kind."""
    words = [facts[name] for name in ("error", "record", "action", "operation", "reason") if name in facts]
    words += [f"sha256 {digest[:12]}" for digest in facts.get("outputs", ())]
    words += [_counted(facts["entries"])] if "entries" in facts else []
    words += [f"files: {facts['files']}"] if "files" in facts else []
    return f"  {', '.join(words)}" if words else ""


def _show(log: AuditLog, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    facts = _facts(log, log.entry(arguments.id, tenant=options.trust.tenant))
    if arguments.json:
        terminal.result(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        if name == "people":
            continue
        values = value if isinstance(value, list) else [value]
        for each in values:
            shown = " ".join(map(str, each.values())) if isinstance(each, dict) else str(each)
            told = f"{shown}  {facts['people'][shown] or _ERASED}" if name in _PEOPLE else shown
            terminal.result(one_line(f"{name:12} {told}"))


def _verify(log: AuditLog, arguments: argparse.Namespace, _options: Options, terminal: Terminal) -> None:
    report = log.verify()
    facts: dict[str, Any] = asdict(report)
    lines = [f"The chain of {_counted(report.entries)} holds; the key is {report.public_key}"]
    if report.first > 1:
        lines.append(f"The first {_counted(report.first - 1)} were pruned, as a signed entry says")
    if arguments.copy:
        facts["copy"] = log.compare(arguments.copy)
        lines.append(f"{_counted(facts['copy'])} of the copy agree")
    if arguments.proof is not None:
        proof = log.check_proof(_read(arguments.proof))
        facts["proof"] = proof.model_dump()
        lines.append(f"The proof holds: the {proof.role} {proof.pseudonym} was erased at {proof.time}")
    terminal.result(json.dumps(facts, indent=2) if arguments.json else "\n".join(lines))


def _export(log: AuditLog, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    lines = (entry.line() for entry in log.entries(_wanted(arguments, options)))
    count = _write(arguments.file, "".join(f"{line}\n" for line in lines), _may_replace(arguments, options))
    terminal.say(_counted(count))
    terminal.result(str(arguments.file))


def _prune(log: AuditLog, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    keep = _retention(options) if arguments.keep is None else duration(arguments.keep)
    count = log.prune(keep, tenant=options.trust.tenant, actor=actor_of(options.trust))
    terminal.result(f"{_counted(count)} removed")


def _retention(options: Options) -> timedelta:
    """Return for how long the policy that holds keeps entries."""
    policy = policy_in_force(
        options.trust.policy, home=trust_home(options.trust.trust_dir, options.trust.trust_key_file)
    ).policy
    return timedelta(days=policy.audit.retention_days.value)


def _erase(log: AuditLog, arguments: argparse.Namespace, options: Options, terminal: Terminal) -> None:
    role, name = _person(arguments)
    if arguments.proof is not None and arguments.proof.exists() and not _may_replace(arguments, options):
        raise OutputExistsError(f"{arguments.proof} is there already", "Choose another name, or say --overwrite")
    proof = log.erase(role, name, tenant=options.trust.tenant, actor=actor_of(options.trust))
    path = arguments.proof or Path(f"erasure-{proof.pseudonym[:12]}.json")
    text = proof.model_dump_json(indent=2)
    try:
        _write(path, f"{text}\n", _may_replace(arguments, options))
    except OutputError:  # the person is erased, and there is no second proof
        terminal.result(text)
        raise
    terminal.say(_told(proof))
    terminal.result(str(path))


def _told(proof: Proof) -> str:
    inputs = f"; the keys of the inputs of {_counted(proof.input_digests)} are gone" if proof.input_digests else ""
    return f"Nothing leads from {_counted(proof.entries)} with the {proof.role} {proof.pseudonym} to the person{inputs}"


def _counted(count: int) -> str:
    return f"{count} entries" if count != 1 else "1 entry"


def _person(arguments: argparse.Namespace) -> tuple[Role, str]:
    names = {"actor": arguments.of_actor, "subject": arguments.subject, "consent": arguments.consent}
    return next((role, names[role]) for role in ROLES if names[role] is not None)


def _wanted(arguments: argparse.Namespace, options: Options) -> Wanted:
    given = vars(arguments)
    for name, known in (("kind", KINDS), ("result", RESULTS.values())):
        if given.get(name) is not None and given[name] not in known:
            raise OptionsError(f"There is no {name} {given[name]!r}", f"There are {', '.join(dict.fromkeys(known))}")
    values: dict[str, Any] = {name: given.get(name) for name in ("since", "job", "result", "consent", "subject")}
    digests: dict[str, Any] = {
        name: _digest(given[name]) for name in ("input", "output") if given.get(name) is not None
    }
    kinds = () if given.get("kind") is None else (given["kind"],)
    return Wanted(tenant=options.trust.tenant, kinds=kinds, actor=given.get("by_actor"), **values, **digests)


def _facts(log: AuditLog, entry: Entry) -> dict[str, Any]:
    """Return what an entry says, with what it hangs on and who the people in it are."""
    facts = entry.facts
    people: dict[str, str | None] = {}
    for name in _PEOPLE:
        value = facts.get(name, [])
        people |= {each: log.name(each) for each in (value if isinstance(value, list) else [value])}
    chain = {"previous": entry.previous, "digest": entry.digest, "signature": entry.signature}
    return facts | chain | {"people": people}


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputMissingError(f"{path} cannot be read: {error.strerror or error}", "Check its name") from error


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError as error:
        raise InputMissingError(f"{path} cannot be read: {error.strerror or error}", "Check its name") from error


def _may_replace(arguments: argparse.Namespace, options: Options) -> bool:
    """Return whether a file that is there may be replaced, as was said in the call itself."""
    return "overwrite" in option_values(arguments) and options.output.overwrite


def _write(path: Path, text: str, may_replace: bool) -> int:
    """Write a file for its owner alone; return its lines."""
    if path.exists() and not may_replace:
        raise OutputExistsError(f"{path} is there already", "Choose another name, or say --overwrite")
    with writing(path), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(text.encode())
    return text.count("\n")


_VERBS: Final = {
    "list": _list,
    "show": _show,
    "verify": _verify,
    "export": _export,
    "prune": _prune,
    "erase": _erase,
}
