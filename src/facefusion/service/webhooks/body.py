"""What a message says: identifiers, states, times, digests and links. No names, no paths, no pictures, no reasons.

Whoever is told and wants more asks the service, which looks at who is asking.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row

from facefusion.jobs.database import maybe_moment, moment

_OF_RESULT: Final = ("sha256", "size")
_OF_ERROR: Final = ("type", "code")
_OF_KIND: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "segment.done": ("segment", ("number", "done", "of")),
        "job.measured": ("quality", ("flags",)),
        "storage.full": ("storage", ("stored", "most")),
        "webhook.disabled": ("webhook", ("webhook", "reason")),
    }
)
"""What events of a kind say beside the job: under which name, and which of their facts."""


def body_of(row: Row[Any], public_url: str | None) -> bytes:
    """Return the body of a message, the same at each call.

    Args:
        row: of `DELIVERIES`.
        public_url: by which others reach the service; no links when None.
    """
    data: dict[str, Any] = {}
    if row.job is not None:
        data["job"] = _job(row)
        if public_url is not None:
            data["links"] = _links(row.job, row.job_state, public_url)
    data.update(_own(row.kind, row.facts or {}))
    whole = {"type": row.kind, "timestamp": moment(row.at).isoformat(), "data": data}
    return json.dumps(whole, separators=(",", ":"), sort_keys=True).encode()


def _job(row: Row[Any]) -> dict[str, Any]:
    error, result = row.job_error, row.job_result
    times = {name: getattr(row, f"job_{name}") for name in ("created", "started", "finished")}
    return {
        "id": row.job,
        "state": row.job_state,
        "revision": row.job_revision,
        **{name: time and maybe_moment(time).isoformat() for name, time in times.items()},  # type: ignore[union-attr]
        "segments": row.job_segments,
        "frames": row.job_frames,
        "error": None if error is None else {name: error.get(name) for name in _OF_ERROR},
        "result": None if result is None else _result(result),
    }


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return digest and size of a result, wherever in it they are told."""
    inner: Mapping[str, Any] = next(
        (each for each in (result, result.get("output"), *_several(result)) if _has_digest(each)), {}
    )
    return {name: inner.get(name) for name in _OF_RESULT}


def _several(result: Mapping[str, Any]) -> list[Any]:
    found = result.get("outputs") or result.get("files") or []
    return list(found) if isinstance(found, list | tuple) else []


def _has_digest(value: Any) -> bool:
    return isinstance(value, Mapping) and "sha256" in value


def _links(job: str, state: str, public_url: str) -> dict[str, str]:
    own = f"{public_url.rstrip('/')}/v1/jobs/{job}"
    return {"job": own, "result": f"{own}/result"} if state == "succeeded" else {"job": own}


def _own(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    name, wanted = _OF_KIND.get(kind, ("", ()))
    said = {each: facts[each] for each in wanted if each in facts}
    return {name: said} if said else {}
