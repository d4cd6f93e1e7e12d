"""Verifying a file: which marks it bears, and whether they hold."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import Field

from facefusion.errors import AccessError, AuditError
from facefusion.options import LimitOptions, Options
from facefusion.service.gateway.access import BEARER, allowed, require
from facefusion.service.gateway.caller import Caller
from facefusion.service.heavy import for_strangers, heavily
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


async def _somebody(
    request: Request,
    parts: Parts,
    _credentials: HTTPAuthorizationCredentials | None = Security(BEARER, scopes=["jobs:read"]),  # noqa: B008
) -> Caller | None:
    """Return who calls; None for anybody, where the service is open to them."""
    caller = getattr(request.state, "caller", None)
    if caller is None and parts.settings.public_verify is not None:
        return None
    try:
        return allowed(caller, "jobs:read")
    except AccessError as error:
        request.state.refusal = error.reason
        raise


Somebody = Annotated[Caller | None, Depends(_somebody)]


class LayerAnswer(Answer):
    """One layer of marks."""

    layer: str = Field(description="provenance, metadata, watermark or audit")
    state: str = Field(description="holds, unknown, broken, stripped, absent or unread")
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
    caller: Somebody,
    name: Annotated[str, Query(max_length=200, description="how the answer calls the file")] = "file",
) -> VerifyAnswer:
    """Read all marks of the file that is the body of the request; nothing of it is kept.

    With the option `--public-verify` this needs no key: for smaller files, and for few a minute from one address.
    """
    public = parts.settings.public_verify or 0
    most = parts.settings.max_upload if caller is not None else min(public, parts.settings.max_upload)
    options = parts.options if caller is not None else _guarded(parts)
    with stage(parts.storage, parts.scratch) as place:
        path = place.folder / "file"
        await whole(request, path, most=most)

        def work() -> VerifyAnswer:
            report = verify_file(path, open_layers(options), options.limits)
            return _answer(report, place, parts, caller, name)

        return await (for_strangers(parts, work) if caller is None else heavily(parts, work))


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


def _guarded(parts: ServiceParts) -> Options:
    """Return the options by which files of strangers are looked into: apart, where the system can."""
    if sys.platform != "linux":
        return parts.options
    limits: LimitOptions = parts.options.limits.model_copy(update={"isolate": True})
    return parts.options.model_copy(update={"limits": limits})


def _answer(report: Report, place: Stage, parts: ServiceParts, caller: Caller | None, name: str) -> VerifyAnswer:
    found = report.as_json()
    layers = [
        LayerAnswer(layer=layer["layer"], state=layer["state"], what=layer["what"], facts=layer["facts"])
        for layer in (_of_caller(each, parts, caller) for each in found["layers"])
    ]
    what = without_folder(found["what"], place.folder).replace(report.path.name, name)
    return VerifyAnswer(verdict=found["verdict"], code=found["exit_code"], what=what, layers=layers)


def _of_caller(layer: dict[str, Any], parts: ServiceParts, caller: Caller | None) -> dict[str, Any]:
    """Return a layer without what only the tenant may know whose entry of the audit log it names."""
    entry = layer["facts"].get("entry")
    if entry is None:
        return layer
    if caller is not None and _is_own(entry, parts, caller):
        return layer
    facts = {name: value for name, value in layer["facts"].items() if name not in _OWN_FACTS}
    return layer | {"facts": facts, "what": "it left here" if caller is None else "it left here, for somebody else"}


def _is_own(entry: str, parts: ServiceParts, caller: Caller) -> bool:
    try:
        parts.records.audit.entry(entry, tenant=caller.tenant)
    except AuditError:
        return False
    return True
