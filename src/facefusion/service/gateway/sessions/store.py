"""The sessions of a place, in the database of jobs, so that they hold in every process."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, case, delete, insert, select, update

from facefusion.jobs.database import Clock, database_time, looking, moment, until_it_goes_through, writing
from facefusion.service.gateway.caller import ROLES, Caller, Role
from facefusion.service.gateway.keys.store import scopes_of
from facefusion.service.gateway.sessions.cookie import new_id
from facefusion.service.gateway.tables import API_KEYS, SESSIONS, USERS
from facefusion.service.gateway.users.store import Account, user_of

PURPOSE: Final = "service sessions"
"""Of the key, derived from the place's secret, by which digests are made."""
Way = Literal["key", "password", "local"]
_TOUCH: Final = 60_000_000
"""Microseconds for which a session may be used before that is written down."""
_HOUR: Final = 3_600_000_000
_MOST: Final = 50
"""Sessions of one account or key; a further one ends the oldest."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who signs in.

    Attributes:
        way: by what.
        key: identifier of the key.
        account: of the user.
        start: digest of the token of this start of the service.
    """

    way: Way
    key: str | None = None
    account: Account | None = None
    start: str | None = None


@dataclass(frozen=True, slots=True)
class SessionFound:
    """What has to be known to let somebody in with a session.

    Attributes:
        way: by what they signed in.
        caller: who it is; None where it is the user of this machine, whom `start` lets in.
        start: digest of the token of the start of the service to which it belongs.
        name: of the key or the user; None where there is none.
        role: which they have; None where they have scopes of their own.
        user_id: of the user.
        must_change: whether they have to take another password first.
        seconds: until it ends, from when it was looked up; 0 or less where it has ended.
        created: when they signed in.
        expires: when it ends, whatever is done with it.
        fault: a word for why it does not hold, such as that the key was revoked.
    """

    way: Way
    caller: Caller | None
    start: str | None
    name: str | None
    role: Role | None
    user_id: str | None
    must_change: bool
    seconds: float
    created: datetime
    expires: datetime
    fault: str | None


