"""What the gateway decided, for the audit log: changes one by one, refusals by kind, reads by number.

One thread writes, all that came while it wrote the last time together. So many requests a second cost few entries, and
who waits for an entry waits for one write at most.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol

from facefusion.errors import TrustError
from facefusion.service.gateway.caller import Caller
from facefusion.trust.audit import NewEntry

_LOG: Final = logging.getLogger(__name__)
_NOBODY: Final = "nobody"
_PAUSE: Final = 1.0
"""Seconds for which refusals are gathered, and between tries while the log cannot be written."""
_MOST_KINDS: Final = 5_000
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")
_JOB: Final = re.compile(r"[0-9a-f][0-9a-f-]{7,63}")

_Refusal = tuple[str, str, str, int, str | None]


class Entries(Protocol):
    """What entries are written to: an `AuditLog`."""

    def append_all(self, entries: Sequence[NewEntry]) -> object:
        """Write entries together.

        Raises:
            TrustError: they cannot be written.
        """
        ...


class DecisionLog:
    """Writes decisions to the audit log.

    Args:
        log: where they go.
        tenant: under whom those stand that are about nobody known.
        seconds: between two entries about reads.
        clock: tells seconds.
    """

    def __init__(
        self, log: Entries, *, tenant: str, seconds: float = 600, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log, self._tenant, self._seconds, self._clock = log, tenant, seconds, clock
        self._changes: list[tuple[NewEntry, Future[None]]] = []
        self._refusals: Counter[_Refusal] = Counter()
        self._counted: Counter[tuple[str, str, str]] = Counter()
        self._counted_since = clock()
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closing = self._is_stuck = False

    @property
    def is_stuck(self) -> bool:
        """Whether the log cannot be written now: nothing must be changed meanwhile."""
        return self._is_stuck or (self._thread is not None and not self._is_closing and not self._thread.is_alive())

    def changed(self, caller: Caller | None, operation: str | None, status: int, job: object = None) -> Future[None]:
        """Note that somebody changed something.

        Args:
            caller: who; None where a route let in somebody whom the gateway does not know.
            operation: which.
            status: of the answer.
            job: identifier of the job it is about.

        Returns:
            What is done when the entry is on the disk.
        """
        facts: dict[str, Any] = {"operation": word(operation) or "other", "status": status}
        if isinstance(job, str) and _JOB.fullmatch(job):
            facts["job"] = job
        written: Future[None] = Future()
        written.set_running_or_notify_cancel()  # whoever does not wait for it any more cannot undo it
        tenant, actor = (self._tenant, _NOBODY) if caller is None else (caller.tenant, caller.actor)
        with self._turn:
            self._changes.append((NewEntry("called", tenant, actor, facts), written))
            self._wake()
        return written

    def refused(
        self, reason: str, status: int, operation: str | None, *, tenant: str | None = None, actor: str | None = None
    ) -> None:
        """Note that something was refused.

        Args:
            reason: why.
            status: of the answer.
            operation: which, where it is known.
            tenant: for whom somebody called; None where that is not known.
            actor: who; None where that is not known.
        """
        refusal = tenant or self._tenant, actor or _NOBODY, word(reason) or "refused", status, word(operation)
        with self._turn:
            if refusal not in self._refusals and len(self._refusals) >= _MOST_KINDS:
                refusal = self._tenant, _NOBODY, "several", status, None
            self._refusals[refusal] += 1
            self._wake(is_urgent=False)

    def counted(self, caller: Caller, what: str) -> None:
        """Count a request that changed nothing (`reads`), or that carried a part of an upload (`parts`)."""
        with self._turn:
            self._counted[caller.tenant, caller.actor, what] += 1
            self._wake(is_urgent=False)

    def close(self) -> None:
        """Write what is left, and end."""
        with self._turn:
            thread, self._is_closing = self._thread, True
            self._turn.notify_all()
        if thread is not None:
            thread.join()

    def _wake(self, *, is_urgent: bool = True) -> None:
        if self._thread is None and not self._is_closing:
            self._thread = threading.Thread(target=self._run, name="facefusion-decisions", daemon=True)
            self._thread.start()
        elif is_urgent:
            self._turn.notify_all()

    def _run(self) -> None:
        refusals_due = self._clock() + _PAUSE
        while True:
            with self._turn:
                if not (self._changes or self._is_closing):
                    self._turn.wait(_PAUSE)
                is_last = self._is_closing
                now = self._clock()
                changes, self._changes = self._changes, []
                refusals: Counter[_Refusal] = Counter()
                if now >= refusals_due or is_last or changes:
                    refusals, self._refusals = self._refusals, Counter()
                    refusals_due = now + _PAUSE
                counts = self._due_counts(now, is_last)
            self._write(changes, refusals, counts)
            if is_last:
                self._give_up()
                return

    def _due_counts(self, now: float, is_last: bool) -> list[NewEntry]:
        seconds = now - self._counted_since
        if not self._counted:
            self._counted_since = now
            return []
        if seconds < self._seconds and not is_last:
            return []
        counted, self._counted, self._counted_since = self._counted, Counter(), now
        facts: dict[tuple[str, str], dict[str, int]] = {}
        for (tenant, actor, what), count in counted.items():
            facts.setdefault((tenant, actor), {"seconds": round(seconds)})[what] = count
        return [NewEntry("counted", tenant, actor, each) for (tenant, actor), each in facts.items()]

    def _write(
        self,
        changes: list[tuple[NewEntry, Future[None]]],
        refusals: Mapping[_Refusal, int],
        counts: list[NewEntry],
    ) -> None:
        """Write entries; what cannot be written is tried again until it is, or until the end."""
        refused = [_entry(each, count) for each, count in refusals.items()]
        entries = [*(entry for entry, _ in changes), *refused, *counts]
        while entries:
            try:
                self._log.append_all(entries)
                break
            # Whatever went wrong: were this thread to end, nothing could be changed until the service is started anew.
            except Exception as error:  # noqa: BLE001
                if not self._is_stuck:
                    is_bug = not isinstance(error, TrustError)
                    _LOG.error(
                        "The audit log cannot be written; nothing is changed by the service meanwhile: %s",
                        error,
                        exc_info=is_bug,
                    )
                self._is_stuck = True
                with self._turn:
                    if self._is_closing:
                        _LOG.error("%d audit entries are lost: the log cannot be written", len(entries))
                        break
                    self._turn.wait(_PAUSE)
        else:
            return
        self._is_stuck = self._is_stuck and self._is_closing
        for _, written in changes:
            written.set_result(None)

    def _give_up(self) -> None:
        """Let nobody wait for what comes after the end."""
        with self._turn:
            for _, written in self._changes:
                written.set_result(None)


def word(text: str | None) -> str | None:
    """Return a name as entries have it; None where it cannot be one."""
    if text is None:
        return None
    found = text.lower().replace(" ", "-")
    return found if _WORD.fullmatch(found) else None


def _entry(refusal: _Refusal, count: int) -> NewEntry:
    tenant, actor, reason, status, operation = refusal
    facts = {"reason": reason, "status": status, "operation": operation, "count": count}
    return NewEntry("denied", tenant, actor, {name: value for name, value in facts.items() if value is not None})
