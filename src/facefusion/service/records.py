"""The records of this place, opened once for all requests: consents, and the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import Engine

from facefusion.options import Options
from facefusion.service.gateway.caller import Caller
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.consent import ConsentStore
from facefusion.trust.database import open_database
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing

_DATABASE = "trust.db"


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """What this place keeps of people and of what was done.

    Attributes:
        home: folder of keys and records.
        ring: its keys.
        engine: the database of records.
        audit: the log.
    """

    home: Path
    ring: KeyRing
    engine: Engine
    audit: AuditLog

    @classmethod
    def open(cls, options: Options) -> Self:
        """Open the records of the options' place.

        Raises:
            TrustError: they cannot be used.
            OptionsError: the database is not understood.
        """
        home = trust_home(options.trust.trust_dir, options.trust.trust_key_file)
        ring = KeyRing.open(home)
        engine = open_database(options.trust.trust_database or home / _DATABASE)
        return cls(home, ring, engine, AuditLog.open(home, AuditKeys.of(ring), database=engine))

    def close(self) -> None:
        """Close what is open."""
        self.engine.dispose()

    def consents(self, tenant: str) -> ConsentStore:
        """Return the consents of a tenant.

        Raises:
            ConsentRecordError: the database cannot be used.
        """
        return ConsentStore(self.engine, self.ring.derived, tenant)

    def note(self, caller: Caller, record: str, action: str, **facts: object) -> None:
        """Tell the audit log that a caller changed what is kept of people or rules.

        Args:
            caller: who.
            record: what, as `audit.facts.Changed` names it.
            action: how.
            facts: whom or what it is about.

        Raises:
            AuditError: the entry cannot be written.
        """
        facts |= {"record": record, "action": action}
        self.audit.append("changed", tenant=caller.tenant, actor=caller.actor, facts=facts)


def options_of(options: Options, caller: Caller, **more: object) -> Options:
    """Return the options of this place as they hold for a caller.

    Args:
        options: of this place.
        caller: for whom the work is done.
        more: further options.

    Raises:
        OptionsError: one of them is impossible.
    """
    return options.changed({**more, "tenant": caller.tenant, "actor": caller.actor})
