"""The folder of keys and records: which of its files belong into a backup, and in which order they are read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from facefusion.errors import AuditError
from facefusion.trust.policy.names import is_profile

AUDIT: Final = "audit"
HEAD: Final = "audit/head.json"
_PATIENCE: Final = 60.0
_LEFT_OUT: Final = re.compile(r"(.*\.lock|lock|.*\.part|trust\.db.*|service-\d+\.token|\.head\.json\..*)")
"""Locks, what is being written, the database, which is copied by other means, and tokens of services that run."""


@contextmanager
def unpruned(home: Path) -> Iterator[None]:
    """Keep entries of the audit log from being pruned for as long as a block lasts; new ones may come.

    Raises:
        AuditError: they are pruned now, and that takes too long.
    """
    with ExitStack() as held:
        if (home / AUDIT).is_dir():
            try:
                held.enter_context(FileLock(home / AUDIT / "upkeep.lock", timeout=_PATIENCE, mode=0o600))
            except Timeout:
                raise AuditError("The audit log is being pruned", "Try again when that is over") from None
        yield


def home_files(home: Path) -> list[str]:
    """Return the files that belong into a backup, below the folder, in the order in which they are to be read.

    The head comes first and the lines after it, and the database is copied after both: so each has at least what the
    one before tells of, and opening the log completes the rest.

    Args:
        home: the folder.
    """
    found = [path.relative_to(home).as_posix() for path in sorted(home.rglob("*")) if path.is_file()]
    kept = [name for name in found if not _LEFT_OUT.fullmatch(name.rpartition("/")[2])]
    return sorted(kept, key=lambda name: (name != HEAD, name))


def policy_files(source: str) -> Iterator[Path]:
    """Yield the file of a policy, those that it extends, and their signatures; none of a profile.

    Args:
        source: the profile or file that is in force.
    """
    known = set[Path]()
    while not is_profile(source):
        path = Path(source).absolute()
        if path in known or not path.is_file():
            return
        known.add(path)
        yield path
        signature = path.with_name(f"{path.name}.sig")
        if signature.is_file():
            yield signature
        base = tomllib.loads(path.read_text("utf-8")).get("extends")
        if not isinstance(base, str):
            return
        source = base if is_profile(base) else str(path.parent / base)
