"""Who a pseudonym is: an encrypted table beside the chain, out of which a person can be erased."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, bindparam, delete, insert, select

from facefusion.trust.audit.keys import AuditKeys
from facefusion.trust.audit.tables import PEOPLE

Role = Literal["actor", "subject", "consent"]
ROLES: Final[tuple[Role, ...]] = ("actor", "subject", "consent")
_KEY_BYTES: Final = 32
_PSEUDONYM: Final = select(PEOPLE.c.pseudonym).where(
    PEOPLE.c.role == bindparam("of"), PEOPLE.c.tenant == bindparam("whose"), PEOPLE.c.lookup == bindparam("known_by")
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who is behind a pseudonym.

    Attributes:
        pseudonym: as entries have it.
        role: actor, subject or consent.
        tenant: of whom.
        name: None where names are not kept.
        is_sound: whether the pseudonym was made of this very name.
    """

    pseudonym: str
    role: str
    tenant: str
    name: str | None
    is_sound: bool


def pseudonym_of(connection: Connection, keys: AuditKeys, role: Role, tenant: str, name: str) -> str | None:
    """Return what entries call somebody; None where they speak of nobody by that name."""
    lookup = keys.lookup(role, tenant, name)
    who = {"of": role, "whose": tenant, "known_by": lookup}
    found: str | None = connection.execute(_PSEUDONYM, who).scalar_one_or_none()
    return found


def enter(connection: Connection, keys: AuditKeys, role: Role, tenant: str, name: str, *, keeps_name: bool) -> str:
    """Return what entries call somebody, who is entered if need be."""
    found = pseudonym_of(connection, keys, role, tenant, name)
    if found is not None:
        return found
    key = secrets.token_bytes(_KEY_BYTES)
    pseudonym = keys.pseudonym(key, role, tenant, name)
    sealed = keys.seal(json.dumps({"key": key.hex(), "name": name if keeps_name else None}), pseudonym)
    row = {"pseudonym": pseudonym, "role": role, "tenant": tenant, "sealed": sealed}
    connection.execute(insert(PEOPLE).values(lookup=keys.lookup(role, tenant, name), **row))
    return pseudonym


def person(connection: Connection, keys: AuditKeys, pseudonym: str) -> Person | None:
    """Return who a pseudonym is; None once they were erased."""
    row = connection.execute(select(PEOPLE).where(PEOPLE.c.pseudonym == pseudonym)).one_or_none()
    if row is None:
        return None
    opened = keys.unseal(row.sealed, pseudonym)
    if opened is None:
        return Person(pseudonym, row.role, row.tenant, None, False)
    facts = json.loads(opened)
    name = facts["name"]
    is_sound = name is None or (
        keys.pseudonym(bytes.fromhex(facts["key"]), row.role, row.tenant, name) == pseudonym
        and keys.lookup(row.role, row.tenant, name) == row.lookup
    )
    return Person(pseudonym, row.role, row.tenant, name, is_sound)


def forget(connection: Connection, pseudonym: str) -> None:
    """Remove somebody, the key of their pseudonym with them."""
    connection.execute(delete(PEOPLE).where(PEOPLE.c.pseudonym == pseudonym))
