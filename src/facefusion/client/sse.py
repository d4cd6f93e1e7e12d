"""Server-sent events, read line by line (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from facefusion.errors import ServiceAnswerError


@dataclass(slots=True)
class EventParser:
    """Puts lines together to events.

    Attributes:
        last_id: of the last event, with which one goes on after a break.
        retry: seconds after which the service wants one to come back; None where it did not say.
    """

    last_id: str = ""
    retry: float | None = None
    _data: list[str] = field(default_factory=list)
    _kind: str = ""

    def feed(self, line: str) -> tuple[str, str, Any] | None:
        """Take a line without its end.

        Returns:
            identifier, kind and data of an event that it ends; None else.

        Raises:
            ServiceAnswerError: the data are not JSON.
        """
        if not line:
            return self._ended()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._kind = value
        elif name == "id" and "\0" not in value:
            self.last_id = value
        elif name == "retry" and value.isdecimal():
            self.retry = int(value[:9]) / 1000
        return None

    def _ended(self) -> tuple[str, str, Any] | None:
        data, kind = "\n".join(self._data), self._kind
        self._data, self._kind = [], ""
        if not data:
            return None
        try:
            return self.last_id, kind or "message", json.loads(data)
        except ValueError as error:
            raise ServiceAnswerError("An event of the service is not JSON") from error
