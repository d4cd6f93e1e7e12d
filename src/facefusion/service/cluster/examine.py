"""Looking at everything at once, within a bounded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from facefusion.errors import FaceFusionError
from facefusion.options import Options, ServingOptions
from facefusion.service.cluster.alike import look_keys, look_models_alike, look_policy, look_records, look_same_storage
from facefusion.service.cluster.broker import look_broker
from facefusion.service.cluster.certificates import look_certificate
from facefusion.service.cluster.database import look_clock, look_database
from facefusion.service.cluster.files import look_models, look_scratch, look_storage
from facefusion.service.cluster.processes import look_retention, look_services, look_versions, look_workers
from facefusion.service.cluster.queue import look_leases, look_queue
from facefusion.service.cluster.values import ClusterCheck, Finding, Look, Place
from facefusion.service.cluster.webhooks import look_deliveries, look_proxy

LOOKS: Final[Sequence[tuple[str, str, Look]]] = (
    ("database", "all jobs are kept there: without it nothing is taken and nothing is done", look_database),
    ("clock", "times of jobs are the database's; audit entries and requests to S3 bear this machine's", look_clock),
    ("broker", "wakes workers: without it jobs wait until workers look for themselves, or not at all", look_broker),
    ("storage", "uploads, segments and results lie there", look_storage),
    ("same storage", "what one process puts there another has to find", look_same_storage),
    ("service", "answers requests, and removes what is kept no longer", look_services),
    ("workers", "do the jobs", look_workers),
    ("versions", "segments that two versions made need not fit together", look_versions),
    ("models alike", "any worker may get any job, and has to know the models that it names", look_models_alike),
    ("models", "weights that are altered are refused, and the jobs that want them fail", look_models),
    ("keys", "consents, templates and the audit log can be read with the root secret they were made with", look_keys),
    ("policy", "a job has to keep to the same rules wherever it is done", look_policy),
    ("records", "consents and the audit log are one only where all share a database", look_records),
    ("queue", "jobs are done in their turn, and none waits for ever", look_queue),
    ("leases", "a task whose worker is gone is given to another", look_leases),
    ("retention", "uploads and results go when the policy says so", look_retention),
    ("webhook proxy", "all messages to webhooks go through it", look_proxy),
    ("webhooks", "others are told of what happens to jobs", look_deliveries),
    ("certificate", "clients refuse the service when it has ended", look_certificate),
    ("scratch", "a worker takes no task where it has too little room for it", look_scratch),
)
"""By name and what it is needed for."""


def examine(
    options: Options, serving: ServingOptions, *, seconds: float = 15.0, looks: Sequence[tuple[str, str, Look]] = LOOKS
) -> list[ClusterCheck]:
    """Look at everything that the processes of a cluster need and share; nothing but a probe is written.

    Args:
        options: of this place.
        serving: of the service and its workers.
        seconds: after which what has not answered counts as failed.
        looks: at what.

    Returns:
        what was found, in the order of the looks; no password of an address is in it.
    """
    place = Place(options, serving)
    running = [_Running(name, means, look, place) for name, means, look in looks]
    for each in running:
        each.thread.start()
    until = time.monotonic() + seconds
    for each in running:
        each.thread.join(max(0.0, until - time.monotonic()))
    return [each.check(seconds) for each in running]


@dataclass(slots=True)
class _Running:
    """One look in a thread of its own, which is left where it does not come back."""

    name: str
    means: str
    look: Look
    place: Place
    found: Finding | None = None
    seconds: float = 0.0
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name=f"facefusion doctor {self.name}", daemon=True)

    def check(self, seconds: float) -> ClusterCheck:
        """Return what was found by now."""
        found = self.found or Finding(
            "fail", f"no answer within {seconds:g} seconds", "look whether it is overloaded, or a network is cut"
        )
        said, advice = self.place.hidden(found.found), self.place.hidden(found.advice)
        took = round(self.seconds if self.found else seconds, 3)
        return ClusterCheck(self.name, found.status, said, self.means, advice, took)

    def _run(self) -> None:
        began = time.monotonic()
        try:
            found = self.look(self.place)
        except FaceFusionError as error:
            found = Finding("fail", error.what, error.hint)
        except Exception as error:  # noqa: BLE001 - of one look, which must not keep the others from being told
            found = Finding("fail", f"{type(error).__name__}: {error}", "look at it with --traceback, and report it")
        self.seconds = time.monotonic() - began
        self.found = found
