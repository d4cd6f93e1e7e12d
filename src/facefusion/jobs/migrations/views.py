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
       {version} AS version,
       (SELECT count(*) FROM attempts JOIN tasks ON tasks.id = attempts.task WHERE tasks.job = jobs.number) AS attempts,
       (SELECT sum(attempts.seconds) FROM attempts JOIN tasks ON tasks.id = attempts.task
         WHERE tasks.job = jobs.number) AS seconds
  FROM jobs
  LEFT JOIN (SELECT tasks.job, tasks.kind, tasks.number, attempts.worker, attempts.facts
               FROM tasks JOIN attempts ON attempts.task = tasks.id AND attempts.token = tasks.token
              WHERE tasks.state = 'dead') AS last ON last.job = jobs.number
 WHERE jobs.state = 'failed'
"""
_QUALITY: Final = """
SELECT jobs.id AS job,
       samples.tenant AS tenant,
       {when} AS measured,
       samples.version AS version,
       {processors} AS processors,
       samples.is_suspicious AS is_suspicious,
       {flags} AS flags,
{figures}
  FROM quality_samples AS samples JOIN jobs ON jobs.number = samples.job
 WHERE samples.state = 'measured'
"""
_FIGURES: Final = {
    **dict.fromkeys(("frames", "faces"), "bigint"),
    **dict.fromkeys(("found", "changed", "changed_frames", "nearer", "to_source", "to_target"), "double precision"),
    **dict.fromkeys(("expression", "pose", "sharpness"), "double precision"),
}
_OF_SQLITE: Final = ",\n".join(
    f"       json_extract(samples.facts, '$.measures.{name}') AS {name}" for name in _FIGURES
)
_OF_POSTGRESQL: Final = ",\n".join(
    f"       (samples.facts -> 'measures' ->> '{name}')::{kind} AS {name}" for name, kind in _FIGURES.items()
)
VIEWS: Final[Mapping[str, Mapping[str, str]]] = {
    "job_failures": {
        "sqlite": _FAILURES.format(
            when="strftime('%Y-%m-%dT%H:%M:%fZ', jobs.finished / 1000000.0, 'unixepoch')",
            type="json_extract(jobs.error, '$.type')",
            what="json_extract(jobs.error, '$.what')",
            version="json_extract(last.facts, '$.version')",
        ),
        "postgresql": _FAILURES.format(
            when="to_timestamp(jobs.finished / 1000000.0)",
            type="jobs.error ->> 'type'",
            what="jobs.error ->> 'what'",
            version="last.facts ->> 'version'",
        ),
    },
    "job_quality": {
        "sqlite": _QUALITY.format(
            when="strftime('%Y-%m-%dT%H:%M:%fZ', samples.measured / 1000000.0, 'unixepoch')",
            processors="(SELECT group_concat(value, ',') FROM json_each(jobs.request, '$.options.processors'))",
            flags="(SELECT group_concat(value, ',') FROM json_each(samples.facts, '$.flags'))",
            figures=_OF_SQLITE,
        ),
        "postgresql": _QUALITY.format(
            when="to_timestamp(samples.measured / 1000000.0)",
            processors="(SELECT string_agg(value, ',')"
            " FROM json_array_elements_text(jobs.request -> 'options' -> 'processors') AS value)",
            flags="(SELECT string_agg(value, ',') FROM json_array_elements_text(samples.facts -> 'flags') AS value)",
            figures=_OF_POSTGRESQL,
        ),
    },
}
"""By name: what each shows, in the words of each database."""
