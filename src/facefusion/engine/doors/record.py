"""What the audit log is told of one job."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from facefusion.engine.versions import version
from facefusion.errors import AuditError, CancelledError, TrustError
from facefusion.trust.audit import AuditLog, error_facts
from facefusion.trust.policy import Policy

_PATIENCE: Final = 60.0
"""Seconds for which a log that is away is waited for, once the work is done."""
_FIRST_WAIT: Final = 0.2
_MOST_WAIT: Final = 5.0


@dataclass(slots=True)
class Record:
    """Tells the audit log of one job, from its admission to what became of it.

    Attributes:
        audit: the log.
        tenant: for whom the job is done.
        actor: who does it.
        policy: that holds; None where it cannot be used.
        job: number of the job, the same in all of its entries.
        may_repeat: whether the job may be done again under that number, as a worker does it whose forerunner was lost:
            the same outputs are recorded once then, and a log that is away for a moment is waited for.
        processors: what is done.
        models: by what: name and SHA-256 of the weights of each.
        consents: numbers of the consents that cover it.
        subjects: whose faces they are for, where names are on record.
        inputs: SHA-256 of each.
    """

    audit: AuditLog
    tenant: str
    actor: str
    policy: Policy | None
    job: str = field(default_factory=lambda: secrets.token_hex(16))
    may_repeat: bool = False
    processors: Sequence[str] = ()
    models: Sequence[tuple[str, str]] = ()
    consents: Sequence[str] = ()
    subjects: Sequence[str] = ()
    inputs: Sequence[str] = ()
    _is_admitted: bool = False
    _start: float = field(default_factory=time.perf_counter)

    def acknowledged(self) -> None:
        """Record that the terms of use are known here from now on.

        Raises:
            AuditError: the entry cannot be written.
        """
        self._append("changed", {"record": "acknowledgement", "action": "added"})

    def admitted(self) -> None:
        """Record that the job may be done.

        Raises:
            AuditError: the entry cannot be written; nothing may be done then.
        """
        self._append("admitted", self._facts())
        self._is_admitted = True

    def published(self, outputs: Iterable[str], marks: Sequence[str], **more: Any) -> None:
        """Record that the outputs are put in place now.

        Args:
            outputs: SHA-256 of each.
            marks: what they are disclosed by.
            more: further facts.

        Raises:
            AuditError: the entry cannot be written; nothing may leave then.
        """
        facts = self._done() | {"outputs": tuple(outputs), "marks": tuple(marks)} | more
        if self.may_repeat:
            self._append_once("published", facts)
        else:
            self._append("published", facts)

    def streamed(self, marks: Sequence[str], **more: Any) -> None:
        """Record that frames are shown from now on, or, with `frames`, that so many were.

        Args:
            marks: what they are disclosed by.
            more: further facts.

        Raises:
            AuditError: the entry cannot be written; nothing may be shown then.
        """
        facts = self._done() if "frames" in more else self._facts()
        self._append("streamed", facts | {"marks": tuple(marks)} | more)

    def ended(self, error: BaseException) -> None:
        """Record that the job ended without an output, and why.

        What is wrong with the call itself, such as a name that is misspelt, is nobody's business but the caller's.
        """
        facts = self._facts() | error_facts(error)
        if isinstance(error, TrustError):
            self._append("refused", facts)
        elif self._is_admitted:
            is_stopped = isinstance(error, CancelledError | KeyboardInterrupt)
            self._append("cancelled" if is_stopped else "failed", facts | self._done())

    def _facts(self) -> dict[str, Any]:
        return {
            "job": self.job,
            "policy": self.policy and {"name": self.policy.name.lower(), "digest": self.policy.digest},
            "processors": tuple(self.processors),
            "models": tuple({"name": name, "digest": digest} for name, digest in self.models),
            "consents": tuple(self.consents),
            "subjects": tuple(self.subjects),
            "inputs": tuple(self.inputs),
            "version": version(),
        }

    def _done(self) -> dict[str, Any]:
        return self._facts() | {"milliseconds": round((time.perf_counter() - self._start) * 1000)}

    def _append_once(self, kind: str, facts: dict[str, Any]) -> None:
        wait, end = _FIRST_WAIT, time.monotonic() + _PATIENCE
        while True:
            try:
                self.audit.append_once(kind, tenant=self.tenant, actor=self.actor, facts=facts)
            except AuditError as error:
                is_away = error.__cause__ is not None  # what may not be written, or was altered, has no other reason
                if not is_away or time.monotonic() + wait > end:
                    raise
                time.sleep(wait)
                wait = min(_MOST_WAIT, 2 * wait)
            else:
                return

    def _append(self, kind: str, facts: dict[str, Any]) -> None:
        self.audit.append(kind, tenant=self.tenant, actor=self.actor, facts=facts)
