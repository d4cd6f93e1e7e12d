"""Processors, and the options that a job may set."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import Field

from facefusion.processors.overview import ProcessorOverview, processors_overview
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.options_schema import options_schema
from facefusion.service.parts import Parts
from facefusion.service.problems import documented
from facefusion.service.route import ServiceRoute
from facefusion.service.values import Answer

ROUTER: Final = APIRouter(prefix="/v1", tags=["processors"], route_class=ServiceRoute)

Reader = Annotated[Caller, Depends(require("models:read"))]


class ProcessorAnswer(Answer):
    """A processor."""

    name: str
    package: str = Field(description="that it comes with")
    summary: str
    needs_source: bool | None = Field(description="whether a job with it needs a source face")
    can_run: bool
    reason: str = Field(description="why it cannot run; empty where it can")
    model: str | None = Field(description="that it takes where a job names none")
    others: list[str] = Field(description="further models that it can take now")


class ProcessorList(Answer):
    """All processors."""

    processors: list[ProcessorAnswer]


class SchemaAnswer(Answer):
    """The options that a job may set."""

    options: dict[str, Any] = Field(description="a JSON Schema of `options` in a job")


@ROUTER.get("/processors", responses=documented())
def show_all(parts: Parts, _caller: Reader) -> ProcessorList:
    """List what can be done to faces and frames here."""
    found, _ = processors_overview(parts.options)
    return ProcessorList(processors=[_answer(each) for each in found])


@ROUTER.get("/options", responses=documented())
def show_options(_caller: Reader) -> SchemaAnswer:
    """Show which options a job may set, with their ranges and usual values."""
    return SchemaAnswer(options=options_schema())


def _answer(each: ProcessorOverview) -> ProcessorAnswer:
    spec = each.found.spec
    return ProcessorAnswer(
        name=each.found.name,
        package=each.found.package,
        summary="" if spec is None else spec.summary,
        needs_source=None if spec is None else spec.needs_source,
        can_run=each.can_run,
        reason=_reason(each),
        model=each.model or None,
        others=list(each.others),
    )


def _reason(each: ProcessorOverview) -> str:
    if each.can_run:
        return ""
    if each.problem or each.entry is None:
        return each.problem or f"there is no model {each.model}"
    return f"the model {each.entry.card.name} is {each.entry.state}"
