"""How consents and entries of lists look: as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from facefusion.cli.terminal import one_line
from facefusion.trust.blocklist import ListEntry
from facefusion.trust.consent import Consent


def state(consent: Consent, now: datetime) -> str:
    """Return what a consent is worth at a moment, in a word or two."""
    scope = consent.scope
    if consent.revocation is not None:
        return f"revoked {_time(consent.revocation.at)}"
    if now < scope.valid_from:
        return f"from {_time(scope.valid_from)} on"
    return f"ended {_time(scope.until)}" if scope.until is not None and now >= scope.until else "holds"


def holds(consent: Consent, now: datetime) -> bool:
    """Return whether a consent holds at a moment, or will hold."""
    return consent.revocation is None and (consent.scope.until is None or now < consent.scope.until)


def consent_line(consent: Consent, now: datetime) -> str:
    """Return the one line of a list."""
    scope = consent.scope
    facts = [
        consent.person or "(no name)",
        f"by {consent.granted_by}",
        f"project {scope.project}" if scope.project else "all projects",
        ", ".join(scope.processors) or "all processors",
        ", ".join(scope.territories) or "everywhere",
        f"until {_time(scope.until)}" if scope.until else "without an end",
    ]
    return one_line(f"{consent.id}  {state(consent, now)}: {'; '.join(facts)}")


def consent_lines(consent: Consent, now: datetime) -> Iterator[str]:
    """Yield all that is known of a consent."""
    scope = consent.scope
    yield from _pairs(
        {
            "consent": f"{consent.id}, {state(consent, now)}",
            "face": f"{consent.person or '(no name)'}, from {consent.pictures} picture(s)",
            "granted by": consent.granted_by,
            "signed by": consent.signature.signer if consent.signature else "",
            "project": scope.project or "all",
            "processors": ", ".join(scope.processors) or "all",
            "territories": ", ".join(scope.territories) or "everywhere",
            "holds from": _time(scope.valid_from),
            "until": _time(scope.until) if scope.until else "it is revoked",
            "recorded": _time(consent.recorded),
            "revoked": consent.revocation.reason or "no reason was given" if consent.revocation else "",
            "taken over": f"from the place with the key {consent.source}" if consent.source else "",
        }
    )
    for number, fact in enumerate(consent.evidence):
        yield one_line(f"evidence {number}:   {fact.kind}, {fact.name}, {fact.bytes} bytes, sha256 {fact.sha256}")


def consent_facts(consent: Consent, now: datetime) -> dict[str, Any]:
    """Return all that is known of a consent, as JSON values."""
    return {**consent.model_dump(mode="json"), "state": state(consent, now), "digest": consent.digest}


def entry_line(entry: ListEntry) -> str:
    """Return the one line of an entry."""
    end = f"until {_time(entry.until)}" if entry.until else "without an end"
    return one_line(f"{entry.id}  {entry.kind}: {end}; {entry.basis}{f'; {entry.reason}' if entry.reason else ''}")


def _pairs(facts: dict[str, str]) -> Iterator[str]:
    yield from (one_line(f"{name + ':':14}{text}") for name, text in facts.items() if text)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
