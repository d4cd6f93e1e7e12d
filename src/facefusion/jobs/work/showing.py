"""Showing frames while a task is done: small pictures go into storage in a thread of their own, and harm nothing."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from facefusion.engine.glimpses import Glimpse
from facefusion.errors import FaceFusionError
from facefusion.jobs.frames import ShownFrame
from facefusion.jobs.keys import frames_prefix, thumbnail_key
from facefusion.jobs.storage import Storage, Stored
from facefusion.jobs.values import Lease

_LOG: Final = logging.getLogger(__name__)
_WAITING: Final = 4
"""Pictures that wait for the storage; where it is slow, further ones are left out."""
_SECONDS: Final = 10.0
_VALUE: Final = 0.4
"""Width of a face in a frame from which on another is no better."""

NoteFrame = Callable[[ShownFrame], None]


class Showing:
    """Takes the glimpses of one task; used as a context manager, at whose end nothing is on its way any more.

    What goes wrong with a picture is for the log: no task fails for it.

    Args:
        lease: of the task.
        storage: of the job.
        note: tells the database that a picture lies in storage.
    """

    def __init__(self, lease: Lease, storage: Storage, note: NoteFrame) -> None:
        self._lease, self._storage, self._note = lease, storage, note
        self._waiting: queue.Queue[Glimpse | None] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None
        self._best: Glimpse | None = None

    def __enter__(self) -> Showing:
        """Begin."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Wait until what came is in storage, for some seconds."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(_SECONDS)

    @property
    def best(self) -> Glimpse | None:
        """The picture that stands best for what was done; None where there was none."""
        return self._best

    def __call__(self, glimpse: Glimpse) -> None:
        """Take a picture."""
        if self._best is None or worth(glimpse.value) > worth(self._best.value):
            self._best = glimpse
        if not glimpse.is_live:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="facefusion frames", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(glimpse)
        except queue.Full:
            _LOG.info("Frame %d of job %s is not shown: the storage is slow", glimpse.number, self._lease.job.id)

    def _run(self) -> None:
        while (glimpse := self._waiting.get()) is not None:
            key = f"{frames_prefix(self._lease)}/{glimpse.number}"
            try:
                self._storage.put_bytes(glimpse.jpeg, key)
                frame = ShownFrame(
                    glimpse.number, glimpse.seconds, key, len(glimpse.jpeg), glimpse.width, glimpse.height
                )
                self._note(frame)
            except FaceFusionError as error:
                _LOG.warning("Frame %d of job %s is not shown: %s", glimpse.number, self._lease.job.id, error.what)
            except Exception:  # noqa: BLE001 - told with its traceback; a task does not fail for a picture of it
                _LOG.exception("Frame %d of job %s is not shown", glimpse.number, self._lease.job.id)


def worth(value: float) -> float:
    """Return how well a picture stands for the whole, of which there may be equals."""
    return min(value, _VALUE)


def with_thumbnail(content: dict[str, Any], storage: Storage, lease: Lease, jpeg: bytes | None) -> dict[str, Any]:
    """Put the small picture of a result into storage; return the result with where it lies.

    Args:
        content: the result, as JSON values.
        storage: of the job.
        lease: under which the result is made.
        jpeg: the picture; None where there is none.
    """
    if jpeg is None:
        return content
    try:
        return {**content, "thumbnail": storage.put_bytes(jpeg, thumbnail_key(lease)).to_json()}
    except FaceFusionError as error:
        _LOG.warning("The result of job %s has no thumbnail: %s", lease.job.id, error.what)
        return content


def stored_files(content: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return all files of a result that lie in storage: its outputs, and its small picture where it has one.

    Args:
        content: the result, as JSON values.
    """
    thumbnail = content.get("thumbnail")
    return [*content.get("outputs", ()), *([] if thumbnail is None else [thumbnail])]


def kept_glimpse(storage: Storage, lease: Lease, glimpse: Glimpse | None, prefix: str) -> dict[str, Any]:
    """Put the best picture of a segment beside its files, for the result; return what is known of it, as JSON values.

    Args:
        storage: of the job.
        lease: of the segment.
        glimpse: the picture; None where there is none.
        prefix: below which the files of the segment lie.
    """
    if glimpse is None:
        return {}
    try:
        stored = storage.put_bytes(glimpse.jpeg, f"{prefix}/shown/best")
    except FaceFusionError as error:
        _LOG.warning("A segment of job %s has no picture: %s", lease.job.id, error.what)
        return {}
    return {"glimpse": {**stored.to_json(), "value": glimpse.value}}


def best_of(storage: Storage, results: Sequence[Mapping[str, Any]]) -> bytes | None:
    """Return the picture that stands best for segments, of those that they left; None where there is none.

    Args:
        storage: of the job.
        results: of the segments, in order.
    """
    found = [each["glimpse"] for each in results if each.get("glimpse")]
    if not found:
        return None
    # Of equals that near the end of the first third: by then it has begun, and nothing is given away.
    third = (len(found) - 1) / 3
    order = sorted(range(len(found)), key=lambda place: (-worth(found[place]["value"]), abs(place - third)))
    stored = Stored.of_json(found[order[0]])
    try:
        return b"".join(storage.read(stored.address))
    except FaceFusionError as error:
        _LOG.warning("A picture of a segment cannot be read: %s", error.what)
        return None
