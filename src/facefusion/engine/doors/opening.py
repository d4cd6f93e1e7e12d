"""Opening the door of a job, and telling the audit log how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from facefusion.engine.doors.door import Door
from facefusion.engine.doors.place import Place
from facefusion.engine.doors.record import Record
from facefusion.engine.doors.room import WorkRoom
from facefusion.engine.notes import Notes
from facefusion.errors import AuditError
from facefusion.options import Options
from facefusion.trust.actor import actor_of
from facefusion.trust.audit import AuditKeys, AuditLog


@contextmanager
def opened(options: Options, notes: Notes) -> Iterator[Door]:
    """Give the door of a job; the audit log is told when the block raises.

    Args:
        options: of the job.
        notes: told what the user should know.

    Raises:
        TrustError: the policy does not allow the job, or something that it asks for is not there.
    """
    place = Place.of(options)
    if place.instead_of:
        notes.tell(f"The policy {place.policy.name} holds on this machine, not {place.instead_of}")
    with ExitStack() as resources:
        trust = options.trust
        log = AuditLog.open(place.home, AuditKeys.of(place.ring), database=trust.trust_database)
        audit = resources.enter_context(closing(log))
        record = Record(audit, trust.tenant, actor_of(trust), place.policy)
        try:
            place.check_acknowledged(options)
            door = Door(place, options, record, notes, WorkRoom(place.policy, trust.work_dir, resources))
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
