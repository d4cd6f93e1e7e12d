"""What has to be alike in all processes of a cluster, as each of them finds it; none of it is a secret."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import partial
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from facefusion.errors import FaceFusionError, StorageMissingError
from facefusion.inference.opening import open_catalogue, open_store
from facefusion.jobs.storage import Storage
from facefusion.options import Options
from facefusion.trust.home import usual_home
from facefusion.trust.keys.file import FINGERPRINT_FILE
from facefusion.trust.policy import policy_in_force

STORAGE_MARK: Final = "health/storage-mark"
"""Key of a few letters by which a storage is known; `facefusion doctor --cluster` puts them there."""
FACT: Final = "alike"
"""Under what name a process tells it."""
NONE: Final = "none"
OWN_FILE: Final = "a file of its own"
_LOG: Final = logging.getLogger(__name__)
_SECONDS: Final = 60.0
_DIGITS: Final = 12
_LONGEST_MARK: Final = 64


def found_alike(options: Options, storage: Storage) -> dict[str, str]:
    """Return what this process finds: by name a text that is the same where the thing is; what failed is named.

    `keys`: the root secret, by its fingerprint; `policy`: that in force; `records`: the database of consents and of the
    audit log; `models`: names and digests of all weights that are here; `storage`: the mark in it.

    Args:
        options: of this process.
        storage: that it uses.
    """
    looks: dict[str, Callable[[], str]] = {
        "keys": partial(_keys, options),
        "policy": partial(_policy, options),
        "records": partial(_records, options),
        "models": partial(_models, options),
        "storage": partial(storage_mark, storage),
    }
    return {name: _told(look) for name, look in looks.items()}


def storage_mark(storage: Storage) -> str:
    """Return the mark of a storage, or that there is none yet.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        mark = b"".join(storage.read(STORAGE_MARK, end=_LONGEST_MARK))
    except StorageMissingError:
        return NONE
    return mark.decode("ascii", "replace")


class Alike:
    """Looks now and then for as long as a block lasts, in a thread of its own, as storage may be slow.

    Args:
        facts: of the process, in which it puts what it finds under the name `FACT`.
        look: finds it.
        seconds: between two looks.
    """

    def __init__(
        self, facts: MutableMapping[str, object], look: Callable[[], Mapping[str, str]], *, seconds: float = _SECONDS
    ) -> None:
        self._facts, self._look, self._seconds = facts, look, seconds
        self._over = threading.Event()
        facts.setdefault(FACT, {})

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look until the block ends."""
        threading.Thread(target=self._run, name="facefusion alike", daemon=True).start()
        try:
            yield
        finally:
            self._over.set()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._facts[FACT] = dict(self._look())
            except Exception:  # noqa: BLE001 - told with its traceback; no work ends because this cannot be told
                _LOG.exception("What has to be alike everywhere could not be looked at")
            self._over.wait(self._seconds)


def _told(look: Callable[[], str]) -> str:
    """One thing that cannot be found keeps the others from nothing, and differs from what others find."""
    try:
        return look()
    except (FaceFusionError, OSError) as error:
        return f"{type(error).__name__}"


def _keys(options: Options) -> str:
    home = options.trust.trust_dir or usual_home()
    path = home / FINGERPRINT_FILE
    return path.read_text("ascii").strip()[:_DIGITS] if path.exists() else NONE


def _policy(options: Options) -> str:
    home = options.trust.trust_dir or usual_home()
    return policy_in_force(options.trust.policy, home=home).policy.digest[:_DIGITS]


def _records(options: Options) -> str:
    place = options.trust.trust_database
    if place is None or "://" not in place:
        return OWN_FILE
    try:
        url = make_url(place)
    except ArgumentError:
        return "ArgumentError"
    host = url.host or url.query.get("host", "")
    return _digest({"host": host, "port": url.port or url.query.get("port", ""), "name": url.database})


def _models(options: Options) -> str:
    """Return a digest of names and digests of what is here; nothing is read for it."""
    catalogue, store = open_catalogue(options.models), open_store(options.models)
    held = ((card, store.look(card)) for card in catalogue)
    return _digest({card.name: holding.sha256 for card, holding in held if holding.state == "here"})


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:_DIGITS]