class SessionStore:
    """Begins, finds and ends sessions.

    Args:
        engine: the database of jobs.
        secret: 32 bytes by which digests are made, derived from the place's secret for `PURPOSE`.
        idle: after which a session ends that is not used.
        lives: after which it ends in any case.
        clock: tells the time.
    """

    def __init__(
        self, engine: Engine, secret: bytes, *, idle: timedelta, lives: timedelta, clock: Clock = database_time
    ) -> None:
        self._engine, self._secret, self._clock = engine, secret, clock
        self._idle, self._lives = (each // timedelta(microseconds=1) for each in (idle, lives))
        self.idle = idle

    def digest(self, session_id: str) -> str:
        """Return what is kept of an identifier (HMAC-SHA256, 64 hexadecimal digits)."""
        return hmac.digest(self._secret, b"id " + session_id.encode(), "sha256").hex()

    def csrf(self, session_id: str) -> str:
        """Return what pages of this service send with all that changes something: nobody else can tell it.

        It belongs to one session, and does not lead back to its identifier.
        """
        return hmac.digest(self._secret, b"csrf " + session_id.encode(), "sha256").hex()

    @until_it_goes_through
    def begin(self, holder: Holder, *, instead_of: str | None = None) -> str:
        """Begin a session, with an identifier that nobody has had before.

        What has ended is removed on the way.

        Args:
            holder: who signs in.
            instead_of: digest of the session that ends with it, where the browser had one.

        Returns:
            The identifier, which is nowhere else.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        session_id, account = new_id(), holder.account
        with writing(self._engine) as connection:
            now = self._clock(connection)
            connection.execute(delete(SESSIONS).where(SESSIONS.c.ends <= now))
            if instead_of is not None:
                connection.execute(delete(SESSIONS).where(SESSIONS.c.digest == instead_of))
            self._make_room(connection, holder)
            values = {
                "digest": self.digest(session_id),
                "way": holder.way,
                "key": holder.key,
                "account": None if account is None else account.user.number,
                "generation": None if account is None else account.generation,
                "start": holder.start,
                "created": now,
                "seen": now,
                "expires": now + self._lives,
                "ends": now + min(self._idle, self._lives),
            }
            connection.execute(insert(SESSIONS).values(values))
            if account is not None:
                _note_seen(connection, account.user.number, now)
        return session_id

    def find(self, digest: str) -> SessionFound | None:
        """Return a session, and note now and then that it is used; None where there is none.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with looking(self._engine) as connection:
            row: Any = connection.execute(_FOUND.where(SESSIONS.c.digest == digest)).one_or_none()
            now = self._clock(connection)
        if row is None:
            return None
        found = _found(row, now)
        if found.fault is None and found.seconds > 0 and now - row.seen >= _TOUCH:
            return self._touched(digest, row)
        return found

    @until_it_goes_through
    def end(self, digest: str) -> None:
        """End a session; nothing happens where there is none.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.digest == digest))

    @until_it_goes_through
    def end_all(self, digest: str) -> list[str]:
        """End a session with all others of the same account, key or start; nothing happens where there is none.

        Returns:
            the digests of those that ended.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            row: Any = connection.execute(select(SESSIONS).where(SESSIONS.c.digest == digest)).one_or_none()
            if row is None:
                return []
            whose = next(column == value for column in _HOLDERS if (value := row._mapping[column.name]) is not None)
            ended = list(connection.execute(select(SESSIONS.c.digest).where(whose)).scalars())
            connection.execute(delete(SESSIONS).where(whose))
            return ended

    @until_it_goes_through
    def _touched(self, digest: str, row: Any) -> SessionFound | None:
        """Note that a session is used, and return it as it is then."""
        with writing(self._engine, is_durable=False) as connection:
            now = self._clock(connection)
            until = now + self._idle
            ends = case((SESSIONS.c.expires < until, SESSIONS.c.expires), else_=until)
            same = (SESSIONS.c.digest == digest) & (SESSIONS.c.ends > now)
            connection.execute(update(SESSIONS).where(same).values(seen=now, ends=ends))
            if row.account is not None:
                _note_seen(connection, row.account, now)
            if row.key is not None:
                used = update(API_KEYS).where(API_KEYS.c.id == row.key)
                connection.execute(used.values(used=now // _HOUR * _HOUR))
            found = connection.execute(_FOUND.where(SESSIONS.c.digest == digest)).one_or_none()
        return None if found is None else _found(found, now)

    def _make_room(self, connection: Connection, holder: Holder) -> None:
        if holder.account is not None:
            whose = SESSIONS.c.account == holder.account.user.number
        elif holder.key is not None:
            whose = SESSIONS.c.key == holder.key
        else:
            whose = SESSIONS.c.start.is_not(None)
        newest = select(SESSIONS.c.digest).where(whose).order_by(SESSIONS.c.created.desc()).limit(_MOST - 1)
        kept = connection.execute(newest).scalars().all()
        connection.execute(delete(SESSIONS).where(whose, SESSIONS.c.digest.not_in(kept)))


_HOLDERS: Final = (SESSIONS.c.account, SESSIONS.c.key, SESSIONS.c.start)
"""One of them says whose a session is."""
_OF_KEY: Final = [
    API_KEYS.c[name].label(f"key_{name}") for name in ("line", "tenant", "name", "grants", "expires", "revoked")
]
_FOUND: Final = (
    select(SESSIONS, *_OF_KEY, *(column.label(f"user_{column.name}") for column in USERS.c))
    .outerjoin(API_KEYS, API_KEYS.c.id == SESSIONS.c.key)
    .outerjoin(USERS, USERS.c.number == SESSIONS.c.account)
)


def _found(row: Any, now: int) -> SessionFound:
    of_key, of_user = row.way == "key", row.way == "password"
    ends = min(row.ends, row.key_expires) if of_key else row.ends
    caller, name, role, user_id, must_change = None, None, None, None, False
    if of_key:
        scopes = scopes_of(row.key_grants)
        caller, name, role = (
            Caller(row.key_tenant, f"key:{row.key_line}", scopes),
            row.key_name,
            row.key_grants.get("role"),
        )
    elif of_user:
        user = user_of(SimpleNamespace(**{each.name: row._mapping[f"user_{each.name}"] for each in USERS.c}))
        scopes = frozenset() if user.must_change else ROLES.get(user.role, frozenset())
        caller, name, role, user_id = Caller(user.tenant, user.actor, scopes), user.name, user.role, user.id
        must_change = user.must_change
    return SessionFound(
        way=row.way,
        caller=caller,
        start=row.start,
        name=name,
        role=role,
        user_id=user_id,
        must_change=must_change,
        seconds=(ends - now) / 1e6,
        created=moment(row.created),
        expires=moment(min(row.expires, row.key_expires) if of_key else row.expires),
        fault=_fault(row),
    )


def _fault(row: Any) -> str | None:
    if row.way == "key" and row.key_revoked is not None:
        return "key-revoked"
    if row.way == "password" and not row.user_is_active:
        return "account-disabled"
    if row.way == "password" and row.user_generation != row.generation:
        return "password-changed"
    return None


def _note_seen(connection: Connection, account: int, now: int) -> None:
    hour = now // _HOUR * _HOUR
    is_later = USERS.c.seen.is_(None) | (USERS.c.seen < hour)
    connection.execute(update(USERS).where(USERS.c.number == account, is_later).values(seen=hour))
