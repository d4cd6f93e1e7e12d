"""`facefusion consent`: put consents on record, show, revoke and pass them on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from facefusion.cli.consent_text import consent_facts, consent_line, consent_lines, holds, state
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.records import note_change
from facefusion.cli.terminal import Terminal, one_line
from facefusion.cli.times import ending, moment
from facefusion.engine.consents import faces_of_person, open_consents
from facefusion.errors import ConsentRecordError, OptionsError
from facefusion.media.output import atomic_output, check_place
from facefusion.options import Options, load_options
from facefusion.trust.consent import Consent, ConsentFile, Scope, file_text, read_evidence, verify_file
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.pem import fingerprint, public_pem, read_public_key

_PURPOSE = "consent files"
_OWN = 0o600


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every verb needs."""

    arguments: argparse.Namespace
    terminal: Terminal
    options: Options
    now: datetime

    @property
    def keys(self) -> KeyRing:
        """The keys of this place."""
        return KeyRing.open(trust_home(self.options.trust.trust_dir, self.options.trust.trust_key_file))

    def note(self, action: str, consent: Consent) -> None:
        """Tell the audit log what was done with a consent, and with whose; it keeps pseudonyms of both."""
        subjects = () if consent.person is None else (consent.person,)
        note_change(self.options.trust, "consent", action, consents=(consent.id,), subjects=subjects)

    def answer(self, facts: dict[str, Any], text: str) -> int:
        """Print what was asked for, as JSON or as text."""
        self.terminal.result(json.dumps(facts, indent=2) if self.arguments.json else text)
        return 0


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    return _VERBS[arguments.verb](_Desk(arguments, context.terminal, options, datetime.now(UTC)))


def _add(desk: _Desk) -> int:
    arguments = desk.arguments
    scope = _scope(desk)
    _checked_names(arguments)
    evidence = [read_evidence(text) for text in arguments.evidence]
    faces = faces_of_person(arguments.pictures, desk.options)
    consent = open_consents(desk.options).add(
        faces, granted_by=arguments.granted_by, person=arguments.name, scope=scope, evidence=evidence
    )
    desk.note("added", consent)
    desk.terminal.say("\n".join(consent_lines(consent, desk.now)))
    return desk.answer(consent_facts(consent, desk.now), consent.id)


def _scope(desk: _Desk) -> Scope:
    arguments = desk.arguments
    begins = desk.now if arguments.begins is None else moment(arguments.begins, "--from", end=False)
    try:
        return Scope(
            project=arguments.of_project,
            processors=_split(arguments.of_processors),
            territories=_split(arguments.territories),
            valid_from=begins,
            until=ending(arguments.until, begins),
        )
    except ValidationError as error:
        first = error.errors()[0]
        hint = "Territories are two capital letters, such as DE; names have at most 200 characters"
        raise OptionsError(f"--{first['loc'][0]} {first['input']!r} is not understood", hint) from error


def _checked_names(arguments: argparse.Namespace) -> None:
    for flag, name in (("--granted-by", arguments.granted_by), ("--name", arguments.name)):
        if name is not None and not 1 <= len(name.strip()) <= len(name) <= 200:
            raise OptionsError(f"{flag} is empty or longer than 200 characters", "Give a name")


def _list(desk: _Desk) -> int:
    consents = [each for each in open_consents(desk.options).all() if desk.arguments.all or holds(each, desk.now)]
    if desk.arguments.json:
        return desk.answer({"consents": [consent_facts(each, desk.now) for each in consents]}, "")
    for consent in consents:
        desk.terminal.result(consent_line(consent, desk.now))
    if not consents:
        desk.terminal.say("No consent is on record that holds; --all shows those that were revoked or ended")
    return 0


def _show(desk: _Desk) -> int:
    store = open_consents(desk.options)
    consent = store.get(desk.arguments.id)
    store.evidence(consent.id)
    return desk.answer(consent_facts(consent, desk.now), "\n".join(consent_lines(consent, desk.now)))


def _evidence(desk: _Desk) -> int:
    store, folder = open_consents(desk.options), desk.arguments.output
    consent = store.get(desk.arguments.id)
    contents = store.evidence(consent.id)
    if not folder.is_dir():
        raise OptionsError(f"There is no folder {folder}", "Make it first or choose another")
    for number, (fact, content) in enumerate(zip(consent.evidence, contents, strict=True)):
        path = folder / f"{consent.id}-{number}-{Path(fact.name).name}"
        check_place(path, inputs=(), overwrite=False)
        with atomic_output(path) as part:
            part.chmod(_OWN)
            part.write_bytes(content)
        desk.terminal.result(str(path))
    return 0


