"""Operations on consents."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from facefusion.client.call import Ask, content, model, operation
from facefusion.client.pages import Page
from facefusion.client.values import Consent


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that was drawn on a screen.

    Attributes:
        signer: the name that they typed.
        picture: the bytes of a PNG, up to 512 KiB, or the identifier of an upload that shows it.
    """

    signer: str
    picture: bytes | str

    def to_json(self) -> dict[str, str]:
        """Return it as the service takes it."""
        if isinstance(self.picture, str):
            return {"signer": self.signer, "upload": self.picture}
        return {"signer": self.signer, "picture": base64.b64encode(self.picture).decode()}


@operation("POST", "/v1/consents", model(Consent), is_slow=True)
def add(
    pictures: Sequence[str],
    granted_by: str,
    *,
    person: str | None = None,
    project: str | None = None,
    processors: Sequence[str] = (),
    territories: Sequence[str] = (),
    valid_from: datetime | None = None,
    until: datetime | None = None,
    evidence: Mapping[str, str] | None = None,
    signature: Signature | None = None,
    face_position: int | None = None,
) -> Ask:
    """Put a consent on record.

    Args:
        pictures: uploads that show the face.
        granted_by: who gave it.
        person: whose face it is, where a name is to be kept.
        project: the only project; all when None.
        processors: the only processors; all when empty.
        territories: where outputs may be shown; everywhere when empty.
        valid_from: from when; now when None.
        until: until when; without end when None.
        evidence: kinds of uploads that show it, by upload.
        signature: that was drawn on a screen.
        face_position: which face, where a picture shows several.
    """
    given = {"person": person, "project": project, "face_position": face_position}
    times = {"valid_from": valid_from, "until": until}
    body = {
        "pictures": list(pictures),
        "granted_by": granted_by,
        "processors": list(processors),
        "territories": list(territories),
        "evidence": [{"upload": upload, "kind": kind} for upload, kind in (evidence or {}).items()],
        **({} if signature is None else {"signature": signature.to_json()}),
        **{name: value for name, value in given.items() if value is not None},
        **{name: time.isoformat() for name, time in times.items() if time is not None},
    }
    return Ask(json=body)


@operation("GET", "/v1/consents", model(Page[Consent]))
def page(*, all: bool = False) -> Ask:  # noqa: A002 - its name
    """Return consents, the oldest first.

    Args:
        all: also those that were revoked or ended.
    """
    return Ask(query={"all": "true" if all else None})


@operation("GET", "/v1/consents/{consent_id}", model(Consent))
def show(consent_id: str) -> Ask:
    """Return a consent."""
    return Ask({"consent_id": consent_id})


@operation("POST", "/v1/consents/{consent_id}/revoke", model(Consent))
def revoke(consent_id: str, *, reason: str = "") -> Ask:
    """Revoke a consent; work that relies on it stops.

    Args:
        consent_id: of the consent.
        reason: why.
    """
    return Ask({"consent_id": consent_id}, json={"reason": reason})


@operation("GET", "/v1/consents/{consent_id}/export", content)
def export(consent_id: str, *, face: bool = False, evidence: bool = False) -> Ask:
    """Return a consent as a signed file.

    Args:
        consent_id: of the consent.
        face: also the templates, by which another place knows the face.
        evidence: also the files that show it.
    """
    wanted = {"face": face, "evidence": evidence}
    return Ask({"consent_id": consent_id}, query={name: "true" for name, is_wanted in wanted.items() if is_wanted})


@operation("GET", "/v1/consents/{consent_id}/signature", content)
def signature(consent_id: str) -> Ask:
    """Return the signature that was drawn on a screen, as the bytes of a PNG."""
    return Ask({"consent_id": consent_id})
