"""Which processes of the service are there: each says so now and then, and when it last removed what is old."""

from __future__ import annotations

import os
import secrets
import socket
from typing import Any, Final

from sqlalchemy import Engine, delete, insert, update

from facefusion.engine.versions import version
from facefusion.jobs.database import Clock, database_time, until_it_goes_through, writing
from facefusion.service.tables import PROCESSES

_FORGOTTEN: Final = 24 * 3600 * 1_000_000


class Presence:
    """Tells of one process of the service.

    Args:
        engine: the database of jobs.
        clock: tells the time.

    Attributes:
        facts: of the process, as JSON values; whoever knows more puts it in.
    """

    def __init__(self, engine: Engine, *, clock: Clock = database_time) -> None:
        self._engine, self._clock = engine, clock
        self._id = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
        self.facts: dict[str, Any] = {"host": socket.gethostname(), "process": os.getpid(), "version": version()}

    @until_it_goes_through
    def seen(self) -> None:
        """Say that the process is there, and forget those that were silent for a day.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine, is_durable=False) as connection:
            now = self._clock(connection)
            facts = dict(self.facts)
            told = update(PROCESSES).where(PROCESSES.c.id == self._id).values(seen=now, facts=facts)
            if connection.execute(told).rowcount == 0:
                row = {"id": self._id, "began": now, "seen": now, "facts": facts}
                connection.execute(insert(PROCESSES).values(row))
            connection.execute(delete(PROCESSES).where(PROCESSES.c.seen < now - _FORGOTTEN))

    @until_it_goes_through
    def gone(self) -> None:
        """Say that the process has ended.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine, is_durable=False) as connection:
            connection.execute(delete(PROCESSES).where(PROCESSES.c.id == self._id))
