"""Operations: work that a request began and that goes on beside it; anybody can look how far it is."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from facefusion.errors import CancelledError, FaceFusionError, JobStateError, OverloadedError, ResourceUnknownError
from facefusion.jobs.database import Clock, database_time, maybe_moment, moment, reading, writing
from facefusion.service.tables import OPERATIONS

OperationState = Literal["running", "succeeded", "failed"]


class Teller(Protocol):
    """Is told by an operation what users should know, and how far it is."""

    def __call__(self, text: str) -> None:
        """Take a note: one sentence."""
        ...

    def progress(self, progress: Progress) -> None:
        """Take how far it is, as often as one likes."""
        ...


Work = Callable[[Teller, threading.Event], Mapping[str, Any]]
"""Does an operation: is handed whom it tells, and what tells it to stop; returns its result as JSON values."""

_LOOK_SECONDS: Final = 1.0
_SIGN_SECONDS: Final = 10.0
_SILENT: Final = 60 * 1_000_000
_MOST_NOTES: Final = 50
_MOST_WAITING: Final = 32
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an operation is.

    Attributes:
        what: it is at, such as the name of a model.
        done: of that, in bytes or pieces.
        total: that there is of it; None where nobody knows.
        step: the how-manieth such thing it is, from 1.
        steps: how many there are; None where nobody knows.
    """

    what: str
    done: int
    total: int | None
    step: int = 1
    steps: int | None = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the database has it.

    Attributes:
        number: its place among all; never shown to others.
        id: by which everybody calls it.
        tenant: for whom it is done.
        owner: who asked for it.
        kind: such as `face.build`.
        state: whether it goes on, or how it ended.
        about: what it makes or changes.
        notes: what users should know, one sentence each.
        progress: how far it is, or was at its end, with the fields of `Progress`; None where nobody said.
        is_cancelled: whether it was asked to end.
        result: what it gave, as JSON values.
        error: why it failed: `type`, `code`, `what` and `hint`.
        created: when it was asked for.
        finished: when it ended.
    """

    number: int
    id: str
    tenant: str
    owner: str
    kind: str
    state: OperationState
    about: str
    notes: Sequence[str]
    progress: Mapping[str, Any] | None
    is_cancelled: bool
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    created: datetime
    finished: datetime | None


class Operations:
    """Does operations in threads of this process, a few at a time, and keeps how they went.

    Args:
        engine: the database of jobs.
        threads: how many go on at one time.
        clock: tells the time.
    """

    def __init__(self, engine: Engine, threads: int, *, clock: Clock = database_time) -> None:
        self._engine, self._clock = engine, clock
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="operation")
        self._is_closing = False
        self._stops: dict[int, threading.Event] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop what goes on, soon; it is told as failed."""
        with self._lock:
            self._is_closing = True
            for stop in self._stops.values():
                stop.set()
        self._pool.shutdown(wait=True, cancel_futures=False)

    def begin(self, connection: Connection, *, tenant: str, owner: str, kind: str, about: str) -> Operation:
        """Note an operation within a transaction; `run` it when that has gone through.

        Raises:
            OverloadedError: too many wait already.
        """
        with self._lock:
            if len(self._stops) >= _MOST_WAITING:
                raise OverloadedError("Too much of this is being done already", "Ask again later", seconds=10)
        now, operation_id = self._clock(connection), secrets.token_hex(16)
        who = {"id": operation_id, "tenant": tenant, "owner": owner, "kind": kind, "about": about}
        connection.execute(insert(OPERATIONS).values(**who, state="running", notes=[], created=now, seen=now))
        return self.found(connection, operation_id, tenant=tenant)

    def run(self, operation: Operation, work: Work) -> None:
        """Do an operation that was noted, as soon as a thread is free."""
        stop = threading.Event()
        with self._lock:
            self._stops[operation.number] = stop
            if self._is_closing:
                stop.set()
        self._pool.submit(self._done, operation, work, stop)

    def cancel(self, operation_id: str, *, tenant: str) -> Operation:
        """Ask an operation to end; it is told as failed once it has, by a `CancelledError`.

        What cannot be stopped any more goes to its end. Where another process does it, that hears of it in seconds.

        Raises:
            ResourceUnknownError: there is none, or it is another tenant's.
            JobStateError: it has ended.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            found = self.found(connection, operation_id, tenant=tenant)
            if found.state != "running":
                raise JobStateError(f"The operation {operation_id} has {found.state} and cannot be cancelled")
            mine = OPERATIONS.c.number == found.number
            connection.execute(update(OPERATIONS).where(mine).values(is_cancelled=True))
        with self._lock:
            if stop := self._stops.get(found.number):
                stop.set()
        return replace(found, is_cancelled=True)

    def get(self, operation_id: str, *, tenant: str) -> Operation:
        """Return an operation.

        Raises:
            ResourceUnknownError: there is none, or it is another tenant's.
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            return self.found(connection, operation_id, tenant=tenant)

    def found(self, connection: Connection, operation_id: str, *, tenant: str) -> Operation:
        """Return an operation, as of `get`, within a transaction."""
        mine = (OPERATIONS.c.id == operation_id) & (OPERATIONS.c.tenant == tenant)
        row = connection.execute(select(OPERATIONS).where(mine)).one_or_none()
        if row is None:
            raise ResourceUnknownError(f"There is no operation {operation_id}")
        return operation_of(row)

    def sweep(self, *, keep_seconds: float) -> None:
        """Tell operations as failed whose process is gone, and forget old ones.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        error = _error(CancelledError("The service was stopped while it did this", "Ask for it again"))
        with writing(self._engine) as connection:
            now = self._clock(connection)
            silent = (OPERATIONS.c.state == "running") & (OPERATIONS.c.seen < now - _SILENT)
            connection.execute(update(OPERATIONS).where(silent).values(state="failed", error=error, finished=now))
            old = OPERATIONS.c.finished < now - round(keep_seconds * 1e6)
            connection.execute(delete(OPERATIONS).where(old))

    def _done(self, operation: Operation, work: Work, stop: threading.Event) -> None:
        signs = _Signs(lambda values: self._told(operation, values, stop))
        try:
            if stop.is_set():
                raise CancelledError("It was stopped before it began", "Ask for it again")
            with signs:
                result = dict(work(signs, stop))
            self._write(operation, {"state": "succeeded", "result": result, **signs.values}, is_end=True)
        except FaceFusionError as error:
            self._failed(operation, _error(error), signs)
        except Exception:  # noqa: BLE001 - a bug ends the operation, not the service, and is told to whoever runs it
            _LOG.exception("The operation %s (%s) failed", operation.id, operation.kind)
            bug = {"type": "InternalError", "code": 1, "what": "The service could not do this"}
            self._failed(operation, bug, signs)
        finally:
            with self._lock:
                del self._stops[operation.number]

    def _failed(self, operation: Operation, error: Mapping[str, Any], signs: _Signs) -> None:
        try:
            self._write(operation, {"state": "failed", "error": dict(error), **signs.values}, is_end=True)
        except FaceFusionError as fault:  # it is told as failed once its silence is noticed
            _LOG.warning("How the operation %s ended could not be noted: %s", operation.id, fault.what)

    def _told(self, operation: Operation, values: Mapping[str, Any], stop: threading.Event) -> None:
        """Write how an operation is, and hear whether somebody wants it to end."""
        self._write(operation, values)
        mine = select(OPERATIONS.c.is_cancelled).where(OPERATIONS.c.number == operation.number)
        with reading(self._engine) as connection:
            if connection.execute(mine).scalar_one_or_none():
                stop.set()

    def _write(self, operation: Operation, values: Mapping[str, Any], *, is_end: bool = False) -> None:
        with writing(self._engine) as connection:
            now = self._clock(connection)
            more = {"seen": now} | ({"finished": now} if is_end else {})
            mine = (OPERATIONS.c.number == operation.number) & (OPERATIONS.c.state == "running")
            connection.execute(update(OPERATIONS).where(mine).values(**values, **more))


class _Signs:
    """Tells every few seconds that an operation goes on, every second how far it is, and what users should know."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self._tell, self._over = tell, threading.Event()
        self._notes: list[str] = []
        self._progress: Progress | None = None
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __call__(self, text: str) -> None:
        """Keep a note."""
        if len(self._notes) < _MOST_NOTES:
            self._notes.append(text)

    def progress(self, progress: Progress) -> None:
        """Keep how far it is."""
        self._progress = progress

    @property
    def values(self) -> dict[str, Any]:
        """What is kept, as columns of `OPERATIONS`."""
        progress = self._progress
        return {"notes": list(self._notes), "progress": None if progress is None else asdict(progress)}

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        told, silent = self.values, 0.0
        while not self._over.wait(_LOOK_SECONDS):
            values, silent = self.values, silent + _LOOK_SECONDS
            if values == told and silent < _SIGN_SECONDS:
                continue
            try:
                self._tell(values)
                told, silent = values, 0.0
            except FaceFusionError as error:  # the next sign may go through
                _LOG.warning("A sign of life could not be noted: %s", error.what)


def operation_of(row: Row[Any]) -> Operation:
    """Return the operation of a row of `OPERATIONS`."""
    values = dict(row._mapping)
    del values["seen"]
    values["created"], values["finished"] = moment(values["created"]), maybe_moment(values["finished"])
    return Operation(**values)


def _error(error: FaceFusionError) -> dict[str, Any]:
    return {"type": type(error).__name__, "code": error.exit_code, "what": error.what, "hint": error.hint}
