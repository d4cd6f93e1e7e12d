"""What is sent: that there is work, and nothing else.

A message has no arguments, so whoever can write to the broker can wake workers, but tell them nothing. What looks
otherwise in any way is refused before anything of it is decoded.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

TASK: Final = "facefusion.work"
"""Name of the one task that workers know."""
CONTENT_TYPE: Final = "application/json"
ENCODING: Final = "utf-8"
BODY: Final = "[[], {}, {}]"
"""No arguments, by place or by name, and nothing to be called afterwards."""

_ID: Final = re.compile(r"[0-9a-f]{32}")
_OURS: Final = frozenset({"task", "id"})
# Brokers count deliveries in headers of theirs.
_BROKERS: Final = re.compile(r"x-[a-z-]+|redelivered")


def headers() -> dict[str, str]:
    """Return the headers of a new message."""
    return {"task": TASK, "id": uuid.uuid4().hex}


def flaw(message: Any) -> str | None:
    """Return what is wrong with a message that came; None where it is one of ours.

    Args:
        message: of kombu, not decoded.
    """
    told = message.headers
    if not isinstance(told, Mapping) or told.get("task") != TASK:
        return "it names another task"
    identifier = told.get("id")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        return "its identifier is none"
    others = [name for name in told if name not in _OURS and not _BROKERS.fullmatch(str(name))]
    if others:
        return "it has headers that are not ours"
    if message.content_type != CONTENT_TYPE or str(message.content_encoding).lower() != ENCODING:
        return "it is not JSON"
    return None if _text(message.body) == BODY else "it has a content"


def _text(body: Any) -> str:
    if isinstance(body, str):
        return body
    return bytes(body).decode("ascii", "replace") if isinstance(body, bytes | bytearray | memoryview) else ""
