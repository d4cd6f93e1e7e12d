"""Errors as answers: problem details for HTTP APIs (RFC 9457), the same shape for all that can go wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from facefusion import errors
from facefusion.errors import FaceFusionError
from facefusion.service.values import Box
from facefusion.telemetry.refusals import is_refusal

MEDIA_TYPE: Final = "application/problem+json"
_URN: Final = "urn:facefusion:error:"
_SHOWN_PROBLEMS: Final = 20
_RETRY_SECONDS: Final = 5
_LOG: Final = logging.getLogger(__name__)

# The first class of an error's own line of descent that stands here decides.
_STATUS: Final[Mapping[type[FaceFusionError], int]] = {
    errors.OptionsError: 422,
    errors.InputError: 422,
    errors.IsolationError: 500,
    errors.FaceError: 422,
    errors.OutputError: 422,
    errors.OutputUnwritableError: 500,
    errors.OutputExistsError: 409,
    errors.DiskFullError: 507,
    errors.ModelError: 422,
    errors.CatalogueError: 500,
    errors.DownloadError: 502,
    errors.ProviderError: 422,
    errors.ProcessorError: 422,
    errors.TrustError: 403,
    errors.PolicyFixedError: 409,
    errors.AuditError: 503,
    errors.AuditBrokenError: 500,
    errors.SecretError: 500,
    errors.SigningError: 500,
    errors.ConsentRecordError: 422,
    errors.JobUnknownError: 404,
    errors.JobStateError: 409,
    errors.JobQuotaError: 429,
    errors.LeaseLostError: 409,
    errors.JobsUnavailableError: 503,
    errors.SegmentError: 500,
    errors.StorageAddressError: 422,
    errors.StorageUnavailableError: 503,
    errors.StorageDamagedError: 500,
    errors.RequestInvalidError: 422,
    errors.ResourceUnknownError: 404,
    errors.KeyUnknownError: 404,
    errors.AccountError: 409,
    errors.PasswordError: 422,
    errors.IdempotencyError: 422,
    errors.RequestBusyError: 409,
    errors.SupersededError: 409,
    errors.PreconditionError: 412,
    errors.UploadError: 409,
    errors.UploadDamagedError: 460,
    errors.UploadExpiredError: 410,
    errors.OverloadedError: 503,
    errors.MediaTypeError: 415,
    errors.ProtocolVersionError: 412,
    errors.CancelledError: 503,
}
_PHRASES: Final[Mapping[int, str]] = {460: "Checksum Mismatch"}  # of the tus protocol alone


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="where it is, such as body.options.blend_ratio")
    problem: str


class SpotProblem(BaseModel):
    """Where in a picture or a clip it is that something is wrong."""

    model_config = ConfigDict(extra="forbid")

    input: str = Field(description="the file, as the request names it")
    seconds: float | None = Field(default=None, description="of the frame; missing of a picture")
    width: int = Field(description="of the picture or the frame, in pixels")
    height: int
    boxes: list[Box] = Field(
        description="left, top, right and bottom of each face in it, in pixels, in the order in which faces are counted"
    )


class Problem(BaseModel):
    """Why a request was not done, and what to do next (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="which error it is, for programs", examples=["urn:facefusion:error:NoFaceError"])
    title: str = Field(description="the kind of error, in words that never change")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="what happened")
    hint: str = Field(default="", description="what to do next")
    code: int = Field(default=1, description="exit code of the command line for the same error")
    errors: list[FieldProblem] | None = Field(default=None, description="all fields that are wrong")
    spot: SpotProblem | None = Field(default=None, description="where in a file of the request the problem is")


def problem_of(error: FaceFusionError) -> Problem:
    """Return what the service says of an error.

    What is no fault of the request is told without its details, which may name files of the server.
    """
    kind = type(error)
    status = status_of(error)
    is_ours = status == HTTPStatus.INTERNAL_SERVER_ERROR
    return Problem(
        type=f"{_URN}{kind.__name__}",
        title=_title(kind.__name__),
        status=status,
        detail="The service could not do this" if is_ours else error.what,
        hint="Ask whoever runs the service; its log says why" if is_ours else error.hint,
        code=error.exit_code,
        spot=_spot(error),
    )


