"""Which processes are there, of which version, and when the service last removed what is old."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from facefusion.engine.versions import version
from facefusion.service.cluster.known import Process, known_processes
from facefusion.service.cluster.values import Finding, Place

_LATE_SECONDS: Final = 600.0


def look_workers(place: Place) -> Finding:
    """Look which workers there are, and on what they compute."""
    workers = [each for each in known_processes(place) if each.kind == "worker"]
    there = [each for each in workers if each.is_there]
    if not there:
        lost = f"; {len(workers)} are silent" if workers else ""
        return Finding("fail", f"none is there{lost}", "start facefusion worker; jobs wait until then")
    kinds = Counter(_device(each) for each in there)
    hosts = len({each.host for each in there})
    found = f"{len(there)} on {hosts} machine(s): " + ", ".join(f"{count} × {kind}" for kind, count in kinds.items())
    if len(there) < len(workers):
        silent = [each.name for each in workers if not each.is_there]
        return Finding(
            "warn",
            f"{found}; silent: {', '.join(silent)}",
            "their machines are lost, or cannot reach the database; what they did is given to others",
        )
    if len(kinds) > 1:
        return Finding("warn", found, "take one kind of card in a cluster: segments of different kinds may differ")
    return Finding("ok", found)


def look_services(place: Place) -> Finding:
    """Look which processes of the service there are."""
    services = _services(place)
    if not services:
        return Finding("warn", "no process of it is there", "start facefusion serve, unless jobs come by other ways")
    return Finding("ok", f"{len(services)} on {len({each.host for each in services})} machine(s)")


def look_versions(place: Place) -> Finding:
    """Look whether all run the same version."""
    there = [each for each in known_processes(place) if each.is_there]
    found = Counter(str(each.facts.get("version")) for each in there)
    found[version()] += 1
    told = ", ".join(f"{count} × {name}" for name, count in sorted(found.items()))
    if len(found) == 1:
        return Finding("ok", f"{told}, this one among them")
    return Finding("warn", told, "finish the upgrade: docs/deploy/upgrade.md says in which order")


def look_retention(place: Place) -> Finding:
    """Look when the service last removed what is kept no longer."""
    services = _services(place)
    if not services:
        return Finding("warn", "no service is there that would do it", "start facefusion serve")
    last = [moment for moment in map(_upkeep, services) if moment is not None]
    if not last:
        return Finding("warn", "no service has done it yet", "look again in a minute, and at the service's log")
    ago = (datetime.now(UTC) - max(last)).total_seconds()
    found = f"last done at {max(last):%Y-%m-%d %H:%M:%S} UTC"
    if ago > _LATE_SECONDS:
        return Finding("fail", found, "look at the service's log: something keeps it from being done")
    return Finding("ok", found)


def _services(place: Place) -> Sequence[Process]:
    return [each for each in known_processes(place) if each.kind == "service" and each.is_there]


def _device(process: Process) -> str:
    providers = process.facts.get("providers")
    kind = ", ".join(map(str, providers)) if isinstance(providers, list) and providers else "auto"
    return f"{kind} with {process.facts.get('slots', 1)} slot(s)"


def _upkeep(process: Process) -> datetime | None:
    told = process.facts.get("upkeep")
    try:
        return datetime.fromisoformat(str(told)) if told else None
    except ValueError:
        return None
