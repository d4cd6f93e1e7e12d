"""For how long outputs and what is left of failed jobs are kept; `facefusion storage sweep` removes what is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from facefusion.engine.doors.place import Place
from facefusion.errors import SecretError
from facefusion.trust.database import open_database
from facefusion.trust.privacy.lifecycle import Lifecycle

_SEGMENTS = timedelta(days=30)
"""How long segments wait for somebody to go on with the job, unless outputs are kept for less."""


def keep_outputs(place: Place, paths: Sequence[Path], tenant: str) -> None:
    """Note for how long outputs are kept, where the policy says.

    Args:
        place: whose policy says.
        paths: of the outputs, which are in place.
        tenant: whose they are.

    Raises:
        SecretError: it cannot be noted.
    """
    hours = place.policy.privacy.output_hours.value
    if hours:
        with _lifecycle(place) as lifecycle:
            lifecycle.keep_all(paths, "output", timedelta(hours=hours), tenant=tenant)


@contextmanager
def kept_segments(place: Place, tenant: str) -> Iterator[Callable[[Path], None]]:
    """Give what notes a folder of segments, given its path; where it is gone when the block ends, so is the note.

    A job that is killed leaves the note with its folder. What is in the folder tells by its lock whether somebody works
    there, so that it is never removed under their hands.

    Args:
        place: where it is noted.
        tenant: whose it is.

    Raises:
        SecretError: it cannot be noted.
    """
    hours = place.policy.privacy.output_hours.value
    duration = min(_SEGMENTS, timedelta(hours=hours)) if hours else _SEGMENTS
    noted: list[Path] = []

    def note(path: Path) -> None:
        with _lifecycle(place) as lifecycle:
            lifecycle.keep_all([path], "work", duration, tenant=tenant)
        noted.append(path)

    try:
        yield note
    finally:
        gone = [path for path in noted if not path.exists()]
        if gone:
            with suppress(SecretError), _lifecycle(place) as lifecycle:  # a note of nothing harms nobody
                lifecycle.forget(*gone)


@contextmanager
def _lifecycle(place: Place) -> Iterator[Lifecycle]:
    engine = open_database(place.database)
    try:
        yield Lifecycle(engine, place.ring.derived("storage"))
    finally:
        engine.dispose()
