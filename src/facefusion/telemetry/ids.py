"""By what lines of logs belong together: the request, the job, the task and the trace that they are about.

This is the second piece of ambient state beside `set_options`, and serves logs alone: nothing that is done depends on it.
A thread that is begun within knows nothing of it unless it runs in a copy of the context.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_IDS: Final[ContextVar[Mapping[str, str]]] = ContextVar("facefusion_log_ids", default=_NONE)
_REQUEST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{7,63}")
NAMES: Final = ("request", "job", "task", "trace")
"""Which there are, in the order in which a line has them."""


@contextmanager
def logged_as(**ids: str | None) -> Iterator[None]:
    """Have lines of logs say what they are about, for as long as a block lasts.

    Args:
        ids: by the names in `NAMES`; those that are None stay what they are.
    """
    token = _IDS.set({**_IDS.get(), **{name: value for name, value in ids.items() if value is not None}})
    try:
        yield
    finally:
        _IDS.reset(token)


def log_ids() -> dict[str, str]:
    """Return what is being done now, by the names in `NAMES`, as far as it is known."""
    found = _IDS.get()
    return {name: found[name] for name in NAMES if name in found}


def request_id(given: str | None) -> str:
    """Return the identifier of a request: what the caller says where that is a plain word, else a new one."""
    return given if given is not None and _REQUEST.fullmatch(given) else secrets.token_hex(16)
