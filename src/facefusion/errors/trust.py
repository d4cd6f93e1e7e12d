"""What makes results accountable refuses the work, or failed."""

from __future__ import annotations

from facefusion.errors.base import FaceFusionError


class TrustError(FaceFusionError):
    """Something that makes results accountable does not allow the work, or failed."""


class AcknowledgementError(TrustError):
    """Nobody has said yet, for this person and machine, that the terms of use are known."""

    exit_code = 60


class PolicyError(TrustError):
    """The policy is missing, not understood, or signed by nobody who may."""

    exit_code = 61


class PolicyFixedError(PolicyError):
    """The policy in force is signed, or was set by whoever runs the service, and is not changed from here."""

    exit_code = 76


class ConsentMissingError(TrustError):
    """No consent covers a face, and the policy asks for one."""

    exit_code = 62


class ConsentRevokedError(TrustError):
    """The consent that covers a face was revoked."""

    exit_code = 63


class ConsentScopeError(TrustError):
    """The consent that covers a face is for another project, processor, territory or time."""

    exit_code = 64


class ConsentRecordError(TrustError):
    """A consent, an entry of a list of faces, or a file of one, is damaged, forged or unknown."""

    exit_code = 65


class ContentRefusedError(TrustError):
    """The content is explicit, shows somebody who seems to be a minor, or is otherwise refused in every policy."""

    exit_code = 66


class ContentUncheckedError(TrustError):
    """The content could not be checked, and what is not checked is refused."""

    exit_code = 67


class FaceBlockedError(TrustError):
    """A face is on a list of faces that are not to be used."""

    exit_code = 68


class DisclosureError(TrustError):
    """The output cannot bear a mark that the policy asks for."""

    exit_code = 69


class SigningError(TrustError):
    """A certificate or a key does not sign, or is not trusted."""

    exit_code = 70


class AuditError(TrustError):
    """An audit entry cannot be written; no output leaves without."""

    exit_code = 71


class AuditBrokenError(TrustError):
    """The audit log was changed after it was written: edited, cut short or put in another order."""

    exit_code = 72


class UnmarkedError(TrustError):
    """A file that is verified bears no mark of ours."""

    exit_code = 73


class MarkBrokenError(TrustError):
    """A mark of a file that is verified does not hold."""

    exit_code = 74


class SecretError(TrustError):
    """A key of this place is missing, damaged, or open to others."""

    exit_code = 75
