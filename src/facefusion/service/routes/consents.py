"""Consents: who agreed to what, with what shows it."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field, ValidationError, model_validator

from facefusion.engine.consents import faces_of_person
from facefusion.engine.signature import LARGEST_BYTES, read_signature
from facefusion.errors import ConsentRecordError, RequestInvalidError, ResourceUnknownError
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.heavy import heavily
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.records import options_of
from facefusion.service.route import IdempotencyKey, ServiceRoute
from facefusion.service.staging import Stage, stage
from facefusion.service.uploads.store import ready
from facefusion.service.values import Answer, Body, Id, Moment
from facefusion.service.values import Query as Parameters
from facefusion.trust.consent import Consent, Scope, file_text
from facefusion.trust.consent.evidence import MOST_BYTES, EvidenceFile
from facefusion.trust.consent.record import ID_PATTERN, EvidenceKind, Territory, Text

ROUTER: Final = APIRouter(prefix="/v1/consents", tags=["consents"], route_class=ServiceRoute)
_PURPOSE: Final = "consent files"
_MOST: Final = 64
_MOST_BASE64: Final = LARGEST_BYTES * 4 // 3 + 4

Reader = Annotated[Caller, Depends(require("consents:read"))]
Writer = Annotated[Caller, Depends(require("consents:write"))]
ConsentId = Annotated[str, Field(pattern=ID_PATTERN)]
Words = Annotated[list[Text], Field(max_length=_MOST)]


class NewEvidence(Body):
    """A file that shows a consent."""

    upload: Id
    kind: EvidenceKind = "other"


class NewSignature(Body):
    """A signature that was drawn on a screen: a picture, as an upload or in the request itself."""

    signer: Annotated[Text, Field(pattern=r"\S", description="name that they typed")]
    upload: Annotated[Id | None, Field(description="that shows it")] = None
    picture: Annotated[
        str | None, Field(min_length=1, max_length=_MOST_BASE64, description="PNG or other picture, in Base64")
    ] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.upload is None) == (self.picture is None):
            raise ValueError("a signature is either an upload or a picture in Base64")
        return self


class NewConsent(Body):
    """A consent that is to be put on record."""

    pictures: Annotated[list[Id], Field(min_length=1, max_length=_MOST, description="uploads that show the face")]
    granted_by: Annotated[Text, Field(pattern=r"\S", description="who gave it")]
    person: Annotated[Text | None, Field(description="whose face it is, where a name is to be kept")] = None
    project: Annotated[Text | None, Field(description="the only project; all when not given")] = None
    processors: Words = Field(default=[], description="the only processors; all when empty")
    territories: list[Territory] = Field(
        default=[], max_length=300, description="where outputs may be shown; everywhere when empty"
    )
    valid_from: Moment | None = None
    until: Moment | None = None
    evidence: list[NewEvidence] = Field(default=[], max_length=16)
    signature: Annotated[NewSignature | None, Field(description="drawn on a screen; kept as evidence")] = None
    face_position: Annotated[int | None, Field(ge=0, description="which face, where a picture shows several")] = None


class SignatureAnswer(Answer):
    """Who signed."""

    signer: str
    evidence: int = Field(description="number of the evidence that it is")


class ConsentAnswer(Answer):
    """A consent on record."""

    id: str
    state: str = Field(description="holds, future, ended or revoked")
    person: str | None
    granted_by: str
    scope: dict[str, Any]
    recorded: datetime
    pictures: int
    picture_digests: list[str] = Field(description="SHA-256 of the pictures; none where they are not known")
    evidence: list[dict[str, Any]]
    signature: SignatureAnswer | None = Field(description="drawn on a screen; null where nobody did")
    revocation: dict[str, Any] | None
    source: str | None = Field(description="fingerprint of the place that it was brought over from")


class ConsentList(Answer):
    """All consents."""

    consents: list[ConsentAnswer]


class Revoke(Body):
    """Why a consent is revoked."""

    reason: Annotated[str, Field(max_length=1000)] = ""


class WhichConsents(Parameters):
    """Which consents are listed."""

    all: Annotated[bool, Field(description="also those that were revoked or ended")] = False


class ExportWith(Parameters):
    """What an exported consent holds besides."""

    face: Annotated[bool, Field(description="the templates, by which another place knows the face; biometric")] = False
    evidence: Annotated[bool, Field(description="the files that show it")] = False


def consent_answer(consent: Consent, now: datetime) -> ConsentAnswer:
    """Return what clients are told of a consent."""
    values = consent.model_dump(mode="json")
    return ConsentAnswer(**values | {"state": _state(consent, now)})


@ROUTER.post("", status_code=201, responses=documented(404, 409))
async def add(
    order: NewConsent, response: Response, parts: Parts, caller: Writer, _key: IdempotencyKey = None
) -> ConsentAnswer:
    """Put a consent on record, with templates of the face and the files that show it."""
    consent = await heavily(parts, lambda: _added(order, parts, caller))
    response.headers["Location"] = f"/v1/consents/{consent.id}"
    return consent_answer(consent, datetime.now(UTC))


@ROUTER.get("", responses=documented())
def show_all(which: Annotated[WhichConsents, Query()], parts: Parts, caller: Reader) -> ConsentList:
    """List consents, the oldest first."""
    now = datetime.now(UTC)
    found = [consent_answer(each, now) for each in parts.records.consents(caller.tenant).all()]
    return ConsentList(consents=[each for each in found if which.all or each.state in {"holds", "future"}])


@ROUTER.get("/{consent_id}", responses=documented(404))
def show(consent_id: ConsentId, parts: Parts, caller: Reader) -> ConsentAnswer:
    """Show one consent."""
    return consent_answer(_known(parts, caller, consent_id), datetime.now(UTC))


@ROUTER.post("/{consent_id}/revoke", responses=documented(404))
def revoke(
    consent_id: ConsentId, order: Revoke, parts: Parts, caller: Writer, _key: IdempotencyKey = None
) -> ConsentAnswer:
    """Revoke a consent; work that relies on it stops."""
    _known(parts, caller, consent_id)
    consent = parts.records.consents(caller.tenant).revoke(consent_id, order.reason)
    _note(parts, caller, "revoked", consent)
    return consent_answer(consent, datetime.now(UTC))


@ROUTER.get(
    "/{consent_id}/export",
    response_class=Response,
    responses=documented(404, also={200: {"description": "A signed file", "content": {"application/json": {}}}}),
)
def export(consent_id: ConsentId, which: Annotated[ExportWith, Query()], parts: Parts, caller: Writer) -> Response:
    """Return a consent as a signed file, which others verify with the public key of this place."""
    consent, store = _known(parts, caller, consent_id), parts.records.consents(caller.tenant)
    faces = store.faces(consent.id) if which.face else ()
    evidence = store.evidence(consent.id) if which.evidence else ()
    key = parts.records.ring.signing_key(_PURPOSE)
    text = file_text(consent, key, datetime.now(UTC), faces=faces, evidence=evidence)
    _note(parts, caller, "exported", consent)
    headers = {"Content-Disposition": f'attachment; filename="{consent.id}.json"', "Cache-Control": "no-store"}
    return Response(text, media_type="application/json", headers=headers)


@ROUTER.get(
    "/{consent_id}/signature",
    response_class=Response,
    responses=documented(404, also={200: {"description": "The signature", "content": {"image/png": {}}}}),
)
def show_signature(consent_id: ConsentId, parts: Parts, caller: Reader) -> Response:
    """Show the signature that was drawn on a screen, held against the digest in the record."""
    _known(parts, caller, consent_id)
    found = parts.records.consents(caller.tenant).signature(consent_id)
    if found is None:
        raise ResourceUnknownError(f"The consent {consent_id} has no signature that was drawn on a screen")
    headers = {"Cache-Control": "private, no-store", "Content-Security-Policy": "sandbox; default-src 'none'"}
    return Response(found, media_type="image/png", headers=headers | {"X-Content-Type-Options": "nosniff"})


def _added(order: NewConsent, parts: ServiceParts, caller: Caller) -> Consent:
    scope = _scope(order, datetime.now(UTC))
    more = {} if order.face_position is None else {"source_face_position": order.face_position}
    options = options_of(parts.options, caller, **more)
    pictures = [ready(parts.uploads.get(each, tenant=caller.tenant), "picture") for each in order.pictures]
    evidence = [_evidence(parts, caller, each) for each in order.evidence]
    with stage(parts.storage, parts.scratch) as place:
        signed = None if order.signature is None else _signed(order.signature, parts, caller, place)
        faces = faces_of_person(place.bring(pictures), options)
    consents = parts.records.consents(caller.tenant)
    new = sum(len(each.content) for each in evidence) + (0 if signed is None else len(signed[1]))
    if new:
        parts.quotas.check(caller.tenant, consents.evidence_bytes() + new)
    consent = consents.add(
        faces,
        granted_by=order.granted_by,
        person=order.person,
        scope=scope,
        evidence=evidence,
        picture_digests=[each.sha256 for each in pictures if each.sha256],
        signed=signed,
    )
    _note(parts, caller, "added", consent)
    return consent


def _signed(order: NewSignature, parts: ServiceParts, caller: Caller, place: Stage) -> tuple[str, bytes]:
    """Return who signed, and the picture of it as it is kept.

    Raises:
        RequestInvalidError: it is no Base64.
        InputError: it is no picture, or shows nothing.
    """
    if order.upload is not None:
        [path] = place.bring([ready(parts.uploads.get(order.upload, tenant=caller.tenant), "picture")])
    else:
        path = place.folder / "signature"
        try:
            path.write_bytes(base64.b64decode(order.picture or "", validate=True))
        except binascii.Error as error:
            raise RequestInvalidError("The picture of the signature is no Base64", "Send its bytes so") from error
    return order.signer.strip(), read_signature(path, parts.options.limits)


def _known(parts: ServiceParts, caller: Caller, consent_id: str) -> Consent:
    found = {each.id: each for each in parts.records.consents(caller.tenant).all()}
    if consent_id not in found:
        raise ResourceUnknownError(f"There is no consent {consent_id}")
    return found[consent_id]


def _note(parts: ServiceParts, caller: Caller, action: str, consent: Consent) -> None:
    subjects = () if consent.person is None else (consent.person,)
    parts.records.note(caller, "consent", action, consents=(consent.id,), subjects=subjects)


def _scope(order: NewConsent, now: datetime) -> Scope:
    try:
        return Scope(
            project=order.project,
            processors=tuple(order.processors),
            territories=tuple(order.territories),
            valid_from=order.valid_from or now,
            until=order.until,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise RequestInvalidError(
            f"{'.'.join(map(str, first['loc']))}: {first['msg']}", "Times have a zone, such as 2030-01-31T00:00:00Z"
        ) from error


def _evidence(parts: ServiceParts, caller: Caller, order: NewEvidence) -> EvidenceFile:
    upload = ready(parts.uploads.get(order.upload, tenant=caller.tenant))
    if not 0 < upload.size <= MOST_BYTES:
        raise ConsentRecordError(f"The evidence {upload.name} is empty or too large", "It has at most 32 MiB")
    return EvidenceFile(order.kind, upload.name[:200], b"".join(parts.storage.read(upload.key)))


def _state(consent: Consent, now: datetime) -> str:
    if consent.revocation is not None:
        return "revoked"
    if now < consent.scope.valid_from:
        return "future"
    return "ended" if consent.scope.until is not None and now >= consent.scope.until else "holds"