def _revoke(desk: _Desk) -> int:
    consent = open_consents(desk.options).revoke(desk.arguments.id, desk.arguments.reason[:1000])
    desk.note("revoked", consent)
    desk.terminal.result(one_line(f"{consent.id}: {state(consent, desk.now)}"))
    return 0


def _erase(desk: _Desk) -> int:
    store = open_consents(desk.options)
    consent = store.get(desk.arguments.id)
    store.erase(consent.id)
    desk.note("removed", consent)
    desk.terminal.result(one_line(f"{desk.arguments.id}: forgotten, with face and evidence"))
    return 0


def _export(desk: _Desk) -> int:
    arguments, store = desk.arguments, open_consents(desk.options)
    consent, output = store.get(arguments.id), arguments.output
    overwrite = desk.options.output.overwrite if "overwrite" in option_values(arguments) else False
    check_place(output, inputs=(), overwrite=overwrite)
    key = desk.keys.signing_key(_PURPOSE)
    faces = store.faces(consent.id) if arguments.with_face else ()
    evidence = store.evidence(consent.id) if arguments.with_evidence else ()
    with atomic_output(output) as part:
        part.chmod(_OWN)
        part.write_text(file_text(consent, key, desk.now, faces=faces, evidence=evidence), "utf-8")
    desk.note("exported", consent)
    desk.terminal.say(f"signed by the key {fingerprint(key.public_key())}; `facefusion consent key` prints it")
    desk.terminal.result(str(output))
    return 0


def _import(desk: _Desk) -> int:
    found, store = _verified(desk), open_consents(desk.options)
    consent = found.consent
    held = next((each for each in store.all() if each.id == consent.id), None)
    own = fingerprint(desk.keys.public_key(_PURPOSE))
    if held is not None and (held.source or own) == found.signed_by:
        _bring_up_to_date(desk, found)
    elif not found.faces:
        raise ConsentRecordError(
            f"The file {desk.arguments.file} says nothing of the face, so that it could not be known again here",
            "Ask for one that was made with --with-face",
        )
    else:
        # evidence that is not in the file cannot be kept here: the digests stay in the file itself
        kept = {"source": found.signed_by} | ({} if found.evidence else {"evidence": ()})
        store.restore(consent.model_copy(update=kept), found.faces, found.evidence)
        desk.note("added", consent)
    desk.terminal.result(one_line(f"{consent.id}: {state(store.get(consent.id), desk.now)}"))
    return 0


def _bring_up_to_date(desk: _Desk, found: ConsentFile) -> None:
    """Take over from a file that a consent was revoked, which is all that may have changed of one."""
    revocation = found.consent.revocation
    if revocation is not None:
        open_consents(desk.options).revoke(found.consent.id, revocation.reason, at=revocation.at)
        desk.note("revoked", found.consent)


def _verify(desk: _Desk) -> int:
    found = _verified(desk)
    signed = f"signed by:    {found.signed_by}, {found.exported:%Y-%m-%d %H:%M} UTC"
    facts = consent_facts(found.consent, desk.now) | {
        "signed_by": found.signed_by,
        "exported": found.exported.isoformat(),
        "has_face": bool(found.faces),
        "has_evidence": bool(found.evidence),
    }
    return desk.answer(facts, "\n".join([*consent_lines(found.consent, desk.now), signed]))


def _verified(desk: _Desk) -> ConsentFile:
    keys: list[Ed25519PublicKey] = [read_public_key(path, ConsentRecordError) for path in desk.arguments.key]
    return verify_file(desk.arguments.file, keys or [desk.keys.public_key(_PURPOSE)])


def _key(desk: _Desk) -> int:
    desk.terminal.result(public_pem(desk.keys.public_key(_PURPOSE)).decode().rstrip())
    return 0


def _split(values: list[str]) -> tuple[str, ...]:
    """Take lists as `a b` and as `a,b`."""
    return tuple(dict.fromkeys(part.strip() for value in values for part in value.split(",") if part.strip()))


_VERBS: dict[str, Callable[[_Desk], int]] = {
    "add": _add,
    "list": _list,
    "show": _show,
    "evidence": _evidence,
    "revoke": _revoke,
    "erase": _erase,
    "export": _export,
    "import": _import,
    "verify": _verify,
    "key": _key,
}
