"""The beat: takes tasks from workers that are lost, and wakes workers for tasks that nobody was woken for.

Each worker machine has one, in a process of its own that is begun again when it dies. However many there are, one of
them looks at a time. Where the machine shows figures, this process does: nothing is forked from it, and the port that
it is handed outlives it.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Final, TextIO

from sqlalchemy import Engine, text

from facefusion.errors import JobsUnavailableError
from facefusion.jobs.backlog import backlog
from facefusion.jobs.celery.broker import Broker
from facefusion.jobs.celery.link import Link
from facefusion.jobs.database import reading
from facefusion.jobs.monitoring.showing import Place
from facefusion.jobs.queue import JobQueue
from facefusion.trust.database import open_database

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beaten:
    """What one beat did.

    Attributes:
        lost: tasks that were taken from workers which are lost.
        woken: messages that were sent.
    """

    lost: int
    woken: int


class Beat:
    """Looks after what nobody else looks after.

    Args:
        engine: the database.
        queue: the queue in it.
        link: to the broker.
        seconds: between two looks.
    """

    def __init__(self, engine: Engine, queue: JobQueue, link: Link, *, seconds: float) -> None:
        self._engine, self._queue, self._link, self._seconds = engine, queue, link, seconds

    def once(self) -> Beaten | None:
        """Look once.

        Returns:
            what was done; None where another is at it.

        Raises:
            JobsUnavailableError: the database or the broker cannot be used.
        """
        with _turn(self._engine) as is_ours:
            if not is_ours:
                return None
            lost = self._queue.sweep()
            missing = backlog(self._engine) - self._link.waiting()
            return Beaten(lost, self._link.send(missing) if missing > 0 else 0)

    def run(self, stop: threading.Event) -> None:
        """Look again and again until told to stop; a database or a broker that is away is waited for."""
        while not stop.wait(self._seconds):
            try:
                self.once()
            except JobsUnavailableError as error:
                _LOG.warning("The beat goes on later: %s", error.what)
            except Exception:  # noqa: BLE001 - told with its traceback; a beat outlives whatever a driver raises
                _LOG.exception("An unexpected error of the beat")
                self._link.close()


@contextmanager
def _turn(engine: Engine) -> Iterator[bool]:
    """Yield whether nobody else looks after the same database; SQLite has one machine, and needs no turns."""
    if engine.dialect.name != "postgresql":
        yield True
        return
    with reading(engine) as connection:
        key = zlib.crc32(b"facefusion.jobs.beat")
        yield bool(connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}).scalar_one())


def told(database: str, broker: Broker, place: Place | None = None) -> str:
    """Return the line by which the process of a beat is told what it looks after, and where it shows figures."""
    shown = None if place is None else place.to_json()
    return json.dumps({"database": database, "broker": asdict(broker), "place": shown}) + "\n"


def main(source: TextIO) -> int:
    """Beat until the source ends, which is when the process that began this one does.

    Args:
        source: gives one line, as `told` makes it; it holds passwords, which a command line would show to everybody.
    """
    values = json.loads(source.readline())
    engine, broker = open_database(values["database"]), Broker(**values["broker"])
    stop = threading.Event()
    beat = Beat(engine, JobQueue(engine), Link(broker), seconds=broker.beat)
    thread = threading.Thread(target=beat.run, args=(stop,))
    thread.start()
    place = None if values["place"] is None else Place.of_json(values["place"])
    with nullcontext() if place is None else place.shown(engine):
        source.read()
    stop.set()
    thread.join()
    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin))
