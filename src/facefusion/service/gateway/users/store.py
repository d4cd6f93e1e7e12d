"""The users of a place, in the database of jobs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from facefusion.errors import AccountError, OptionsError, ResourceUnknownError
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
from facefusion.service.gateway.caller import ROLES, Role
from facefusion.service.gateway.tables import SESSIONS, USERS
from facefusion.service.gateway.users.name import checked_name, folded
from facefusion.service.gateway.users.password import Passwords, check_password

_ID_BYTES: Final = 16
_PREFIX: Final = "account:"
_ADMINS: Final = tuple(role for role, scopes in ROLES.items() if "admin" in scopes)


@dataclass(frozen=True, slots=True)
class User:
    """What is known of a user.

    Attributes:
        number: their place in lists.
        id: by which they are known.
        tenant: for whom they act.
        name: by which they sign in.
        role: what they may do.
        is_active: whether they are let in.
        must_change: whether somebody else knows their password, so that they have to take another first.
        created: when; in UTC.
        created_by: who made them.
        seen: when they last used the service, to the hour; None if never.
    """

    number: int
    id: str
    tenant: str
    name: str
    role: Role
    is_active: bool
    must_change: bool
    created: datetime
    created_by: str
    seen: datetime | None

    @property
    def actor(self) -> str:
        """By what name the audit log knows them."""
        return actor_of_user(self.id)


@dataclass(frozen=True, slots=True)
class Account:
    """What has to be known to let somebody in with a password.

    Attributes:
        user: who it is.
        password: what is kept of theirs; not in its text form.
        generation: of the password.
    """

    user: User
    password: str = field(repr=False)
    generation: int


class UserStore:
    """Makes, finds, changes and removes users. Every call is one transaction.

    Args:
        engine: the database of jobs.
        passwords: makes what is kept of theirs.
        clock: tells the time.
    """

    def __init__(self, engine: Engine, passwords: Passwords, *, clock: Clock = database_time) -> None:
        self._engine, self._passwords, self._clock = engine, passwords, clock

    def create(self, *, tenant: str, name: str, password: str, role: Role, by: str, must_change: bool = True) -> User:
        """Make a user.

        Args:
            tenant: for whom they act.
            name: by which they sign in; nobody else of the tenant has it.
            password: theirs.
            role: what they may do.
            by: who makes them.
            must_change: whether they have to take another password first.

        Raises:
            OptionsError: nobody can be called so, or there is no such role or tenant.
            PasswordError: it may not be a password.
            AccountError: the name is taken.
            JobsUnavailableError: the database cannot be used.
        """
        kept, looked_for = checked_name(name)
        _check_role(role)
        check_password(password, kept)
        values = {
            "id": secrets.token_hex(_ID_BYTES),
            "tenant": tenant,
            "name": kept,
            "folded": looked_for,
            "password": self._passwords.hashed(password),
            "must_change": must_change,
            "generation": 0,
            "role": role,
            "is_active": True,
            "created_by": by,
        }
        return self._added(tenant, values)

    @until_it_goes_through
    def _added(self, tenant: str, values: dict[str, Any]) -> User:
        with writing(self._engine) as connection:
            make_tenant(connection, tenant)
            try:
                with connection.begin_nested():
                    connection.execute(insert(USERS).values(**values, created=self._clock(connection)))
            except IntegrityError as error:
                raise AccountError("There is a user of that name already", "Choose another name") from error
            return user_of(_row(connection, values["id"], tenant=tenant))

    def get(self, user_id: str, *, tenant: str | None = None) -> User:
        """Return a user.

        Args:
            user_id: theirs.
            tenant: whose they must be; anybody's when None.

        Raises:
            ResourceUnknownError: there is none.
            JobsUnavailableError: the database cannot be used.
        """
        with reading(self._engine) as connection:
            return user_of(_row(connection, user_id, tenant=tenant))

    def named(self, name: str, *, tenant: str) -> User:
        """Return the user of a name; errors as of `get`."""
        found = self.account(tenant, name)
        if found is None:
            raise ResourceUnknownError(f"There is no user {name!r}", "Look for them with facefusion users list")
        return found.user

    def users(self, *, tenant: str | None = None) -> list[User]:
        """Return all users of a tenant, or of all when None, the oldest first.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        wanted = select(USERS).order_by(USERS.c.number)
        with reading(self._engine) as connection:
            rows = connection.execute(wanted if tenant is None else wanted.where(USERS.c.tenant == tenant))
            return [user_of(row) for row in rows]

    def account(self, tenant: str, name: str) -> Account | None:
        """Return what has to be known to let somebody in by a name; None where there is nobody of that name.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        wanted = select(USERS).where(USERS.c.tenant == tenant, USERS.c.folded == folded(name))
        with looking(self._engine) as connection:
            row: Any = connection.execute(wanted).one_or_none()
        return None if row is None else Account(user_of(row), row.password, row.generation)

    @until_it_goes_through
    def change(
        self,
        user_id: str,
        *,
        tenant: str | None = None,
        role: Role | None = None,
        is_active: bool | None = None,
        may_leave_none: bool = False,
    ) -> User:
        """Give a user another role, shut them out, or let them in again. It holds for sessions that there are, too.

        Args:
            user_id: theirs.
            tenant: whose they must be; anybody's when None.
            role: the new one; it stays when None.
            is_active: whether they are let in; it stays when None.
            may_leave_none: whether their tenant may be left without an admin.

        Raises:
            ResourceUnknownError: there is none.
            OptionsError: there is no such role.
            AccountError: the tenant would have no admin any more.
            JobsUnavailableError: the database cannot be used.
        """
        if role is not None:
            _check_role(role)
        with writing(self._engine) as connection:
            row = _row(connection, user_id, tenant=tenant, is_locked=True)
            changes: dict[str, Any] = {}
            if role is not None:
                changes["role"] = role
            if is_active is not None:
                changes["is_active"] = is_active
            stays = changes.get("role", row.role) in _ADMINS and changes.get("is_active", row.is_active)
            if not (stays or may_leave_none):
                _check_not_last(connection, row)
            if changes:
                connection.execute(update(USERS).where(USERS.c.number == row.number).values(changes))
            if is_active is False:
                _end_sessions(connection, row)
            return user_of(_row(connection, user_id))

    @until_it_goes_through
    def remove(self, user_id: str, *, tenant: str | None = None, may_leave_none: bool = False) -> User:
        """Remove a user and their sessions; what they made stays. Arguments and errors as of `change`."""
        with writing(self._engine) as connection:
            row = _row(connection, user_id, tenant=tenant, is_locked=True)
            if not may_leave_none:
                _check_not_last(connection, row)
            _end_sessions(connection, row)
            connection.execute(delete(USERS).where(USERS.c.number == row.number))
            return user_of(row)

    def set_password(self, user_id: str, password: str, *, tenant: str | None = None, must_change: bool = True) -> User:
        """Give a user another password, and end all their sessions.

        Args:
            user_id: theirs.
            password: the new one.
            tenant: whose they must be; anybody's when None.
            must_change: whether they have to take another one first.

        Raises:
            ResourceUnknownError: there is none.
            PasswordError: it may not be a password.
            JobsUnavailableError: the database cannot be used.
        """
        user = self.get(user_id, tenant=tenant)
        check_password(password, user.name)
        kept = self._passwords.hashed(password)
        changed = self._replaced(user.id, {"password": kept, "must_change": must_change})
        return user if changed is None else changed

    def replace_password(self, account: Account, password: str) -> Account | None:
        """Give a user the password that they chose, and end all their sessions; arguments as of `set_password`.

        Args:
            account: of the user, whose password was found right.
            password: the new one.

        Returns:
            the account as it is then; None where it has another password by now than that which was found right.
        """
        kept = self._passwords.hashed(password)
        changes = {"password": kept, "must_change": False}
        user = self._replaced(account.user.id, changes, generation=account.generation)
        return None if user is None else Account(user, kept, account.generation + 1)

    @until_it_goes_through
    def _replaced(self, user_id: str, changes: dict[str, Any], *, generation: int | None = None) -> User | None:
        with writing(self._engine) as connection:
            row = _row(connection, user_id, is_locked=True)
            if generation not in (None, row.generation):
                return None
            changed = changes | {"generation": row.generation + 1}
            connection.execute(update(USERS).where(USERS.c.number == row.number).values(changed))
            _end_sessions(connection, row)
            return user_of(_row(connection, user_id))

    @until_it_goes_through
    def renew_hash(self, account: Account, password: str) -> None:
        """Keep the same password by the parameters that hold now; not where it was replaced meanwhile.

        Raises:
            JobsUnavailableError: the database cannot be used.
        """
        kept = self._passwords.hashed(password)
        same = (USERS.c.number == account.user.number) & (USERS.c.generation == account.generation)
        with writing(self._engine) as connection:
            connection.execute(update(USERS).where(same).values(password=kept))


def actor_of_user(user_id: str) -> str:
    """Return by what name the audit log knows a user."""
    return f"{_PREFIX}{user_id}"


def user_of(row: Any) -> User:
    """Return the user of a row that has all columns of `USERS`."""
    return User(
        number=row.number,
        id=row.id,
        tenant=row.tenant,
        name=row.name,
        role=cast("Role", row.role),
        is_active=row.is_active,
        must_change=row.must_change,
        created=moment(row.created),
        created_by=row.created_by,
        seen=maybe_moment(row.seen),
    )


def _row(connection: Connection, user_id: str, *, tenant: str | None = None, is_locked: bool = False) -> Row[Any]:
    wanted = select(USERS).where(USERS.c.id == user_id)
    if tenant is not None:
        wanted = wanted.where(USERS.c.tenant == tenant)
    row = connection.execute(wanted.with_for_update() if is_locked else wanted).one_or_none()
    if row is None:
        raise ResourceUnknownError("There is no such user", "Look for them in the list of users")
    return row


def _check_not_last(connection: Connection, row: Row[Any]) -> None:
    """Refuse to take a tenant's last active admin away; whoever does so at the same time waits for the answer."""
    if row.role not in _ADMINS or not row.is_active:
        return
    admins = (USERS.c.tenant == row.tenant) & USERS.c.role.in_(_ADMINS) & USERS.c.is_active
    # Of two who take each other away, the database lets one begin anew, who finds the other gone.
    held = connection.execute(select(USERS.c.number).where(admins).order_by(USERS.c.number).with_for_update()).all()
    if len(held) <= 1:
        raise AccountError("This is the last active admin of the tenant", "Make somebody else an admin first")


def _end_sessions(connection: Connection, row: Row[Any]) -> None:
    connection.execute(delete(SESSIONS).where(SESSIONS.c.account == row.number))


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise OptionsError(f"There is no role {role!r}", f"The roles are {', '.join(ROLES)}")
