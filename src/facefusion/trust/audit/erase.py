"""Erasure of a person's data: the key of their pseudonym goes, the chain stays, and a signed proof says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, delete, select

from facefusion.errors import AuditBrokenError, AuditError
from facefusion.trust.audit.chain import Chain, told
from facefusion.trust.audit.entry import canonical
from facefusion.trust.audit.facts import checked
from facefusion.trust.audit.keys import AuditKeys
from facefusion.trust.audit.people import Role, forget, person, pseudonym_of
from facefusion.trust.audit.tables import ENTRIES, INPUT_KEYS, REFERENCES

_SIGNED: Final = "erasure"


class Proof(BaseModel):
    """What says that a person's data were erased; it names nobody.

    Attributes:
        role: what the person was: actor, subject or consent.
        pseudonym: what entries call them.
        entries: how many entries speak of it.
        input_digests: how many of these held digests of inputs, whose keys were destroyed.
        time: when, in UTC.
        sequence: number of the entry that records it.
        digest: of that entry.
        public_key: that the signature is checked with, 64 hexadecimal digits.
        signature: of all else, by Ed25519.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    role: Role
    pseudonym: str
    entries: int
    input_digests: int
    time: str
    sequence: int
    digest: str
    public_key: str
    signature: str

    def holds(self, keys: AuditKeys) -> bool:
        """Return whether it is as it was signed here."""
        return self.public_key == keys.public_hex and keys.holds(_SIGNED, _text(self.model_dump()), self.signature)


def erase(chain: Chain, role: Role, name: str, *, tenant: str, actor: str) -> Proof:
    """Erase a person; see `AuditLog.erase`.

    Raises:
        AuditError: nobody by that name is in the log, or it cannot be written.
        AuditBrokenError: the log was changed.
    """
    with chain.growing() as growth:
        connection = growth.connection
        pseudonym = pseudonym_of(connection, chain.keys, role, tenant, name)
        if pseudonym is None:
            raise AuditError(f"The audit log knows no such {role}", "Give the name as it was given for the work")
        sequences = _entries_of(connection, role, pseudonym)
        inputs = 0 if role == "actor" else _forget_inputs(connection, sequences)
        forget(connection, pseudonym)
        facts = {"role": role, "pseudonym": pseudonym, "entries": len(sequences), "input_digests": inputs}
        dumped = checked("erased", facts).model_dump(mode="json")
        entry = growth.add("erased", tenant=tenant, actor=_eraser(role, name, actor), facts=dumped)
    _overwrite(chain)
    told_facts = facts | {"time": entry.facts["time"], "sequence": entry.sequence, "digest": entry.digest}
    told_facts["public_key"] = chain.keys.public_hex
    return Proof.model_validate(told_facts | {"signature": chain.keys.sign(_SIGNED, _text(told_facts))})


def check_proof(chain: Chain, data: str) -> Proof:
    """Return a proof that holds: it was signed here, its entry is in the log, and nothing leads to the person.

    Raises:
        AuditBrokenError: it does not hold.
        AuditError: the log cannot be read.
    """
    try:
        proof = Proof.model_validate_json(data)
    except ValidationError:
        raise AuditBrokenError("This is no proof of an erasure", "Give the file that audit erase wrote") from None
    with told(), chain.engine.connect() as connection:
        query = select(ENTRIES.c.digest).where(ENTRIES.c.sequence == proof.sequence)
        digest = connection.execute(query).scalar_one_or_none()
        is_known = person(connection, chain.keys, proof.pseudonym) is not None
    if not proof.holds(chain.keys) or digest not in {None, proof.digest} or is_known:
        raise AuditBrokenError("The proof of an erasure does not hold", "It was altered, or is of another place")
    return proof


def _eraser(role: Role, name: str, actor: str) -> str:
    """Return who erases: whoever erases themselves must not be entered anew."""
    return "(themselves)" if role == "actor" and name == actor else actor


def _entries_of(connection: Connection, role: Role, pseudonym: str) -> list[int]:
    query = select(REFERENCES.c.sequence).where(REFERENCES.c.what == role, REFERENCES.c.value == pseudonym)
    return list(connection.execute(query).scalars())


def _forget_inputs(connection: Connection, sequences: list[int]) -> int:
    """Destroy the keys of the digests of inputs of some entries; return how many had one."""
    return sum(
        connection.execute(delete(INPUT_KEYS).where(INPUT_KEYS.c.sequence == sequence)).rowcount
        for sequence in sequences
    )


def _overwrite(chain: Chain) -> None:
    """Leave no trace of removed rows in SQLite's journal either."""
    if chain.engine.dialect.name == "sqlite":
        with told(), chain.engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            if raw is not None:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _text(facts: Mapping[str, Any]) -> str:
    return canonical({name: value for name, value in facts.items() if name != "signature"})
