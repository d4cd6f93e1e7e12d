"""The cookie of a session: how it is sent, and when one that comes is taken for one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "ffs_"
NAME: Final = "facefusion_session"
_HOST: Final = "__Host-"
_BYTES: Final = 32
_FORM: Final = re.compile(rb"ffs_[A-Za-z0-9_-]{43}")


def new_id() -> str:
    """Return the identifier of a new session: 256 bits by chance, which nobody chooses but this service."""
    return f"{PREFIX}{secrets.token_urlsafe(_BYTES)}"


@dataclass(frozen=True, slots=True)
class CookieFound:
    """What a request brings along.

    Attributes:
        value: identifier of a session, if it is one of this service; not in its text form.
        fault: a word for why there is none, where there should be one.
    """

    value: str | None = field(default=None, repr=False)
    fault: str | None = None


class SessionCookie:
    """Reads and writes the cookie.

    Where browsers reach the service by https alone, its name begins with `__Host-`: they take such a cookie from this
    very host alone, over https, so that no neighbour of it, nor anybody on the network, can plant one.

    Args:
        is_https: whether that is so.
    """

    def __init__(self, *, is_https: bool) -> None:
        self.name = f"{_HOST}{NAME}" if is_https else NAME
        self._marks = "; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if is_https else "")

    def read(self, headers: Mapping[bytes, bytes]) -> CookieFound:
        """Return what a request brings along.

        Whoever plants a second cookie of the name cannot know which of them is taken: none is.

        Args:
            headers: of the request.
        """
        said = headers.get(b"cookie")
        if said is None:
            return CookieFound()
        pairs = (part.strip(b" \t").partition(b"=") for part in said.split(b";"))
        values = [value for name, _, value in pairs if name == self.name.encode()]
        if not values:
            return CookieFound()
        if len(values) > 1:
            return CookieFound(fault="session-twice")
        if not _FORM.fullmatch(values[0]):
            return CookieFound(fault="session-malformed")
        return CookieFound(values[0].decode("ascii"))

    def given(self, value: str) -> str:
        """Return the header that gives a browser a session; it forgets it when it is closed."""
        return f"{self.name}={value}{self._marks}"

    def taken(self) -> str:
        """Return the header that takes it away."""
        return f"{self.name}=; Max-Age=0{self._marks}"
