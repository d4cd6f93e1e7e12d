"""Models: which there are; administrators fetch further ones."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from facefusion.errors import CancelledError, ResourceUnknownError
from facefusion.inference.families import Families
from facefusion.inference.opening import open_store
from facefusion.inference.store.download import Downloader
from facefusion.inference.store.pull import Puller, Transfer, chosen_cards
from facefusion.inference.store.unpack import import_bundle
from facefusion.jobs.database import writing
from facefusion.service.background.operations import Progress, Teller, Work
from facefusion.service.gateway.access import require
from facefusion.service.gateway.caller import Caller
from facefusion.service.models_answer import (
    ModelAnswer,
    ModelDetails,
    catalogue_of,
    entries_of,
    model_answer,
    model_details,
)
from facefusion.service.parts import Parts, ServiceParts
from facefusion.service.problems import documented
from facefusion.service.route import IdempotencyKey, ServiceRoute
from facefusion.service.routes.operations import OperationAnswer, operation_answer
from facefusion.service.staging import stage
from facefusion.service.uploads.store import ready
from facefusion.service.uploads.values import Upload
from facefusion.service.values import Answer, Body, Id
from facefusion.service.values import Query as Parameters

ROUTER: Final = APIRouter(prefix="/v1/models", tags=["models"], route_class=ServiceRoute)

Reader = Annotated[Caller, Depends(require("models:read"))]
Admin = Annotated[Caller, Depends(require("models:write"))]
ModelName = Annotated[str, Field(min_length=1, max_length=80)]


class WhichModels(Parameters):
    """Which models are listed."""

    task: Annotated[str | None, Field(max_length=80, description="of this task alone")] = None
    state: Annotated[str | None, Field(max_length=40, description="in this state alone, such as ready")] = None


class ModelList(Answer):
    """Models by name."""

    models: list[ModelAnswer]


class Pull(Body):
    """Models that are to be fetched."""

    models: Annotated[list[ModelName], Field(min_length=1, max_length=100, description="models, tasks or `all`")]


class Import(Body):
    """A bundle of models that is to be read."""

    upload: Id


@ROUTER.get("", responses=documented())
def show_all(which: Annotated[WhichModels, Query()], parts: Parts, _caller: Reader) -> ModelList:
    """List the models of the catalogue, and whether they can run."""
    found = [model_answer(entry) for _, entry in sorted(entries_of(parts.options).items())]
    if which.task is not None:
        found = [each for each in found if each.task == which.task]
    return ModelList(models=[each for each in found if which.state in {None, each.state}])


@ROUTER.get("/{name}", responses=documented(404))
def show(name: ModelName, parts: Parts, _caller: Reader) -> ModelDetails:
    """Show one model."""
    entry = entries_of(parts.options).get(name)
    if entry is None:
        raise ResourceUnknownError(f"There is no model {name}")
    return model_details(entry)


@ROUTER.post("/pull", status_code=202, responses=documented())
def pull(order: Pull, response: Response, parts: Parts, caller: Admin, _key: IdempotencyKey = None) -> OperationAnswer:
    """Fetch weights from where their makers publish them, beside this request."""
    chosen_cards(catalogue_of(parts.options), order.models)
    return _begun(
        parts, caller, response, kind="models.pull", about=", ".join(order.models), work=_pulling(parts, order.models)
    )


@ROUTER.post("/import", status_code=202, responses=documented(404, 409))
def read_bundle(
    order: Import, response: Response, parts: Parts, caller: Admin, _key: IdempotencyKey = None
) -> OperationAnswer:
    """Read a bundle that `facefusion models export` made, beside this request."""
    upload = ready(parts.uploads.get(order.upload, tenant=caller.tenant))
    return _begun(parts, caller, response, kind="models.import", about=upload.name, work=_importing(parts, upload))


def _begun(
    parts: ServiceParts, caller: Caller, response: Response, *, kind: str, about: str, work: Work
) -> OperationAnswer:
    with writing(parts.engine) as connection:
        operation = parts.operations.begin(
            connection, tenant=caller.tenant, owner=caller.actor, kind=kind, about=about[:200]
        )
    parts.operations.run(operation, work)
    response.headers["Location"] = f"/v1/operations/{operation.id}"
    return operation_answer(operation)


def _pulling(parts: ServiceParts, names: list[str]) -> Work:
    def work(tell: Teller, stop: threading.Event) -> Mapping[str, Any]:
        models, catalogue = parts.options.models, catalogue_of(parts.options)
        outcomes: dict[str, str] = {}
        wanted = len(chosen_cards(catalogue, names))

        def heard(transfer: Transfer) -> None:
            _check_goes_on(stop)
            tell.progress(Progress(transfer.name, transfer.done, transfer.total, len(outcomes) + 1, wanted))

        with Downloader(None) as downloader:
            puller = Puller(catalogue, open_store(models), downloader, listener=heard, notify=tell)
            for pulled in puller.pull(names):
                outcomes[pulled.name] = pulled.outcome
                if pulled.error is not None:
                    tell(f"{pulled.name}: {pulled.error}")
                _check_goes_on(stop)
                failed = pulled.error if pulled.outcome == "failed" else None
                if failed is not None and len(names) == 1:
                    raise failed
        return {"models": outcomes}

    return work


def _check_goes_on(stop: threading.Event) -> None:
    """Make sure that nobody wants work to end.

    Raises:
        CancelledError: somebody does.
    """
    if stop.is_set():
        raise CancelledError("It was stopped before all models were there", "Ask for them again; it goes on there")


def _importing(parts: ServiceParts, upload: Upload) -> Work:
    def work(tell: Teller, stop: threading.Event) -> Mapping[str, Any]:
        models = parts.options.models
        turns = itertools.count(1)

        def heard(name: str) -> None:
            _check_goes_on(stop)
            tell.progress(Progress(name, 0, None, next(turns), None))

        with stage(parts.storage, parts.scratch) as place:
            [path] = place.bring([upload])
            done = import_bundle(path, catalogue_of(parts.options), open_store(models), Families(), listener=heard)
        for name, why in done.left_out.items():
            tell(f"{name}: left out: {why}")
        return {"put": list(done.put), "there": list(done.there), "left_out": done.left_out}

    return work
