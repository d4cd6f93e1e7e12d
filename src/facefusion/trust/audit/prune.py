"""Retention: entries that are old enough go, and the chain of the rest still holds."""

from __future__ import annotations

from datetime import UTC, timedelta

from sqlalchemy import Connection, delete, func, select

from facefusion.trust.audit.chain import Chain, told
from facefusion.trust.audit.facts import checked
from facefusion.trust.audit.tables import ENTRIES, INPUT_KEYS, PEOPLE, REFERENCES


def prune(chain: Chain, keep: timedelta, *, tenant: str, actor: str) -> int:
    """Remove the entries before the first that is young enough; see `AuditLog.prune`.

    Raises:
        AuditError: they cannot be removed.
        AuditBrokenError: the log was changed.
    """
    before = (chain.clock() - keep).astimezone(UTC).isoformat(timespec="milliseconds")
    with told(), chain.upkeep(), chain.growing() as growth:
        connection = growth.connection
        through = _last_before(connection, before)
        if through is None:
            return 0
        anchor = connection.execute(select(ENTRIES.c.digest).where(ENTRIES.c.sequence == through)).scalar_one()
        counted = select(func.count()).select_from(ENTRIES).where(ENTRIES.c.sequence <= through)
        entries = int(connection.execute(counted).scalar_one())
        seconds = int(keep.total_seconds())
        facts = checked("pruned", {"through": through, "anchor": anchor, "entries": entries, "keep": seconds})
        growth.add("pruned", tenant=tenant, actor=actor, facts=facts.model_dump(mode="json"))
        for table in (ENTRIES, REFERENCES, INPUT_KEYS):
            connection.execute(delete(table).where(table.c.sequence <= through))
        _forget_unnamed(connection)
        growth.dropped = through
    return entries


def _last_before(connection: Connection, time: str) -> int | None:
    """Return the last entry of those at the beginning that are all older."""
    kept = connection.execute(select(func.min(ENTRIES.c.sequence)).where(ENTRIES.c.time >= time)).scalar_one()
    older = select(func.max(ENTRIES.c.sequence)).where(ENTRIES.c.time < time)
    query = older if kept is None else older.where(ENTRIES.c.sequence < kept)
    found: int | None = connection.execute(query).scalar_one()
    return found


def _forget_unnamed(connection: Connection) -> None:
    """Remove people of whom no entry speaks any more."""
    named = select(REFERENCES.c.value).where(REFERENCES.c.what.in_(("actor", "consent", "subject")))
    connection.execute(delete(PEOPLE).where(PEOPLE.c.pseudonym.not_in(named)))
