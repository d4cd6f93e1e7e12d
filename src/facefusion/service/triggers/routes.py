"""Triggers over HTTP: made, looked at, changed, and told of objects."""

from __future__ import annotations

from typing import Annotated, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from facefusion.client.signature import SIGNATURE_HEADER, check_signature
from facefusion.errors import AuthenticationError, ResourceUnknownError, TooLargeError, WebhookSignatureError
from facefusion.service.etags import revision_wanted
from facefusion.service.gateway.access import allowed, check_tenant, require
from facefusion.service.gateway.caller import Caller
from facefusion.service.problems import documented
from facefusion.service.route import IdempotencyKey, SecretRoute, ServiceRoute
from facefusion.service.triggers.formats import MOST_BYTES, created_by
from facefusion.service.triggers.shown import (
    EventAnswer,
    ObjectAnswer,
    TriggerAnswer,
    TriggerBody,
    TriggerChange,
    TriggerList,
    TriggerSecret,
)
from facefusion.service.triggers.starting import Starter
from facefusion.service.triggers.store import Triggers
from facefusion.service.triggers.values import Trigger
from facefusion.service.triggers.waiting import MOST_SECONDS, Waiting
from facefusion.service.values import ID_PATTERN

_PREFIX: Final = "/v1/triggers"
_Reader = Annotated[Caller, Depends(require("jobs:read"))]
_Writer = Annotated[Caller, Depends(require("jobs:write"))]
_Id = Annotated[str, Path(pattern=ID_PATTERN, description="of the trigger")]
_IfMatch = Annotated[str | None, Header(alias="If-Match", description="entity tag of what is to be changed")]
_Wait = Annotated[
    float,
    Query(
        ge=0,
        le=MOST_SECONDS,
        description="seconds for which to wait until the jobs of the event are finished; where some are not by then the"
        " answer is 503, and the event is to be sent again",
    ),
]
_EVENT: Final = {
    "requestBody": {
        "required": True,
        "description": "an event of S3, MinIO, EventBridge or Pub/Sub, or a CloudEvent",
        "content": {
            kind: {"schema": {"type": "object"}} for kind in ("application/json", "application/cloudevents+json")
        },
    }
}


def triggers_router(triggers: Triggers, starter: Starter, waiting: Waiting) -> APIRouter:
    """Return the routes of triggers.

    Args:
        triggers: keeps them.
        starter: starts jobs.
        waiting: waits for them.
    """
    router = APIRouter(tags=["triggers"])
    router.include_router(_with_secrets(triggers))
    router.include_router(_triggers(triggers))
    router.include_router(_events(triggers, starter, waiting))
    return router


def _with_secrets(triggers: Triggers) -> APIRouter:
    """Return the routes whose answers hold a secret."""
    router = APIRouter(prefix=_PREFIX, route_class=SecretRoute)

    @router.post("", status_code=201, responses=documented())
    def create_trigger(
        body: TriggerBody, caller: _Writer, response: Response, key: IdempotencyKey = None
    ) -> TriggerSecret:
        """Make a trigger; its secret is shown this once."""
        made = triggers.add(caller.tenant, body.rule(), name=body.name)
        response.headers.update({"Location": f"{_PREFIX}/{made.trigger.id}", "Cache-Control": "no-store"})
        return TriggerSecret.of(made)

    @router.post("/{trigger_id}/secret", responses=documented(404))
    def rotate_trigger_secret(
        trigger_id: _Id, caller: _Writer, response: Response, key: IdempotencyKey = None
    ) -> TriggerSecret:
        """Make a new secret, shown this once; the one before holds no more."""
        response.headers["Cache-Control"] = "no-store"
        return TriggerSecret.of(triggers.rotate(caller.tenant, trigger_id))

    return router


def _triggers(triggers: Triggers) -> APIRouter:
    router = APIRouter(prefix=_PREFIX, route_class=ServiceRoute)

    @router.get("", responses=documented())
    def list_triggers(caller: _Reader) -> TriggerList:
        """List all triggers of the tenant, the oldest first."""
        return TriggerList(triggers=[TriggerAnswer.of(each) for each in triggers.triggers(caller.tenant)])

    @router.get("/{trigger_id}", responses=documented(404))
    def show_trigger(trigger_id: _Id, caller: _Reader, response: Response) -> TriggerAnswer:
        """Show a trigger."""
        found = triggers.trigger(caller.tenant, trigger_id)
        response.headers["ETag"] = f'"{found.revision}-{found.refused.isoformat() if found.refused else "well"}"'
        return TriggerAnswer.of(found)

    @router.patch("/{trigger_id}", responses=documented(404, 412))
    def change_trigger(
        trigger_id: _Id, body: TriggerChange, caller: _Writer, if_match: _IfMatch = None
    ) -> TriggerAnswer:
        """Change what is given of a trigger."""
        before = triggers.trigger(caller.tenant, trigger_id)
        revision_wanted(if_match, before.revision)
        rule = body.rule(before.rule)
        changed = triggers.change(caller.tenant, trigger_id, rule=rule, name=body.name, is_enabled=body.is_enabled)
        return TriggerAnswer.of(changed)

    @router.delete("/{trigger_id}", status_code=204, response_class=Response, responses=documented(404))
    def remove_trigger(trigger_id: _Id, caller: _Writer) -> Response:
        """Forget a trigger; jobs that it started go on."""
        triggers.remove(caller.tenant, trigger_id)
        return Response(status_code=204)

    return router


def _events(triggers: Triggers, starter: Starter, waiting: Waiting) -> APIRouter:
    router = APIRouter(prefix=_PREFIX)

    @router.post(
        "/{trigger_id}/events",
        status_code=202,
        response_model=EventAnswer,
        responses=documented(404) | {204: {"description": "Nothing was created"}},
        openapi_extra=_EVENT,
    )
    async def take_event(trigger_id: _Id, request: Request, wait: _Wait = 0) -> Response:
        """Take an event of a storage service: a key with the scope jobs:write, or a signature, lets it in."""
        body = await _body(request)
        await run_sync(_let_in, triggers, trigger_id, request, body)
        created = created_by(body, {name.lower(): value for name, value in request.headers.items()})
        if not created:
            return Response(status_code=204)
        became = [await run_sync(starter.started, trigger_id, each) for each in created]
        await waiting.ended([each.job for each in became if each.job is not None], seconds=wait)
        answer = EventAnswer(objects=[ObjectAnswer.of(each) for each in became])
        return Response(answer.model_dump_json(), 202, media_type="application/json")

    return router


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLargeError(f"An event has at most {MOST_BYTES} bytes", "Send fewer objects at one time")
    return body


def _let_in(triggers: Triggers, trigger_id: str, request: Request, body: bytes) -> Trigger:
    """Return the trigger of an event, if whoever sent it may.

    Raises:
        AccessError: they may not.
        ResourceUnknownError: there is no such trigger, for those who have a key.
    """
    caller = getattr(request.state, "caller", None)
    if SIGNATURE_HEADER not in request.headers:
        known = allowed(caller, "jobs:write")
        trigger = triggers.trigger(None, trigger_id)
        check_tenant(known, trigger.tenant, ResourceUnknownError(f"There is no trigger {trigger_id}"))
        return trigger
    try:
        check_signature(body, dict(request.headers), triggers.secret(trigger_id))
    except (WebhookSignatureError, ResourceUnknownError) as error:
        # Strangers learn nothing of which triggers there are.
        raise AuthenticationError(
            "The signature of the event does not hold", "Sign it with the secret of the trigger", is_given=True
        ) from error
    return triggers.trigger(None, trigger_id)
