"""Opening the door of a job, and telling the audit log how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from facefusion.engine.doors.door import Door
from facefusion.engine.doors.place import Place
from facefusion.engine.doors.record import Record
from facefusion.engine.doors.room import WorkRoom
from facefusion.engine.notes import Notes
from facefusion.errors import AuditError, PolicyError
from facefusion.options import Options
from facefusion.trust.actor import actor_of
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.policy import Policy


@contextmanager
def opened(options: Options, notes: Notes, *, number: str | None = None) -> Iterator[Door]:
    """Give the door of a job; the audit log is told when the block raises.

    Args:
        options: of the job.
        notes: told what the user should know.
        number: of the job in the audit log, the same each time it is done; one of its own when None.

    Raises:
        TrustError: the policy does not allow the job, or something that it asks for is not there.
    """
    try:
        place = Place.of(options)
    except PolicyError as error:
        with _recorded(
            options, trust_home(options.trust.trust_dir, options.trust.trust_key_file), None, number
        ) as record:
            record.ended(error)
        raise
    if place.instead_of:
        notes.tell(f"The policy {place.policy.name} holds on this machine, not {place.instead_of}")
    with _recorded(options, place.home, place.policy, number) as record, ExitStack() as resources:
        try:
            if place.acknowledged(options):
                record.acknowledged()
            door = Door(place, options, record, notes, WorkRoom(place.policy, options.trust.work_dir, resources))
            try:
                yield door
            finally:
                door.end_live()
        except BaseException as error:
            try:
                record.ended(error)
            except AuditError as fault:  # nothing leaves; whoever waits for it should know why, and that it is not told
                notes.tell(f"How this ended is not in the audit log: {fault.what}")
            raise


@contextmanager
def _recorded(options: Options, home: Path, policy: Policy | None, number: str | None) -> Iterator[Record]:
    """Give what tells the audit log of a job."""
    keys = AuditKeys.of(KeyRing.open(home))
    with closing(AuditLog.open(home, keys, database=options.trust.trust_database)) as audit:
        record = Record(audit, options.trust.tenant, actor_of(options.trust), policy)
        if number is not None:
            record.job, record.may_repeat = number, True
        yield record
