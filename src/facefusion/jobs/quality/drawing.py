"""Drawing: which finished jobs are measured. The job's identifier decides, so that it can be told at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, insert

from facefusion.jobs.schema import SAMPLES
from facefusion.jobs.values import Job

_ALL: Final = 1 << 64


def is_drawn(job_id: str, share: float) -> bool:
    """Return whether a job is among those that are measured.

    Whoever is at one share is at each larger one, too.

    Args:
        job_id: of the job.
        share: of all jobs, 0 to 1.
    """
    digest = hashlib.sha256(f"quality\n{job_id}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * _ALL


def draw(connection: Connection, job: Job, now: int, inputs: Mapping[str, str]) -> None:
    """Have a job measured that is just finished.

    Args:
        connection: in a transaction that holds the job.
        job: which.
        now: the time.
        inputs: SHA-256 of the files that it was made of, by their references.
    """
    values = {"job": job.number, "tenant": job.tenant, "state": "waiting", "drawn": now, "not_before": now}
    connection.execute(insert(SAMPLES).values(values | {"inputs": dict(inputs)}))
