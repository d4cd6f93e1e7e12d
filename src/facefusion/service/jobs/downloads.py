"""Handing out what a job made: whole, in ranges, or by an address of the storage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from facefusion.errors import ResourceUnknownError
from facefusion.jobs.values import Job
from facefusion.service.etags import is_known
from facefusion.service.parts import ServiceParts

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file, from its first byte up to, not including, its last."""

    start: int
    end: int


def output_of(job: Job, number: int) -> Mapping[str, Any]:
    """Return one output of a job.

    Raises:
        ResourceUnknownError: there is none of this number.
    """
    outputs = (job.result or {}).get("outputs", ())
    if not 0 <= number < len(outputs):
        raise ResourceUnknownError(f"Job {job.id} has no output {number}")
    return dict(outputs[number])


def handed_out(parts: ServiceParts, request: Request, output: Mapping[str, Any], *, may_redirect: bool) -> Response:
    """Return an output as an answer.

    Args:
        parts: of the service.
        request: as it was made; its headers say which part is wanted, and what the client has already.
        output: of a job.
        may_redirect: whether the client may be sent to the storage.
    """
    key, size, tag = str(output["address"]), int(output["size"]), f'"{output["sha256"]}"'
    headers = _headers(output, tag)
    if is_known(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    if may_redirect:
        url = parts.storage.presigned_get(key, parts.settings.presigned_seconds, name=str(output["name"]))
        if url is not None:
            return RedirectResponse(url, 307, {"Cache-Control": "private, no-store"})
    span = _span(request.headers.get("range"), request.headers.get("if-range"), size, tag)
    if span is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    is_part = span != Span(0, size)
    headers["Content-Length"] = str(span.end - span.start)
    if is_part:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    content = parts.storage.read(key, start=span.start, end=span.end)
    return StreamingResponse(content, 206 if is_part else 200, headers, media_type=str(output["media_type"]))


def _headers(output: Mapping[str, Any], tag: str) -> dict[str, str]:
    name = str(output["name"])
    plain = "".join(each if each.isascii() and each.isprintable() and each not in '"\\' else "_" for each in name)
    return {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }


def _span(wanted: str | None, if_range: str | None, size: int, tag: str) -> Span | None:
    """Return which bytes are wanted; None where there are none such. What is not understood is the whole (RFC 9110)."""
    match = None if wanted is None else _RANGE.fullmatch(wanted.strip())
    if match is None or (if_range is not None and if_range.strip() != tag) or not (match[1] or match[2]):
        return Span(0, size)
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
        return Span(start, end) if start < end else None
    start, end = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
    if match[2] and int(match[2]) < start:
        return Span(0, size)
    return Span(start, end) if start < end else None
