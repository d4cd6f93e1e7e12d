"""Whoever makes a request, and how they were let in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from facefusion.service.gateway.caller import Caller, Role
from facefusion.service.gateway.sessions.store import SessionFound

Way = Literal["local", "key", "token", "password"]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session by whose cookie somebody was let in.

    Attributes:
        id: its identifier, a secret; not in its text form.
        digest: what is kept of that.
        csrf: what its pages send with all that changes something; not in its text form.
        found: what is known of it.
    """

    id: str = field(repr=False)
    digest: str
    csrf: str = field(repr=False)
    found: SessionFound


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever makes a request.

    Attributes:
        caller: who it is; None where nobody is known.
        way: what they showed: they are the user of this machine, or have a key, a token of an identity provider, or a
            password.
        name: of the key or the user; None where there is none.
        role: which they have; None where they have scopes of their own.
        expires: when what they showed ends; None where that is not known.
        session: by whose cookie they were let in; None where there is none.
        fault: a word for why their cookie lets nobody in.
    """

    caller: Caller | None = None
    way: Way | None = None
    name: str | None = None
    role: Role | None = None
    expires: datetime | None = None
    session: OpenSession | None = None
    fault: str | None = None


NOBODY: Final = Visitor()