def _spot(error: FaceFusionError) -> SpotProblem | None:
    if not isinstance(error, errors.FaceError) or error.spot is None or error.input is None:
        return None
    spot = error.spot
    return SpotProblem(
        input=error.input,
        seconds=spot.seconds,
        width=spot.width,
        height=spot.height,
        boxes=[list(box) for box in spot.boxes],
    )


def status_of(error: FaceFusionError) -> int:
    """Return the HTTP status that tells of an error."""
    if isinstance(error, errors.AccessError):
        return error.status
    return next((_STATUS[each] for each in type(error).__mro__ if each in _STATUS), 500)


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return a problem as a response."""
    content = problem.model_dump(exclude_none=True)
    return JSONResponse(content, problem.status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def answer_of(error: FaceFusionError) -> JSONResponse:
    """Return an error as a response, with the headers that go with it."""
    problem = problem_of(error)
    headers = dict(error.headers) if isinstance(error, errors.AccessError) else {}
    if isinstance(error, errors.RequestBusyError | errors.OverloadedError):
        headers["Retry-After"] = str(error.seconds)
    elif problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", str(_RETRY_SECONDS))
    return answer(problem, headers)


def documented(*statuses: int, also: Mapping[int, Mapping[str, Any]] | None = None) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route that tell of problems, for the OpenAPI document.

    Args:
        statuses: beyond those of every route.
        also: further answers, which may be none of problems.
    """
    every = {400, 401, 403, 413, 422, 429, 500, 503, *statuses}
    shown: dict[int | str, dict[str, Any]] = {status: _documented(status) for status in sorted(every)}
    return shown | {status: dict(each) for status, each in (also or {}).items()}


def install(app: FastAPI) -> None:
    """Let an application answer everything that goes wrong with a problem."""
    app.add_exception_handler(FaceFusionError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(Exception, _of_bug)


async def _of_ours(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, FaceFusionError):
        raise error
    if isinstance(error, errors.AccessError):  # for the audit log
        request.state.refusal = error.reason
        request.state.refused = getattr(error, "tenant", None), getattr(error, "actor", None)
    if is_refusal(error):
        request.state.refused_work = type(error).__name__
    if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("%s %s failed", request.scope.get("method", "WebSocket"), _path(request), exc_info=error)
    return answer_of(error)


def _path(request: Request) -> str:
    """Return which path was asked for, without the token of a link, by which whoever reads the log had the result."""
    token = str(request.path_params.get("token", ""))
    return request.url.path.replace(token, "…") if token else request.url.path


async def _of_validation(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    return answer(invalid(error.errors()))


def invalid(found: Sequence[Any]) -> Problem:
    """Return the problem of a request in which fields are wrong.

    Args:
        found: what pydantic says of them.
    """
    fields = [
        FieldProblem(field=".".join(map(str, each["loc"])) or "body", problem=_message(each))
        for each in found[:_SHOWN_PROBLEMS]
    ]
    first = fields[0]
    return Problem(
        type=f"{_URN}RequestInvalidError",
        title=_title("RequestInvalidError"),
        status=422,
        detail=f"{first.field}: {first.problem}",
        hint="See /openapi.json for what is expected",
        code=errors.RequestInvalidError.exit_code,
        errors=fields,
    )


async def _of_framework(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    detail = {
        404: f"There is nothing at {request.url.path}",
        405: f"{request.method} is not possible at {request.url.path}",
    }.get(error.status_code, str(error.detail))
    name = f"{''.join(word.capitalize() for word in phrase.replace('-', ' ').split())}Error"
    problem = Problem(type=f"{_URN}{name}", title=phrase, status=error.status_code, detail=detail)
    return answer(problem, error.headers)


async def _of_bug(_request: Request, _error: Exception) -> JSONResponse:
    """Tell nothing of a bug but that there is one; the server logs it."""
    return answer(
        Problem(
            type=f"{_URN}InternalError",
            title="Internal error",
            status=500,
            detail="The service could not do this",
            hint="Ask whoever runs the service; its log says why",
        )
    )


def _documented(status: int) -> dict[str, Any]:
    return {
        "description": _PHRASES.get(status) or HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _title(name: str) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.removesuffix("Error"))
    return words.strip().capitalize()


def _message(found: Mapping[str, Any]) -> str:
    return str(found["msg"]).removeprefix("Value error, ")
