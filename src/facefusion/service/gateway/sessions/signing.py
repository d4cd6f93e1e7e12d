"""Signing in: by a key, by a name and a password, or by the token of this start of the service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Final, NoReturn

from facefusion.errors import (
    AuthenticationError,
    JobsUnavailableError,
    NotAllowedError,
    PasswordError,
    TooManyRequestsError,
)
from facefusion.service.gateway.authentication import Authentication
from facefusion.service.gateway.keys import read_key
from facefusion.service.gateway.limits import Bucket, Limiter
from facefusion.service.gateway.sessions.known import KnownSessions
from facefusion.service.gateway.sessions.store import Holder, SessionStore
from facefusion.service.gateway.users import Account, Passwords, UserStore, check_password, folded
from facefusion.service.gateway.visitor import OpenSession, Visitor

_LOG: Final = logging.getLogger(__name__)
# Tries for one name from one address: ten at once, then one in five minutes. From everywhere there may be more, so that
# a stranger who guesses does not lock out whom the name belongs to: fifty, then one a minute. From one address, for any
# names: thirty, then six a minute.
_OWN_TRIES: Final = 10.0
_OWN_RATE: Final = 1 / 300
_NAME_TRIES: Final = 50.0
_NAME_RATE: Final = 1 / 60
_ADDRESS_TRIES: Final = 30.0
_ADDRESS_RATE: Final = 6 / 60
_LONGEST_NAME: Final = 200


class Signing:
    """Signs people in and out.

    Args:
        authentication: knows keys and the token of this start.
        users: have passwords.
        passwords: checks them.
        sessions: begins and ends sessions.
        known: finds them.
        limiter: counts tries.
        tenant: of whoever names none.
        threads: in which the database is asked.
        hashing: in which passwords are checked, few at a time, because each takes much memory.
    """

    def __init__(
        self,
        *,
        authentication: Authentication,
        users: UserStore,
        passwords: Passwords,
        sessions: SessionStore,
        known: KnownSessions,
        limiter: Limiter,
        tenant: str,
        threads: Executor,
        hashing: Executor,
    ) -> None:
        self._authentication, self._users, self._passwords = authentication, users, passwords
        self._sessions, self._known, self._limiter = sessions, known, limiter
        self._tenant, self._threads, self._hashing = tenant, threads, hashing

    @property
    def idle_seconds(self) -> int:
        """After which a session ends that is not used."""
        return round(self._sessions.idle.total_seconds())

    async def with_key(self, text: str) -> Holder:
        """Return who signs in with a key, or with the token of this start.

        Raises:
            AuthenticationError: it does not hold.
            NotAllowedError: it is a token of an identity provider.
            JobsUnavailableError: the database cannot be used.
        """
        visitor = await self._authentication.shown(text)
        key = read_key(text)
        if visitor.way == "local":
            return Holder("local", start=self._authentication.start)
        if key is None:
            raise NotAllowedError(
                "A token of the identity provider makes no session, which would outlive it",
                "Send it in the header Authorization: Bearer …",
                reason="token-session",
            )
        return Holder("key", key=key.id)

    async def with_password(self, tenant: str | None, name: str, password: str, address: str) -> Holder:
        """Return who signs in with a name and a password.

        Whether there is nobody of the name, they are shut out, or the password is another, is told in the same words
        after the same time.

        Args:
            tenant: for whom they act; None for that of this place.
            name: theirs.
            password: theirs.
            address: whence they come.

        Raises:
            AuthenticationError: it is not right.
            TooManyRequestsError: it was tried too often.
            JobsUnavailableError: the database cannot be used.
        """
        whose = self._tenant if tenant is None else tenant
        await self._try(whose, name, address)
        account = await self._in(self._threads, self._users.account, whose, name)
        return Holder("password", account=await self._checked(account, password))

    async def changed(self, session: OpenSession, current: str, new: str, address: str) -> Holder:
        """Give somebody another password, and end all their sessions.

        Args:
            session: theirs.
            current: the password that they have.
            new: the one that they want.
            address: whence they come.

        Raises:
            AuthenticationError: the current one is not right.
            NotAllowedError: they did not sign in with a password.
            PasswordError: the new one may not be one.
            TooManyRequestsError: it was tried too often.
            JobsUnavailableError: the database cannot be used.
        """
        found = session.found
        if found.caller is None or found.name is None or found.user_id is None:
            raise NotAllowedError(
                "You did not sign in with a password, and have none here",
                "Sign in with your name",
                reason="no-password",
            )
        tenant = found.caller.tenant
        await self._try(tenant, found.name, address)
        account = await self._in(self._threads, self._users.account, tenant, found.name)
        checked = await self._checked(account, current)
        check_password(new, checked.user.name)
        if current == new:
            raise PasswordError("The new password is the one that you have", "Take another")
        changed = await self._in(self._hashing, self._users.replace_password, checked, new)
        if changed is None:  # an admin gave them another meanwhile, which is not undone by whoever has the old one
            _refuse(checked)
        return Holder("password", account=changed)

    async def begin(self, holder: Holder, before: OpenSession | None) -> Visitor:
        """Begin a session in place of the one that the browser had; errors as of `SessionStore.begin`."""
        old = None if before is None else before.digest
        session_id = await self._in(self._threads, lambda: self._sessions.begin(holder, instead_of=old))
        if old is not None:
            self._known.forget(old)
        return await self._known.of(session_id)

    async def end(self, session: OpenSession, *, everywhere: bool = False) -> None:
        """End a session; errors as of `SessionStore.end`.

        Args:
            session: which.
            everywhere: whether all others of the same user or key end, too.
        """
        if everywhere:
            for digest in await self._in(self._threads, self._sessions.end_all, session.digest):
                self._known.forget(digest)
        else:
            await self._in(self._threads, self._sessions.end, session.digest)
        self._known.forget(session.digest)

    async def _try(self, tenant: str, name: str, address: str) -> None:
        """Count a try; whether there is anybody of the name makes no difference."""
        whose = f"{tenant} {folded(name[:_LONGEST_NAME])}"
        buckets = (
            Bucket("sign-in-own", f"{address} {whose}", _OWN_TRIES, _OWN_RATE),
            Bucket("sign-in-name", whose, _NAME_TRIES, _NAME_RATE),
            Bucket("sign-in-address", address, _ADDRESS_TRIES, _ADDRESS_RATE),
        )
        verdict = await self._limiter.take(buckets)
        if not verdict.is_let_in:
            raise TooManyRequestsError(
                "A password was tried too often", f"Try again in {verdict.seconds} s", seconds=verdict.seconds,
                reason="sign-in",
            )  # fmt: skip

    async def _checked(self, account: Account | None, password: str) -> Account:
        kept = None if account is None else account.password
        is_right = await self._in(self._hashing, self._passwords.is_right, kept, password)
        if account is None or not is_right or not account.user.is_active:
            _refuse(account)
        if self._passwords.is_outdated(account.password):
            self._hashing.submit(self._renew, account, password)
        return account

    def _renew(self, account: Account, password: str) -> None:
        try:
            self._users.renew_hash(account, password)
        except JobsUnavailableError as error:  # it is done the next time
            _LOG.warning("A password cannot be kept by newer parameters now: %s", error)

    async def _in(self, threads: Executor, call: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(threads, call, *given)


def _refuse(account: Account | None) -> NoReturn:
    """Refuse a name with a password; the audit log, and nobody else, is told whose name it is."""
    tenant, actor = (None, None) if account is None else (account.user.tenant, account.user.actor)
    raise AuthenticationError(
        "The name or the password is not right", "Try again, or ask an admin for a new password",
        reason="password", is_given=True, tenant=tenant, actor=actor,
    )  # fmt: skip
