"""The OpenAPI document: true, complete, and kept in docs/."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from api_server import ADA, WHO, Served, served
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from facefusion.service.document import document_text
from facefusion.service.hooks import with_hooks
from facefusion.service.parts import ServiceParts
from facefusion.service.webhooks.settings import WebhookSettings

KEPT = Path(__file__).parents[2] / "docs" / "openapi.json"
OPEN = {
    "/v1/health/live",
    "/v1/health/ready",
    "/v1/session",
    "/v1/session/password",
    "/v1/shared/{token}",
    "/v1/shared/{token}/file",
    "/v1/version",
}
MADE_IF_NEW = {("put", "/v1/tenants/{tenant}")}
EVERY = {"400", "401", "403", "413", "422", "429", "500", "503"}
EXAMPLES = 4
HELD = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(document_text())
    return made


def test_the_document_that_is_kept_is_that_of_the_routes() -> None:
    assert KEPT.read_text("utf-8") == document_text(), "run `python -m facefusion.service.document docs/openapi.json`"


def test_everything_is_documented(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        assert operation.get("summary") and operation.get("description"), (path, method)
        if method != "options":
            assert operation["responses"].keys() >= EVERY - {"503"}, (path, method)
        is_open = path in OPEN or method == "options" or (path.endswith("/events") and "triggers" in path)
        assert is_open or operation.get("security"), (path, method)
        if "{" in path and (method, path) not in MADE_IF_NEW:
            assert "404" in operation["responses"], (path, method)


def test_problems_look_alike(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status >= "400" and status != "416" and path != "/v1/health/ready":
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)


def _with_every_route(parts: ServiceParts) -> ServiceParts:
    """Put webhooks and triggers on a service, and nothing that would send messages."""
    return replace(with_hooks(parts, WebhookSettings()), beside=parts.beside)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("document")
    with served(folder, models_dir=folder / "models", more=_with_every_route) as here:
        yield here


@pytest.fixture(scope="module")
def things(service: Served) -> dict[str, str]:
    """One of each kind of things that paths name, so that not all answers are that there is none."""
    client = service.client()
    small = io.BytesIO()
    Image.new("RGB", (16, 16)).save(small, "PNG")
    upload = client.post("/v1/uploads?name=a.png", content=small.getvalue()).json()["id"]
    text = client.post("/v1/uploads?name=a.txt", content=b"marks of pictures take long to read").json()["id"]
    order = {"sources": [f"upload:{upload}"], "target": f"upload:{upload}", "output": "a.png"}
    rule = {"source": "s3://media/in/", "request": order | {"target": "{address}"}}
    webhook = client.post("/v1/webhooks", json={"url": "https://hooks.example.com/"}).json()["webhook"]["id"]
    service.parts.records.note(ADA, "consent", "added", consents=(f"c-{7:016x}",), subjects=())
    return {
        "upload_id": text,
        "job_id": client.post("/v1/jobs", json=order).json()["id"],
        "webhook_id": webhook,
        "message": client.post(f"/v1/webhooks/{webhook}/test").json()["message"],
        "trigger_id": client.post("/v1/triggers", json=rule).json()["trigger"]["id"],
        "operation_id": client.post("/v1/models/import", json={"upload": text}).json()["id"],
        "entry_id": client.get("/v1/audit").json()["entries"][0]["id"],
        "name": client.get("/v1/models").json()["models"][0]["name"],
        "number": "0",
        "key_id": client.post("/v1/keys", json={"name": "farm", "role": "viewer"}).json()["key"]["id"],
        "tenant": "acme",
    }


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.mark.slow
def test_whatever_is_sent_is_answered_as_documented(
    service: Served, document: dict[str, Any], things: dict[str, str]
) -> None:
    who = json.dumps([ADA.tenant, ADA.actor, sorted(ADA.scopes)])
    there = service.app.openapi()
    assert there == document, "the service that is asked has every route of the document"
    found = [each.ok() for each in schemathesis.openapi.from_dict(there).get_all_operations()]
    held = [CHECKS.get_one(name) for name in HELD]
    for operation in sorted(found, key=lambda each: each.method.upper() == "DELETE"):  # what is removed is gone
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _try(service, operation, mode, held, headers={WHO: who}, things=things)
    assert len(found) == len(list(operations(document)))


def _try(
    service: Served,
    operation: Any,
    mode: GenerationMode,
    held: list[Any],
    *,
    headers: dict[str, str],
    things: dict[str, str],
) -> None:
    """Send some requests of one operation, as documented or not, and hold the answers against the document.

    Every second one names things that are there.
    """
    turns = itertools.cycle((things, {}))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        there = next(turns)
        case.path_parameters = {name: there.get(name, value) for name, value in (case.path_parameters or {}).items()}
        response = case.call(base_url=service.url, headers=headers, timeout=120, allow_redirects=False)
        case.validate_response(response, checks=held)

    with suppress(Unsatisfiable):  # nothing of it can be wrong
        answered()


NESTED = json.loads("[" * 200 + "]" * 200)
HALF = "\ud800"  # of a character, which JSON holds and UTF-8 does not


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/triggers", {"source": "s3://a/b/", "request": {"target": NESTED, "output": "a.png"}}),
        ("/v1/triggers", {"source": "s3://a/b/", "request": {"target": HALF, "output": "a.png"}}),
        ("/v1/triggers", {"source": "s3://a/b/", "request": {"target": "{address}", "output": "a.png", HALF: 1}}),
        ("/v1/triggers", {"source": "s3://a/b/", "name": HALF, "request": {}}),
        ("/v1/webhooks", {"url": f"https://{HALF}.example.com/"}),
        ("/v1/webhooks", {"url": "https://a.example.com/", HALF: HALF}),
        ("/v1/models/pull", {"models": [HALF]}),
        ("/v1/jobs", {"target": HALF, "output": "a.png"}),
        ("/v1/jobs", {"target": "upload:a", "output": "a.png", "options": {"blend_ratio": NESTED}}),
        ("/v1/previews", {"target": "upload:a", "options": {"blend_ratio": NESTED}}),
        ("/v1/previews", {"target": "upload:a", "options": {HALF: HALF}}),
    ],
)
def test_what_no_text_and_no_tree_should_be_is_refused(service: Served, path: str, body: Any) -> None:
    answer = service.client().post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("version", [HALF, 7, "7"])
def test_an_event_may_hold_any_text(service: Served, version: Any) -> None:
    client = service.client()
    rule = {"source": "s3://media/in/", "request": {"target": "{address}", "output": "a.png"}}
    trigger = client.post("/v1/triggers", json=rule).json()["trigger"]["id"]
    data = {"address": "s3://elsewhere/a.mp4", "version": version, "subject": HALF}
    event = {"specversion": "1.0", "id": HALF, "source": HALF, "type": "facefusion.object.created.v1", "data": data}
    kind, path = {"Content-Type": "application/cloudevents+json"}, f"/v1/triggers/{trigger}/events"
    answer = client.post(path, content=json.dumps(event), headers=kind)
    assert answer.json()["objects"][0]["outcome"] == "ignored", answer.text
    nested = json.dumps(event | {"data": data | {"version": NESTED}})
    assert client.post(path, content=nested, headers=kind).status_code == 422
