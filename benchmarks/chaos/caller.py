"""Asks the service for jobs, by the typed client, as programs of users do: `python -m benchmarks.chaos.caller`.

It may be killed at any moment. Begun again it goes on: what it had sent it knows from its journal, and what it does not
know it asks for again with the same idempotency key.
"""

from __future__ import annotations

import json
import random
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from benchmarks.chaos.journal import Journal
from facefusion.client import Client
from facefusion.client.asks import jobs
from facefusion.client.call import KEY_HEADER
from facefusion.client.retrying import Retries
from facefusion.client.values import Job
from facefusion.errors import (
    AccessUnavailableError,
    AuditBrokenError,
    AuditError,
    DiskFullError,
    FaceFusionError,
    JobStateError,
    JobsUnavailableError,
    OverloadedError,
    RequestBusyError,
    ServiceAnswerError,
    ServiceUnreachableError,
    StorageUnavailableError,
    TooManyRequestsError,
)

JOB: Final = "job/"
"""Begins the names of facts that tell of jobs; the number of the order follows."""
SURPRISE: Final = "surprise/"
"""Begins the names of facts that tell of what should not have happened."""
RETRIED: Final = "retried/"
"""Begins the names of facts that tell of jobs that had failed and were asked for again."""
_PAUSE: Final = 0.3
_PART: Final = 24 << 10
_SOURCES: Final = 20
_ACTIVE: Final = ("queued", "planning", "running", "merging")
_PASSING: Final = (
    *(ServiceUnreachableError, JobsUnavailableError, StorageUnavailableError, RequestBusyError, OverloadedError),
    *(DiskFullError, AuditError, TooManyRequestsError, AccessUnavailableError),
)


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be asked for.

    Attributes:
        url: of the service.
        keys: by tenant.
        wishes: source, target and output; one is taken at random for each job.
        jobs: least number of jobs.
        ahead: jobs that are not finished at one time.
        seed: of what is asked for.
        enough: file that appears when no more than `jobs` need be asked for.
        journal: file for what was asked for.
    """

    url: str
    keys: dict[str, str]
    wishes: tuple[tuple[str, str, str], ...]
    jobs: int
    ahead: int
    seed: int
    enough: str
    journal: str

    def to_line(self) -> str:
        """Return the line from which `of_line` makes it again."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Return the errand of a line."""
        values: dict[str, Any] = json.loads(line)
        source: list[list[str]] = values["wishes"]
        return cls(**{**values, "wishes": tuple((each[0], each[1], each[2]) for each in source)})


class Caller:
    """Does an errand.

    Args:
        errand: what is asked for.
        clients: by tenant.
    """

    def __init__(self, errand: Errand, clients: dict[str, Client]) -> None:
        self._errand, self._clients = errand, clients
        self._journal = Journal(Path(errand.journal))

    def run(self) -> None:
        """Ask until there are enough jobs, and all have succeeded; what is away is waited for."""
        while not self._is_done():
            try:
                if not self._went_on():
                    time.sleep(_PAUSE)
            except FaceFusionError as error:
                if not _passes(error):
                    self._journal.note(f"{SURPRISE}{type(error).__name__}: {error}", time.ctime())
                time.sleep(_PAUSE)

    def _is_done(self) -> bool:
        return self._journal.get("done") is not None

    def _went_on(self) -> bool:
        """Ask for one more job where there may be one; note when nothing is left to do."""
        number = len(self._journal.below(JOB))
        is_enough = number >= self._errand.jobs and Path(self._errand.enough).exists()
        unfinished = sum(self._unfinished(tenant) for tenant in self._clients)
        if is_enough and not unfinished:
            self._journal.note("done", "")
            return True
        if is_enough or unfinished >= self._errand.ahead:
            return False
        self._ask_for(number)
        return True

    def _unfinished(self, tenant: str) -> int:
        """Return how many jobs are not finished; those that failed because something was away are tried again."""
        client = self._clients[tenant]
        for job in client.jobs.page(state=["failed"]).items:
            self._retry(client, job)
        return len(client.jobs.page(state=_ACTIVE).items)

    def _retry(self, client: Client, job: Job) -> None:
        self._journal.note(f"{RETRIED}{job.id}/{job.revision}", "" if job.error is None else job.error.what)
        with suppress(JobStateError):  # it was tried again already, and the answer got lost
            client.jobs.retry(job.id)

    def _ask_for(self, number: int) -> None:
        errand, chance = self._errand, random.Random(f"{self._errand.seed}/{number}")
        tenant, (source, target, output) = chance.choice(sorted(errand.keys)), chance.choice(errand.wishes)
        client = self._clients[tenant]
        source_id = self._sent(client, f"source/{tenant}/{Path(source).name}/{number // _SOURCES}", source)
        target_id = self._sent(client, f"target/{number}", target)
        asked = jobs.submit(f"upload:{target_id}", output, sources=[f"upload:{source_id}"], priority=number % 10)
        # Of one's own, so that the same is asked for by whoever comes after this process.
        job = client.do(replace(asked, headers={**asked.headers, KEY_HEADER: f"{errand.seed}/{number}"}))
        self._journal.note(f"{JOB}{number}", job.id)

    def _sent(self, client: Client, name: str, path: str) -> str:
        known = self._journal.get(name)
        if known is None:
            known = client.uploads.send(path, part=_PART).id
            self._journal.note(name, known)
        return known


def _passes(error: FaceFusionError) -> bool:
    if isinstance(error, ServiceAnswerError):
        return error.status >= 500
    return isinstance(error, _PASSING) and not isinstance(error, AuditBrokenError)


def main() -> int:
    """Do the errand that is read."""
    errand = Errand.of_line(sys.stdin.readline())
    retries = Retries(times=2, first=0.3, longest=3.0)
    with ExitStack() as ending:
        clients = {
            tenant: ending.enter_context(Client(errand.url, key=key, timeout=20, retries=retries))
            for tenant, key in errand.keys.items()
        }
        Caller(errand, clients).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
