"""Requests that may be sent twice and are done once: the header `Idempotency-Key`."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Engine, Insert, bindparam, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from facefusion.errors import IdempotencyError, RequestBusyError, SecretError
from facefusion.jobs.database import Clock, database_time, until_it_goes_through, writing
from facefusion.service.tables import IDEMPOTENCY
from facefusion.trust.sealing import SealBrokenError, Sealer

KEPT_HEADERS: Final = frozenset(
    {"location", "etag", "content-type", "retry-after", "upload-expires", "tus-resumable", "cache-control"}
)
CLAIM_SECONDS: Final = 15.0
"""How long a claim holds; whoever answers renews it, so that one who was killed is not waited for."""
# A claim need not wait for the disk: what is done under it comes there after it, and without that it may go.
_LAZILY: Final = text("SET LOCAL synchronous_commit TO off")
_WHOSE: Final = IDEMPOTENCY.c.caller == bindparam("whose")
_ANSWERED: Final = update(IDEMPOTENCY).where(_WHOSE & (IDEMPOTENCY.c.claim == bindparam("mine")))
_NEW: Final[Mapping[str, Insert]] = {
    "postgresql": postgresql.insert(IDEMPOTENCY).on_conflict_do_nothing().returning(IDEMPOTENCY.c.claim),
    "sqlite": sqlite.insert(IDEMPOTENCY).on_conflict_do_nothing().returning(IDEMPOTENCY.c.claim),
}


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that was given before.

    Attributes:
        status: of HTTP.
        headers: that belong to it.
        body: text.
    """

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to answer a request.

    Attributes:
        caller: who asked, with which key, as a digest.
        token: tells this claim from later ones.
    """

    caller: str
    token: str

    def keep(self, connection: Connection, answer: KeptAnswer) -> None:
        """Keep the answer within the transaction that makes it true.

        Raises:
            RequestBusyError: somebody else answers the request by now.
        """
        values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
        if connection.execute(_ANSWERED, {"whose": self.caller, "mine": self.token, **values}).rowcount != 1:
            raise RequestBusyError("The same request is being answered elsewhere", "Ask again in a moment")


class AnswerSeal:
    """Seals answers that hold a secret, for as long as they are kept.

    Args:
        key: 32 secret bytes.
        caller: who asked, with which key, as a digest; for others the answer does not open.
    """

    def __init__(self, key: bytes, caller: str) -> None:
        self._sealer, self._place = Sealer(key), f"answer/{caller}"

    def sealed(self, answer: KeptAnswer) -> KeptAnswer:
        """Return an answer as it is kept."""
        body = self._sealer.sealed(answer.body.encode(), self._place)
        return replace(answer, body=base64.b64encode(body).decode())

    def opened(self, answer: KeptAnswer) -> KeptAnswer:
        """Return an answer as it was given.

        Raises:
            SecretError: it was sealed with another key, or changed.
        """
        try:
            body = self._sealer.opened(base64.b64decode(answer.body), self._place)
        except SealBrokenError as error:
            raise SecretError(
                "An answer that was given before was changed, or sealed with another key",
                "Let all services of this database use the same folder of keys",
            ) from error
        return replace(answer, body=body.decode())


class IdempotencyStore:
    """Remembers which requests were answered, and how.

    Args:
        engine: the database of jobs.
        seconds: that an answer is remembered.
        clock: tells the time.
    """

    def __init__(self, engine: Engine, seconds: float, *, clock: Clock = database_time) -> None:
        self._engine, self._seconds, self._clock = engine, seconds, clock

    @until_it_goes_through
    def begin(self, caller: str, request: str) -> Claim | KeptAnswer:
        """Claim a request, or return the answer that it got before.

        Args:
            caller: who asked, with which key, as a digest.
            request: digest of what is asked for.

        Raises:
            IdempotencyError: the key was used for another request.
            RequestBusyError: the same request is being answered.
            JobsUnavailableError: the database cannot be used.
        """
        claim = Claim(caller, secrets.token_hex(16))
        with writing(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_LAZILY)
            now = self._clock(connection)
            values = {"caller": caller, "request": request, "claim": claim.token, "opened": now}
            if connection.execute(_NEW[connection.dialect.name], values).first() is not None:
                return claim
            row = connection.execute(
                select(IDEMPOTENCY).where(IDEMPOTENCY.c.caller == caller).with_for_update()
            ).one_or_none()
            if row is None:  # it was let go of in between
                raise RequestBusyError("The same request is being answered", "Ask again in a moment")
            age = now - row.opened
            if age > self._seconds * 1e6 or (row.status is None and age > CLAIM_SECONDS * 1e6):
                fresh = values | {"status": None, "headers": None, "body": None}
                connection.execute(update(IDEMPOTENCY).where(IDEMPOTENCY.c.caller == caller).values(fresh))
                return claim
            if row.request != request:
                raise IdempotencyError(
                    "This idempotency key was used for another request", "Use a new key for each new request"
                )
            if row.status is None:
                raise RequestBusyError("The same request is being answered", "Ask again in a moment")
            return KeptAnswer(row.status, row.headers, row.body)

    def renew(self, claim: Claim) -> None:
        """Say that a request is still being answered.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        unanswered = (IDEMPOTENCY.c.claim == claim.token) & IDEMPOTENCY.c.status.is_(None)
        mine = (IDEMPOTENCY.c.caller == claim.caller) & unanswered
        with writing(self._engine) as connection:
            connection.execute(update(IDEMPOTENCY).where(mine).values(opened=self._clock(connection)))

    def complete(self, claim: Claim, answer: KeptAnswer) -> None:
        """Keep the answer to a request.

        Raises:
            RequestBusyError: somebody else answers the request by now.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            claim.keep(connection, answer)

    def forget(self, claim: Claim) -> None:
        """Let go of a request that was not answered, so that it may be sent again.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        unanswered = (IDEMPOTENCY.c.claim == claim.token) & IDEMPOTENCY.c.status.is_(None)
        with writing(self._engine) as connection:
            connection.execute(delete(IDEMPOTENCY).where((IDEMPOTENCY.c.caller == claim.caller) & unanswered))

    def sweep(self) -> int:
        """Forget what is too old; return how many answers those were.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            oldest = self._clock(connection) - round(self._seconds * 1e6)
            return connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.opened < oldest)).rowcount


def digest_of(*parts: Any) -> str:
    """Return a digest of some values, the same for the same values alone."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
