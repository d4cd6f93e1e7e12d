"""Verifying a file: which marks it bears, and whether they hold."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from facefusion.errors import AuditError
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.heavy import heavily
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.staging import Stage, stage, without_folder
from facefusion.service.uploads.receiving import whole
from facefusion.service.uploads.store import ready
from facefusion.service.values import Answer, Id
from facefusion.trust.verify.opening import open_layers
from facefusion.trust.verify.report import Report, verify_file

ROUTER: Final = APIRouter(prefix="/v1", tags=["verify"], route_class=ServiceRoute)
_OWN_FACTS: Final = ("entry", "sequence", "time", "job", "policy", "models", "version")
_BINARY: Final = {
    "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string"}}}, "required": True}
}

Reader = Annotated[Caller, Depends(require("jobs:read"))]


class LayerAnswer(Answer):
    """One layer of marks."""

    layer: str = Field(description="provenance, metadata, watermark or audit")
    state: str = Field(description="holds, broken, absent, unknown or unread")
    what: str
    facts: dict[str, Any]


class VerifyAnswer(Answer):
    """What the marks of a file show."""

    verdict: str = Field(description="`holds`, or the name of what is wrong")
    code: int = Field(description="exit code of the command line for it; 0 where all holds")
    what: str
    layers: list[LayerAnswer]


@ROUTER.post("/verify", responses=documented(507), openapi_extra=_BINARY)
async def verify(
    request: Request,
    parts: Parts,
    caller: Reader,
    name: Annotated[str, Query(max_length=200, description="how the answer calls the file")] = "file",
) -> VerifyAnswer:
    """Read all marks of the file that is the body of the request; nothing of it is kept."""
    with stage(parts.storage, parts.scratch) as place:
        path = place.folder / "file"
        await whole(request, path, most=parts.settings.max_upload)
        report = await heavily(parts, lambda: verify_file(path, open_layers(parts.options), parts.options.limits))
        return _answer(report, place, parts, caller, name)


@ROUTER.post("/uploads/{upload_id}/verify", responses=documented(404, 409, 410))
async def verify_upload(upload_id: Id, parts: Parts, caller: Reader) -> VerifyAnswer:
    """Read all marks of an upload."""

    def work() -> VerifyAnswer:
        upload = ready(parts.uploads.get(upload_id, tenant=caller.tenant))
        with stage(parts.storage, parts.scratch) as place:
            [path] = place.bring([upload])
            report = verify_file(path, open_layers(parts.options), parts.options.limits)
            return _answer(report, place, parts, caller, upload.name)

    return await heavily(parts, work)


def _answer(report: Report, place: Stage, parts: ServiceParts, caller: Caller, name: str) -> VerifyAnswer:
    found = report.as_json()
    layers = [
        LayerAnswer(layer=layer["layer"], state=layer["state"], what=layer["what"], facts=layer["facts"])
        for layer in (_of_caller(each, parts, caller) for each in found["layers"])
    ]
    what = without_folder(found["what"], place.folder).replace(report.path.name, name)
    return VerifyAnswer(verdict=found["verdict"], code=found["exit_code"], what=what, layers=layers)


def _of_caller(layer: dict[str, Any], parts: ServiceParts, caller: Caller) -> dict[str, Any]:
    """Return a layer without what only the tenant may know whose entry of the audit log it names."""
    entry = layer["facts"].get("entry")
    if entry is None:
        return layer
    try:
        parts.records.audit.entry(entry, tenant=caller.tenant)
    except AuditError:
        facts = {name: value for name, value in layer["facts"].items() if name not in _OWN_FACTS}
        return layer | {"facts": facts, "what": "it left here, for somebody else"}
    return layer
