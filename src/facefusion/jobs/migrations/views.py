"""Views of the database of jobs, for those who ask it in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FAILURES: Final = """
SELECT jobs.id AS job,
       jobs.tenant AS tenant,
       {when} AS failed,
       {type} AS error_type,
       {what} AS error,
       last.kind AS stage,
       last.number AS number,
       last.worker AS worker,
       (SELECT count(*) FROM attempts JOIN tasks ON tasks.id = attempts.task WHERE tasks.job = jobs.number) AS attempts,
       (SELECT sum(attempts.seconds) FROM attempts JOIN tasks ON tasks.id = attempts.task
         WHERE tasks.job = jobs.number) AS seconds
  FROM jobs
  LEFT JOIN (SELECT tasks.job, tasks.kind, tasks.number, attempts.worker
               FROM tasks JOIN attempts ON attempts.task = tasks.id AND attempts.token = tasks.token
              WHERE tasks.state = 'dead') AS last ON last.job = jobs.number
 WHERE jobs.state = 'failed'
"""
VIEWS: Final[Mapping[str, Mapping[str, str]]] = {
    "job_failures": {
        "sqlite": _FAILURES.format(
            when="strftime('%Y-%m-%dT%H:%M:%fZ', jobs.finished / 1000000.0, 'unixepoch')",
            type="json_extract(jobs.error, '$.type')",
            what="json_extract(jobs.error, '$.what')",
        ),
        "postgresql": _FAILURES.format(
            when="to_timestamp(jobs.finished / 1000000.0)", type="jobs.error ->> 'type'", what="jobs.error ->> 'what'"
        ),
    }
}
"""By name: what each shows, in the words of each database."""
