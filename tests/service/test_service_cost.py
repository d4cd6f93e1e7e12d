"""What a request costs: how often the database is asked, and what is not done twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from api_server import ADA, Served, served
from sqlalchemy import Engine, event

from material import CAPTAIN


@pytest.fixture
def service(postgres_jobs_place: str, tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, database=postgres_jobs_place) as here:
        yield here


@contextmanager
def asked(engine: Engine) -> Iterator[list[str]]:
    """Collect what the database is asked meanwhile."""
    said: list[str] = []

    def note(*given: Any) -> None:
        said.append(" ".join(given[2].split()))

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def test_the_database_is_asked_no_more_than_it_takes(service: Served) -> None:
    client, engine = service.client(ADA), service.parts.engine
    upload = client.post("/v1/uploads?name=captain.jpg", content=CAPTAIN.read_bytes()).json()["id"]
    body = json.dumps({"target": f"upload:{upload}", "output": "a.png", "options": {"processors": []}})
    headers = {"Content-Type": "application/json", "Idempotency-Key": "one"}
    client.post("/v1/jobs", content=body, headers=headers | {"Idempotency-Key": "none"})

    with asked(engine) as said:
        job = client.post("/v1/jobs", content=body, headers=headers)
    assert job.status_code == 201, job.text
    assert len(said) <= 15, said
    assert sum(each.startswith("UPDATE idempotency") for each in said) == 1, "its answer is kept with the job"

    with asked(engine) as said:
        again = client.post("/v1/jobs", content=body, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.content) == (201, job.content)
    assert {name: again.headers[name] for name in ("Location", "ETag")} == {
        name: job.headers[name] for name in ("Location", "ETag")
    }
    assert len(said) <= 4, said

    for path, most in ((f"/v1/jobs/{job.json()['id']}", 1), ("/v1/jobs", 1), ("/v1/jobs?state=queued", 1)):
        with asked(engine) as said:
            assert client.get(path).status_code == 200
        assert len(said) <= most, said


def test_an_answer_is_written_as_its_model_says(service: Served) -> None:
    """It is sent as it was made, and not checked once more on its way."""
    client = service.client(ADA)
    upload = client.post("/v1/uploads?name=captain.jpg", content=CAPTAIN.read_bytes()).json()["id"]
    order = {"target": f"upload:{upload}", "output": "a.png", "options": {"processors": []}}
    job = client.post("/v1/jobs", json=order).json()
    shown = client.get(f"/v1/jobs/{job['id']}")
    assert shown.headers["content-type"] == "application/json"
    assert shown.headers["ETag"] == '"1-0"'
    assert shown.json() == job | {"progress": job["progress"] | {"frames_done": 0}}
    assert client.get("/v1/jobs").json() == {"jobs": [job], "next": None}
    paused = client.post(f"/v1/jobs/{job['id']}/pause")
    assert (paused.json()["is_paused"], paused.headers["ETag"]) == (True, '"2-0"')
