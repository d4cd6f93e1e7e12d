"""What commands open of the records of a place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from facefusion.options.trust import TrustOptions
from facefusion.trust.actor import actor_of

if TYPE_CHECKING:
    from facefusion.trust.audit import AuditLog
    from facefusion.trust.privacy.lifecycle import Lifecycle


@contextmanager
def opened_log(options: TrustOptions) -> Iterator[AuditLog]:
    """Open the audit log of a place.

    Raises:
        TrustError: it cannot be opened.
    """
    from facefusion.trust.audit import AuditKeys, AuditLog  # noqa: PLC0415 - takes long to import
    from facefusion.trust.home import trust_home  # noqa: PLC0415
    from facefusion.trust.keys import KeyRing  # noqa: PLC0415

    home = trust_home(options.trust_dir, options.trust_key_file)
    log = AuditLog.open(home, AuditKeys.of(KeyRing.open(home)), database=options.trust_database)
    try:
        yield log
    finally:
        log.close()


def note_change(options: TrustOptions, record: str, action: str, **facts: object) -> None:
    """Tell the audit log that what is kept of people or rules was changed.

    Args:
        options: of the place.
        record: what, as `audit.facts.Changed` names it.
        action: how.
        facts: whom or what it is about.

    Raises:
        TrustError: the entry cannot be written.
    """
    with opened_log(options) as log:
        facts |= {"record": record, "action": action}
        log.append("changed", tenant=options.tenant, actor=actor_of(options), facts=facts)


@contextmanager
def opened_lifecycle(options: TrustOptions) -> Iterator[Lifecycle]:
    """Open the table of what is kept at a place, and until when.

    Raises:
        TrustError: it cannot be opened.
    """
    from facefusion.trust.database import open_database  # noqa: PLC0415 - takes long to import
    from facefusion.trust.home import trust_home  # noqa: PLC0415
    from facefusion.trust.keys import KeyRing  # noqa: PLC0415
    from facefusion.trust.privacy.lifecycle import Lifecycle  # noqa: PLC0415

    home = trust_home(options.trust_dir, options.trust_key_file)
    engine = open_database(options.trust_database or home / "trust.db")
    try:
        yield Lifecycle(engine, KeyRing.open(home).derived("storage"))
    finally:
        engine.dispose()
