"""Whatever goes wrong is told in one form, and nothing of the server with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import ADA, Served, served
from fastapi import APIRouter

from facefusion import errors
from facefusion.errors import FaceFusionError
from facefusion.jobs.board import JobBoard
from facefusion.service.paging import Cursors
from facefusion.service.problems import problem_of, status_of
from facefusion.service.route import ServiceRoute

PROBLEM = "application/problem+json"
JSON = {"Content-Type": "application/json"}


def _broken() -> APIRouter:
    router = APIRouter(prefix="/v1/broken", route_class=ServiceRoute)

    @router.get("/bug")
    def bug() -> None:
        raise ValueError("the password is hunter2")

    @router.get("/ours")
    def ours() -> None:
        raise errors.SecretError("The file /root/secret is open to others")

    @router.get("/away")
    def away() -> None:
        raise errors.JobsUnavailableError("The database is away")

    return router


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("problems"), routers=(_broken(),)) as here:
        yield here


@pytest.fixture
def client(service: Served) -> httpx.Client:
    """One of its own for each test: after a bug the server ends the connection."""
    return service.client(ADA)


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "kind"),
    [
        ("GET", "/v1/nothing", {}, 404, "NotFoundError"),
        ("GET", "/", {}, 404, "NotFoundError"),
        ("GET", "/v1/jobs/", {}, 404, "NotFoundError"),
        ("PUT", "/v1/jobs", {}, 405, "MethodNotAllowedError"),
        ("POST", "/v1/jobs", {"content": b"{", "headers": JSON}, 422, "RequestInvalidError"),
        ("POST", "/v1/jobs", {"content": b"a=b", "headers": {"Content-Type": "text/css"}}, 422, "RequestInvalidError"),
        ("POST", "/v1/jobs", {"content": b"\xff", "headers": JSON}, 400, "BadRequestError"),
        ("POST", "/v1/jobs", {"json": []}, 422, "RequestInvalidError"),
        ("GET", "/v1/jobs/none", {}, 422, "RequestInvalidError"),
        ("GET", "/v1/broken/bug", {}, 500, "InternalError"),
        ("GET", "/v1/broken/ours", {}, 500, "SecretError"),
        ("GET", "/v1/broken/away", {}, 503, "JobsUnavailableError"),
    ],
)  # fmt: skip
def test_problems_have_one_form(
    *, client: httpx.Client, method: str, path: str, more: Any, status: int, kind: str
) -> None:
    answer = client.request(method, path, **more)
    said = answer.json()
    assert answer.status_code == said["status"] == status
    assert answer.headers["content-type"] == PROBLEM
    assert said["type"] == f"urn:facefusion:error:{kind}"
    assert {"type", "title", "status", "detail", "hint", "code"} <= said.keys()
    assert "hunter2" not in answer.text and "/root" not in answer.text and "Traceback" not in answer.text
    if status == 405:
        assert answer.headers["allow"]
    if status == 503:
        assert int(answer.headers["retry-after"]) > 0


def test_all_fields_that_are_wrong_are_named(client: httpx.Client) -> None:
    said = client.post("/v1/jobs", json={"target": 1, "priority": 11, "more": 2}).json()
    assert {each["field"] for each in said["errors"]} == {"body.target", "body.output", "body.priority", "body.more"}


def test_every_error_has_a_status_and_those_of_the_server_tell_nothing() -> None:
    for name in errors.__all__:
        kind = getattr(errors, name)
        if not (isinstance(kind, type) and issubclass(kind, FaceFusionError)):
            continue
        error = kind("It is in /srv/secret", "Look there")
        found = problem_of(error)
        assert 400 <= status_of(error) < 600 and found.type.endswith(name)
        assert found.code == kind.exit_code
        if found.status == 500:
            assert "/srv" not in found.detail


def test_a_cursor_that_nobody_gave_out_is_refused() -> None:
    cursors = Cursors(bytes(32))
    assert cursors.number(cursors.cursor(7)) == 7 and cursors.number(None) is None
    for made_up in ("", "AAAA", "A" * 22, Cursors(bytes([1] * 32)).cursor(7)):
        with pytest.raises(errors.RequestInvalidError):
            cursors.number(made_up)


def test_a_check_that_refuses_leaves_a_job_as_it_is(tmp_path: Path) -> None:
    from facefusion.jobs.values import Job, NewJob

    def refuse(_job: Job) -> None:
        raise errors.PreconditionError("No")

    with served(tmp_path) as here:
        board: JobBoard = here.parts.board
        job = board.submit(NewJob("acme", "ada", {}))
        with pytest.raises(errors.PreconditionError):
            JobBoard(here.parts.engine, check=refuse).cancel(job.id, tenant="acme")
        assert board.job(job.id, tenant="acme") == job


def test_the_database_may_be_away_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path) as here:
        client = here.client()
        assert client.get("/v1/jobs").status_code == 200
        _away(here, monkeypatch)
        answer = client.get("/v1/jobs")
        assert answer.status_code == 503 and answer.json()["type"].endswith("JobsUnavailableError")
        ready = client.get("/v1/health/ready")
        assert ready.status_code == 503 and not ready.json()["checks"][0]["is_well"]
        monkeypatch.undo()
        assert client.get("/v1/jobs").status_code == 200


def _away(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    def connect() -> None:
        raise OperationalError("SELECT", {}, Exception("the server is away"))

    monkeypatch.setattr(here.parts.engine, "connect", connect)
