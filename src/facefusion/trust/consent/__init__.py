"""Consents: whose face may be used by whom, for what, and until when."""

from facefusion.trust.consent.evidence import EvidenceFile, read_evidence
from facefusion.trust.consent.file import ConsentFile, file_text, verify_file
from facefusion.trust.consent.grant import Grant
from facefusion.trust.consent.record import Consent, Scope
from facefusion.trust.consent.scope import Use
from facefusion.trust.consent.store import ConsentStore

__all__ = [
    "Consent",
    "ConsentFile",
    "ConsentStore",
    "EvidenceFile",
    "Grant",
    "Scope",
    "Use",
    "file_text",
    "read_evidence",
    "verify_file",
]
