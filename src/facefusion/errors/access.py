"""Why a request is not let in to the service; each carries the HTTP status that tells of it."""

from __future__ import annotations

from collections.abc import Mapping

from facefusion.errors.base import FaceFusionError


class AccessError(FaceFusionError):
    """A request is not let in to the service.

    Attributes:
        status: HTTP status of the answer.
        reason: a word for it, as the audit log and programs know it; says nothing of who asked.
    """

    status: int = 400
    reason: str = "refused"

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that go with the answer."""
        return {}


class AuthenticationError(AccessError):
    """Nobody is known to be calling: there is no key or token, or it does not hold."""

    exit_code = 100
    status = 401
    reason = "unauthenticated"

    def __init__(
        self,
        what: str,
        hint: str = "",
        *,
        reason: str = "unauthenticated",
        is_given: bool = False,
        tenant: str | None = None,
        actor: str | None = None,
    ) -> None:
        """Say why.

        Args:
            what: what happened.
            hint: what to do next.
            reason: a word for it.
            is_given: whether a key or token was given at all.
            tenant: whose key it was, where it is one that does not hold any more.
            actor: which key it was then.
        """
        super().__init__(what, hint)
        self.reason = reason
        self.is_given = is_given
        self.tenant = tenant
        self.actor = actor

    @property
    def headers(self) -> Mapping[str, str]:
        """How to come with a key or token (RFC 6750)."""
        error = ', error="invalid_token"' if self.is_given else ""
        return {"WWW-Authenticate": f'Bearer realm="facefusion"{error}'}


class NotAllowedError(AccessError):
    """It is known who calls, and they may not do this."""

    exit_code = 101
    status = 403
    reason = "not-allowed"

    def __init__(self, what: str, hint: str = "", *, reason: str = "not-allowed", scope: str | None = None) -> None:
        """Say why.

        Args:
            what: what happened.
            hint: what to do next.
            reason: a word for it.
            scope: which they would need; None where none would do.
        """
        super().__init__(what, hint)
        self.reason = reason
        self.scope = scope

    @property
    def headers(self) -> Mapping[str, str]:
        """Which scope is missing (RFC 6750)."""
        if self.scope is None:
            return {}
        return {"WWW-Authenticate": f'Bearer realm="facefusion", error="insufficient_scope", scope="{self.scope}"'}


class ReviewFirstError(NotAllowedError):
    """A second person looks at such results before they are shown, so that none is shown at once."""

    exit_code = 99

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what, hint, reason="reviewed")


class TooManyRequestsError(AccessError):
    """More requests than a limit lets through.

    Attributes:
        seconds: after which to ask again.
    """

    exit_code = 102
    status = 429
    reason = "too-many-requests"

    def __init__(self, what: str, hint: str = "", *, seconds: int = 1, reason: str = "too-many-requests") -> None:
        super().__init__(what, hint)
        self.seconds = seconds
        self.reason = reason

    @property
    def headers(self) -> Mapping[str, str]:
        """When to ask again."""
        return {"Retry-After": str(self.seconds)}


class TooLargeError(AccessError):
    """A request's body is larger than what is taken."""

    exit_code = 103
    status = 413
    reason = "too-large"


class RequestRefusedError(AccessError):
    """A request is made in a way that is not taken from anybody: its host, origin, headers or form.

    Attributes:
        status: 400, or what tells more, such as 414 and 431 for what is too long.
    """

    exit_code = 104
    reason = "malformed"

    def __init__(self, what: str, hint: str = "", *, status: int = 400, reason: str = "malformed") -> None:
        super().__init__(what, hint)
        self.status = status
        self.reason = reason


class SlowRequestError(AccessError):
    """A request's body did not come in time."""

    exit_code = 105
    status = 408
    reason = "too-slow"

    @property
    def headers(self) -> Mapping[str, str]:
        """Nothing more is read from this connection."""
        return {"Connection": "close"}


class AccessUnavailableError(AccessError):
    """Whether a request may be let in cannot be told now; nobody is let in unchecked.

    Attributes:
        seconds: after which to ask again.
    """

    exit_code = 106
    status = 503
    reason = "unavailable"

    def __init__(self, what: str, hint: str = "", *, seconds: int = 5) -> None:
        super().__init__(what, hint)
        self.seconds = seconds

    @property
    def headers(self) -> Mapping[str, str]:
        """When to ask again."""
        return {"Retry-After": str(self.seconds)}


class KeyUnknownError(FaceFusionError):
    """There is no API key of that name."""

    exit_code = 107


class AccountError(FaceFusionError):
    """A user cannot be made or changed like this: the name is taken, or the tenant would have no admin any more."""

    exit_code = 121


class PasswordError(FaceFusionError):
    """A new password is not taken: it is too short, too long or too easily guessed."""

    exit_code = 122
