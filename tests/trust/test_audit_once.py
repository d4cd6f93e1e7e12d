"""Work that is done again is recorded once, and a log that is away for a moment is waited for."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from audit_material import job_facts, open_log, sha256

from facefusion.engine.doors.record import Record
from facefusion.errors import AuditError

WHO = {"tenant": "default", "actor": "operator"}


def test_the_same_output_of_a_job_is_recorded_once(tmp_path: Path) -> None:
    with closing(open_log(tmp_path / "home")) as log:
        facts = job_facts(outputs=[sha256("one")])
        first = log.append_once("published", **WHO, facts=facts | {"milliseconds": 10})
        assert log.append_once("published", **WHO, facts=facts | {"milliseconds": 20}) == first
        others = (job_facts(outputs=[sha256("two")]), job_facts("fedcba9876543210", outputs=[sha256("one")]))
        assert len({log.append_once("published", **WHO, facts=each).sequence for each in others}) == 2
        log.append_once("published", tenant="other", actor="operator", facts=facts)
        assert [entry.facts["outputs"] for entry in log.entries()] == [
            *([sha256("one")], [sha256("two")], [sha256("one")], [sha256("one")])
        ]
        assert log.verify().entries == 4


def test_what_may_not_be_written_is_refused_however_often(tmp_path: Path) -> None:
    with closing(open_log(tmp_path / "home")) as log, pytest.raises(AuditError, match="outputs"):
        log.append_once("published", **WHO, facts=job_facts(outputs=["no digest"]))


class Away:
    """A log that is away for some calls."""

    def __init__(self, times: int, cause: Exception | None) -> None:
        self.times, self.cause, self.written = times, cause, list[str]()

    def append_once(self, kind: str, **_: Any) -> None:
        if self.times:
            self.times -= 1
            raise AuditError("The audit log cannot be used") from self.cause
        self.written.append(kind)

    append = append_once


def record(log: Any, *, may_repeat: bool) -> Record:
    return Record(log, "default", "operator", None, may_repeat=may_repeat)


def test_a_log_that_is_away_when_a_job_of_a_worker_is_done_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = list[float]()
    monkeypatch.setattr(time, "sleep", waits.append)
    log = Away(4, OSError("no route"))
    record(log, may_repeat=True).published([sha256("one")], ())
    assert (log.written, waits) == (["published"], [0.2, 0.4, 0.8, 1.6])
    for cause, may_repeat in ((None, True), (OSError("no route"), False)):  # it may not be written; or nobody waits
        log = Away(1, cause)
        with pytest.raises(AuditError):
            record(log, may_repeat=may_repeat).published([sha256("one")], ())
        assert log.written == []
