"""The OpenAPI document: true, complete, and kept in docs/."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from api_server import ADA, WHO, Served, served
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from facefusion.service.document import document_text

KEPT = Path(__file__).parents[2] / "docs" / "openapi.json"
OPEN = {"/v1/health/live", "/v1/health/ready", "/v1/version"}
EVERY = {"400", "401", "403", "413", "422", "429", "500", "503"}
EXAMPLES = 6
HELD = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
# Their answers do not end by themselves, or depend on the network.
LEFT_OUT = {"models.pull"}


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
        if "{" in path:
            assert "404" in operation["responses"], (path, method)


def test_problems_look_alike(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status >= "400" and status != "416" and path != "/v1/health/ready":
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("document")
    with served(folder, models_dir=folder / "models") as here:
        yield here


def _named(served_document: dict[str, Any]) -> list[str]:
    return sorted(operation["operationId"] for _, _, operation in operations(served_document))


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.mark.slow
def test_whatever_is_sent_is_answered_as_documented(service: Served) -> None:
    who = json.dumps([ADA.tenant, ADA.actor, sorted(ADA.scopes)])
    document = service.app.openapi()
    schema = schemathesis.openapi.from_dict(document)
    held = [CHECKS.get_one(name) for name in HELD]
    tried: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        name = operation.definition.raw["operationId"]
        if name in LEFT_OUT:
            continue

        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _try(service, operation, mode, held, {WHO: who})
        tried.append(name)
    assert sorted([*tried, *LEFT_OUT]) == _named(document)


def _try(service: Served, operation: Any, mode: GenerationMode, held: list[Any], headers: dict[str, str]) -> None:
    """Send some requests of one operation, as documented or not, and hold the answers against the document."""

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
        response = case.call(base_url=service.url, headers=headers, timeout=30, allow_redirects=False)
        case.validate_response(response, checks=held)

    with suppress(Unsatisfiable):  # nothing of it can be wrong
        answered()
