"""What workers are called: by their names to whoever runs the service, to others by names that tell no machine."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final

from facefusion.service.gateway.caller import Caller
from facefusion.service.records import Records

_PURPOSE: Final = "names of workers for tenants"
_DIGITS: Final = 8

WorkerNames = Callable[[str], str]
"""Returns what a worker is called."""


def worker_names(records: Records, caller: Caller) -> WorkerNames:
    """Return what workers are called to somebody.

    A worker's own name holds that of its machine. A tenant gets another, `worker-3f9c2a71`: always the same for one
    worker, so that it still shows where failures come from the same one.

    Args:
        records: of this place, which has the key that names are made by.
        caller: who is told.
    """
    if "platform" in caller.scopes:
        return str
    key = records.ring.derived(_PURPOSE)

    def named(worker: str) -> str:
        digest = hmac.new(key, f"{caller.tenant}\0{worker}".encode(), hashlib.sha256).hexdigest()
        return f"worker-{digest[:_DIGITS]}" if worker else ""

    return named


def with_names(facts: Mapping[str, Any], names: WorkerNames) -> dict[str, Any]:
    """Return facts in which a worker is called as somebody is told of it."""
    worker = facts.get("worker")
    return dict(facts) | {"worker": names(worker)} if isinstance(worker, str) else dict(facts)
