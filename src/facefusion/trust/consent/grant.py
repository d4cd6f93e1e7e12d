"""What the consents on record mean for a face and a use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from facefusion.errors import ConsentRevokedError, ConsentScopeError, TrustError
from facefusion.trust.consent.record import Consent
from facefusion.trust.consent.scope import Use, refusals


@dataclass(frozen=True, slots=True)
class Grant:
    """That a consent covers a face.

    Attributes:
        consent: id of the consent, for records and for `ensure_live`.
        digest: of what the consent said, for records.
        person: whose face it is, where a name is on record.
        difference: share of bits in which the templates differ, at most the threshold.
    """

    consent: str
    digest: str
    difference: float
    person: str | None = None


def decided(found: Sequence[tuple[float, Consent]], use: Use, moment: datetime, face: str) -> Grant:
    """Return the first consent that covers a use.

    Args:
        found: consents for this face, at least one, the most alike first, each with the share of differing bits.
        use: what is to be done.
        moment: when.
        face: how messages call it.

    Raises:
        ConsentRevokedError: all were revoked.
        ConsentScopeError: one was not, but is for something else.
    """
    problems: list[TrustError] = []
    for difference, consent in found:
        problem = _problem(consent, use, moment, face)
        if problem is None:
            return Grant(consent.id, consent.digest, difference, consent.person)
        problems.append(problem)
    raise min(problems, key=lambda each: isinstance(each, ConsentRevokedError))


def _problem(consent: Consent, use: Use, moment: datetime, face: str) -> TrustError | None:
    if consent.revocation is not None:
        return ConsentRevokedError(
            f"The consent {consent.id} for the face in {face} was revoked",
            "Nothing may be made with this face, unless a new consent is given",
        )
    for refusal in refusals(consent.scope, use, moment):
        return ConsentScopeError(f"The consent {consent.id} for the face in {face} {refusal.problem}", refusal.remedy)
    return None
