"""Operations: work that a request began and that goes on beside it; anybody can look how far it is."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from facefusion.errors import CancelledError, FaceFusionError, OverloadedError, ResourceUnknownError
from facefusion.jobs.database import Clock, database_time, maybe_moment, moment, reading, writing
from facefusion.service.tables import OPERATIONS

OperationState = Literal["running", "succeeded", "failed"]
Notify = Callable[[str], None]
Work = Callable[[Notify, threading.Event], Mapping[str, Any]]
"""Does an operation: is handed what takes notes and what tells it to stop; returns its result as JSON values."""

_SIGN_SECONDS: Final = 10.0
_SILENT: Final = 60 * 1_000_000
_MOST_NOTES: Final = 50
_MOST_WAITING: Final = 32
_LOG: Final = logging.getLogger(__name__)


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
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._waiting = 0

    def close(self) -> None:
        """Stop what goes on, soon; it is told as failed."""
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=False)

    def begin(self, connection: Connection, *, tenant: str, owner: str, kind: str, about: str) -> Operation:
        """Note an operation within a transaction; `run` it when that has gone through.

        Raises:
            OverloadedError: too many wait already.
        """
        with self._lock:
            if self._waiting >= _MOST_WAITING:
                raise OverloadedError("Too much of this is being done already", "Ask again later", seconds=10)
        now, operation_id = self._clock(connection), secrets.token_hex(16)
        who = {"id": operation_id, "tenant": tenant, "owner": owner, "kind": kind, "about": about}
        connection.execute(insert(OPERATIONS).values(**who, state="running", notes=[], created=now, seen=now))
        return self.found(connection, operation_id, tenant=tenant)

    def run(self, operation: Operation, work: Work) -> None:
        """Do an operation that was noted, as soon as a thread is free."""
        with self._lock:
            self._waiting += 1
        self._pool.submit(self._done, operation, work)

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

    def _done(self, operation: Operation, work: Work) -> None:
        signs = _Signs(lambda values: self._write(operation, values))
        try:
            with signs:
                result = dict(work(signs.note, self._stop))
            self._write(operation, {"state": "succeeded", "result": result, "notes": signs.notes}, is_end=True)
        except FaceFusionError as error:
            self._failed(operation, _error(error), signs.notes)
        except Exception:  # noqa: BLE001 - a bug ends the operation, not the service, and is told to whoever runs it
            _LOG.exception("The operation %s (%s) failed", operation.id, operation.kind)
            self._failed(operation, {"type": "InternalError", "code": 1, "what": "The service could not do this"}, [])
        finally:
            with self._lock:
                self._waiting -= 1

    def _failed(self, operation: Operation, error: Mapping[str, Any], notes: Sequence[str]) -> None:
        try:
            self._write(operation, {"state": "failed", "error": dict(error), "notes": list(notes)}, is_end=True)
        except FaceFusionError as fault:  # it is told as failed once its silence is noticed
            _LOG.warning("How the operation %s ended could not be noted: %s", operation.id, fault.what)

    def _write(self, operation: Operation, values: Mapping[str, Any], *, is_end: bool = False) -> None:
        with writing(self._engine) as connection:
            now = self._clock(connection)
            more = {"seen": now} | ({"finished": now} if is_end else {})
            mine = (OPERATIONS.c.number == operation.number) & (OPERATIONS.c.state == "running")
            connection.execute(update(OPERATIONS).where(mine).values(**values, **more))


class _Signs:
    """Tells every few seconds that an operation goes on, and what users should know of it."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self._tell, self._over = tell, threading.Event()
        self.notes: list[str] = []
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def note(self, text: str) -> None:
        """Keep a note."""
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(text)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._over.wait(_SIGN_SECONDS):
            try:
                self._tell({"notes": list(self.notes)})
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
