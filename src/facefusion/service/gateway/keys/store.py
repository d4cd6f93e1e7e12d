"""The keys of a place, in the database of jobs."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Connection, Engine, Row, insert, select, update

from facefusion.errors import KeyUnknownError, OptionsError
from facefusion.jobs.database import (
    Clock,
    database_time,
    looking,
    maybe_moment,
    moment,
    reading,
    until_it_goes_through,
    writing,
)
from facefusion.jobs.tenants import make_tenant
from facefusion.service.gateway.caller import ROLES, SCOPES, Caller, Role, Scope
from facefusion.service.gateway.keys.form import KeyText, make_key
from facefusion.service.gateway.tables import API_KEYS, USERS

PURPOSE: Final = "service keys"
"""Of the key, derived from the place's secret, by which digests are made."""
_HOUR: Final = 3_600_000_000
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key.

    Attributes:
        id: by which it is known.
        line: identifier of the first of the keys that took each other's place, by which their holder is known.
        tenant: for whom its holder acts.
        name: what it is for.
        role: which it has; None where it has scopes of its own.
        scopes: what its holder may do.
        created, expires: when; in UTC.
        created_by: who made it.
        used: when it was last used, to the hour; None if never.
        revoked: when it was taken back; None if it was not.
        replaced_by: the key that took its place; None if none did.
    """

    id: str
    line: str
    tenant: str
    name: str
    role: Role | None
    scopes: frozenset[Scope]
    created: datetime
    created_by: str
    expires: datetime
    used: datetime | None
    revoked: datetime | None
    replaced_by: str | None

    def state(self, now: datetime) -> str:
        """Return whether it holds: active, replaced (it still holds for a while), expired or revoked."""
        if self.revoked is not None:
            return "revoked"
        if self.expires <= now:
            return "expired"
        return "active" if self.replaced_by is None else "replaced"


@dataclass(frozen=True, slots=True)
class KeyFound:
    """What has to be known to let somebody in with a key.

    Attributes:
        caller: who it is.
        digest: of the key; not in its text form.
        seconds: for how long it holds from when it was looked up; 0 or less where it has expired.
        is_revoked: whether it was taken back.
        name: what it is for.
        role: which it has; None where it has scopes of its own.
        expires: when it ends; None where nobody has to know.
    """

    caller: Caller
    digest: str = field(repr=False)
    seconds: float
    is_revoked: bool
    name: str = ""
    role: Role | None = None
    expires: datetime | None = None


class KeyStore:
    """Makes, finds and takes back keys.

    Args:
        engine: the database of jobs.
        secret: 32 bytes by which digests are made, derived from the place's secret for `PURPOSE`.
        clock: tells the time.
    """

    def __init__(self, engine: Engine, secret: bytes, *, clock: Clock = database_time) -> None:
        self._engine, self._secret, self._clock = engine, secret, clock

    def digest(self, text: str) -> str:
        """Return what is kept of a key (HMAC-SHA256, 64 hexadecimal digits)."""
        return hmac.digest(self._secret, text.encode(), "sha256").hex()

    @until_it_goes_through
    def create(
        self,
        *,
        tenant: str,
        name: str,
        by: str,
        lives: timedelta,
        role: Role | None = None,
        scopes: Iterable[Scope] = (),
    ) -> tuple[ApiKey, KeyText]:
        """Make a key; its text is nowhere but in what is returned.

        Args:
            tenant: for whom its holder acts.
            name: what it is for, to be told from others.
            by: who makes it.
            lives: how long it holds.
            role: which it has; None for scopes of its own.
            scopes: what its holder may do, where it has no role.

        Raises:
            OptionsError: it has neither role nor scopes or both, an unknown one, no tenant, no name or no life.
            JobsUnavailableError: the database cannot be used.
        """
        grants = _grants(role, scopes)
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            raise OptionsError(
                "A key has a name of up to 100 letters", "Say what it is for, such as --name render-farm"
            )
        if lives <= timedelta():
            raise OptionsError("A key lives for some time", "Say how long, such as --days 90")
        with writing(self._engine) as connection:
            now = self._clock(connection)
            make_tenant(connection, tenant)
            text = make_key()
            values = {
                "id": text.id,
                "line": text.id,
                "tenant": tenant,
                "name": name,
                "grants": grants,
                "created_by": by,
            }
            return self._added(connection, values, now, now + lives // timedelta(microseconds=1), text), text

    @until_it_goes_through
    def rotate(self, key_id: str, *, by: str, lives: timedelta, overlap: timedelta) -> tuple[ApiKey, KeyText]:
        """Make a key that takes another's place, with the same tenant, name and scopes.

        Args:
            key_id: of the one that is replaced.
            by: who does it.
            lives: how long the new one holds.
            overlap: how long the old one goes on to hold, if it does not end before; none ends it now.

        Raises:
            KeyUnknownError: there is none.
            OptionsError: it was revoked, has expired or was replaced already.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            now = self._clock(connection)
            old = _row(connection, key_id, is_locked=True)
            if old.revoked is not None or old.expires <= now or old.replaced_by is not None:
                raise OptionsError(f"The key {key_id} does not hold any more, or was replaced", "Make a new one")
            text = make_key()
            end = min(old.expires, now + max(overlap, timedelta()) // timedelta(microseconds=1))
            changes = {"expires": end, "replaced_by": text.id}
            connection.execute(update(API_KEYS).where(API_KEYS.c.id == key_id).values(changes))
            same = {name: old._mapping[name] for name in ("line", "tenant", "name", "grants")}
            until = now + lives // timedelta(microseconds=1)
            return self._added(connection, same | {"id": text.id, "created_by": by}, now, until, text), text

    @until_it_goes_through
    def revoke(self, key_id: str, *, tenant: str | None = None) -> ApiKey:
        """Take a key back; one that was taken back already stays so.

        Args:
            key_id: of the key.
            tenant: whose it must be; anybody's when None.

        Raises:
            KeyUnknownError: there is none.
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            row = _row(connection, key_id, tenant=tenant, is_locked=True)
            if row.revoked is None:
                now = self._clock(connection)
                connection.execute(update(API_KEYS).where(API_KEYS.c.id == key_id).values(revoked=now))
            return _key_of(_row(connection, key_id))

    def key(self, key_id: str, *, tenant: str | None = None) -> ApiKey:
        """Return what is known of a key; arguments and errors as of `revoke`."""
        with reading(self._engine) as connection:
            return _key_of(_row(connection, key_id, tenant=tenant))

    def keys(self, *, tenant: str | None = None, is_all: bool = False) -> list[ApiKey]:
        """Return keys, the newest first.

        Args:
            tenant: whose; everybody's when None.
            is_all: whether those that do not hold any more are among them.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        wanted = select(API_KEYS).order_by(API_KEYS.c.created.desc(), API_KEYS.c.id)
        with reading(self._engine) as connection:
            if tenant is not None:
                wanted = wanted.where(API_KEYS.c.tenant == tenant)
            if not is_all:
                holds = API_KEYS.c.revoked.is_(None) & (API_KEYS.c.expires > self._clock(connection))
                wanted = wanted.where(holds)
            return [_key_of(row) for row in connection.execute(wanted)]

    def now(self) -> datetime:
        """Return the time by which keys expire."""
        with reading(self._engine) as connection:
            return moment(self._clock(connection))

    def find(self, key_id: str) -> KeyFound | None:
        """Return what has to be known to let somebody in with a key; None where there is none of that identifier.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with looking(self._engine) as connection:
            row: Any = connection.execute(select(API_KEYS).where(API_KEYS.c.id == key_id)).one_or_none()
            if row is None:
                return None
            seconds = (row.expires - self._clock(connection)) / 1e6
        caller = Caller(row.tenant, f"key:{row.line}", scopes_of(row.grants))
        role = row.grants.get("role")
        return KeyFound(caller, row.digest, seconds, row.revoked is not None, row.name, role, moment(row.expires))

    @until_it_goes_through
    def used(self, key_ids: Iterable[str]) -> None:
        """Note that keys were used, to the hour.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with writing(self._engine) as connection:
            hour = self._clock(connection) // _HOUR * _HOUR
            for key_id in sorted(key_ids):
                connection.execute(update(API_KEYS).where(API_KEYS.c.id == key_id).values(used=hour))

    def any_holds(self) -> bool:
        """Return whether there is a key, or a user, that lets somebody in.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            holds = API_KEYS.c.revoked.is_(None) & (API_KEYS.c.expires > self._clock(connection))
            of_keys, of_users = select(API_KEYS.c.id).where(holds), select(USERS.c.id).where(USERS.c.is_active)
            return any(connection.execute(each.limit(1)).first() is not None for each in (of_keys, of_users))

    def _added(
        self, connection: Connection, values: Mapping[str, Any], now: int, expires: int, text: KeyText
    ) -> ApiKey:
        row = dict(values) | {"digest": self.digest(text.text), "created": now, "expires": expires}
        connection.execute(insert(API_KEYS).values(row))
        return _key_of(_row(connection, text.id))


def _row(connection: Connection, key_id: str, *, tenant: str | None = None, is_locked: bool = False) -> Row[Any]:
    wanted = select(API_KEYS).where(API_KEYS.c.id == key_id)
    if tenant is not None:
        wanted = wanted.where(API_KEYS.c.tenant == tenant)
    row = connection.execute(wanted.with_for_update() if is_locked else wanted).one_or_none()
    if row is None:
        raise KeyUnknownError(f"There is no key {key_id!r}", "Look for it with facefusion keys list")
    return row


def _grants(role: Role | None, scopes: Iterable[Scope]) -> dict[str, Any]:
    """Return what a key grants, as it is kept."""
    named = sorted(set(scopes))
    if role is not None and role not in ROLES:
        raise OptionsError(f"There is no role {role!r}", f"The roles are {', '.join(ROLES)}")
    if unknown := [scope for scope in named if scope not in SCOPES]:
        raise OptionsError(f"There is no scope {unknown[0]!r}", f"The scopes are {', '.join(sorted(SCOPES))}")
    if (role is None) == (not named):
        raise OptionsError("A key has a role, or scopes of its own", "Give it --role operator, or --scopes jobs:read")
    return {"scopes": named} if role is None else {"role": role}


def scopes_of(grants: Mapping[str, Any]) -> frozenset[Scope]:
    """Return what a key lets its holder do; what this version does not know, it does not give."""
    role = grants.get("role")
    return ROLES[cast("Role", role)] if role in ROLES else SCOPES & frozenset(grants.get("scopes", ()))


def _key_of(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        line=row.line,
        tenant=row.tenant,
        name=row.name,
        role=row.grants.get("role"),
        scopes=scopes_of(row.grants),
        created=moment(row.created),
        created_by=row.created_by,
        expires=moment(row.expires),
        used=maybe_moment(row.used),
        revoked=maybe_moment(row.revoked),
        replaced_by=row.replaced_by,
    )
