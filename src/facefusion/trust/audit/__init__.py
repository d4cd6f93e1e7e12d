"""The audit log: append-only, each entry chained to the one before, in a database and as lines of JSON."""

from facefusion.trust.audit.entry import Entry
from facefusion.trust.audit.erase import Proof
from facefusion.trust.audit.facts import error_facts
from facefusion.trust.audit.keys import AuditKeys
from facefusion.trust.audit.log import AuditLog, NewEntry, Wanted
from facefusion.trust.audit.verify import Report

__all__ = ["AuditKeys", "AuditLog", "Entry", "NewEntry", "Proof", "Report", "Wanted", "error_facts"]
