"""What has to be the same in all processes: each tells what it finds, and this one looks itself."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from facefusion.errors import OutputExistsError
from facefusion.jobs.alike import NONE, OWN_FILE, STORAGE_MARK, found_alike, storage_mark
from facefusion.jobs.opening import open_files
from facefusion.jobs.storage import Storage
from facefusion.service.cluster.known import Process, known_processes
from facefusion.service.cluster.values import Finding, Place

_HERE: Final = "here"
_MOST_NAMED: Final = 4


def look_same_storage(place: Place) -> Finding:
    """Look whether all find the same mark in storage; it is put there by whoever looks first."""
    storage = open_files(place.serving)
    mark = _marked(storage)
    return _compared(
        place,
        "storage",
        mark,
        "one storage",
        "give all of them the same --storage, --storage-endpoint and --storage-key-file; a folder has to be shared",
    )


def look_models_alike(place: Place) -> Finding:
    """Look whether all have the same weights."""
    advice = "bring them to the same with facefusion models export and import, or share one folder of models"
    return _compared(place, "models", _here(place)["models"], "the same weights", advice)


def look_keys(place: Place) -> Finding:
    """Look whether all have the same root secret."""
    advice = "give all of them one folder --trust-dir, or a copy of root.key and root.fingerprint, before they begin"
    return _compared(place, "keys", _here(place)["keys"], "one root secret", advice)


def look_policy(place: Place) -> Finding:
    """Look whether the same policy is in force for all."""
    advice = "give all of them the same --policy or FACEFUSION_POLICY; `facefusion policy show` tells what is in force"
    return _compared(place, "policy", _here(place)["policy"], "one policy", advice)


def look_records(place: Place) -> Finding:
    """Look whether all keep their records in one database."""
    processes = [each for each in known_processes(place) if each.is_there]
    here = _here(place)["records"]
    if here == OWN_FILE and {each.alike("records") for each in processes} <= {OWN_FILE, None}:
        hosts = {each.host for each in processes}
        if len(hosts) <= 1:
            return Finding("ok", "a file of this machine, where all processes are")
        return Finding(
            "fail",
            f"{len(hosts)} machines keep records each for itself",
            "name one PostgreSQL for all with --trust-database; consents and the audit log are in parts until then",
        )
    return _compared(place, "records", here, "one database of records", "give all of them the same --trust-database")


def _here(place: Place) -> Mapping[str, str]:
    return found_alike(place.options, open_files(place.serving))


def _marked(storage: Storage) -> str:
    """Return the mark of a storage, which is put there where none is.

    Raises:
        StorageError: it cannot be read or written.
    """
    mark = storage_mark(storage)
    if mark != NONE:
        return mark
    with suppress(OutputExistsError):  # somebody else looks at the same time
        storage.put_bytes(secrets.token_hex(8).encode(), STORAGE_MARK, replace=False)
    return storage_mark(storage)


def _compared(place: Place, what: str, here: str, shared: str, advice: str) -> Finding:
    processes = [each for each in known_processes(place) if each.is_there]
    groups: dict[str, list[str]] = defaultdict(list)
    groups[here].append(_HERE)
    silent = 0
    for each in processes:
        found = each.alike(what)
        if found is None or (what == "storage" and found == NONE):
            silent += 1
        else:
            groups[found].append(_named(each))
    if len(groups) > 1:
        told = "; ".join(f"{found}: {_listed(names)}" for found, names in sorted(groups.items()))
        return Finding("fail", f"they differ ({told})", advice)
    if here.endswith("Error"):
        return Finding("fail", f"it cannot be used here: {here}", advice)
    count = len(processes) - silent
    more = f"; {silent} did not say so yet" if silent else ""
    if silent and not count:
        return Finding("warn", f"none of {silent} processes said so yet", "run this again in two minutes")
    return Finding("ok", f"{shared} here and in {count} processes{more}")


def _named(process: Process) -> str:
    return f"{process.kind} {process.name}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
