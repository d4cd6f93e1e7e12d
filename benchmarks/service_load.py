"""How many requests the service answers, how soon, and how long each process works for one.

On PostgreSQL that reaches the disk, with 10,000 jobs queued and a worker that does them meanwhile; the clients are a
process of their own, on the same machine (Linux).

python -m benchmarks service_load
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import insert

from benchmarks.common import finish, parser, table
from benchmarks.loading.client import Plan, asked
from benchmarks.loading.processes import below, cpu_seconds
from benchmarks.servers import postgres, until
from facefusion.jobs.board import JobBoard
from facefusion.jobs.schema import JOBS, TASKS
from facefusion.jobs.values import NewJob
from facefusion.trust.database import open_database

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "examples" / "portraits" / "grace_hopper.jpg"
QUEUED = 10_000
HEADS = (
    *("what", "requests/s", "p50 ms", "p99 ms"),
    *("service: CPU ms", "database: CPU ms", "clients: CPU ms", "workers: cores"),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What runs.

    Attributes:
        address, token: of the service, and what lets its user in.
        service: its process.
        database: process of the server.
        connections: of clients.
        seconds: for which each thing is asked.
    """

    address: str
    token: str
    service: int
    database: int
    connections: int
    seconds: float

    def client(self) -> httpx.Client:
        """Return a client for what is not measured."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.address, headers=headers, trust_env=False, timeout=60)

    def row(self, method: str, path: str, body: str | None = None) -> dict[str, float]:
        """Ask one thing for a while, and return the figures of its row."""
        found = urlsplit(self.address)
        plan = Plan(
            found.hostname or "",
            found.port or 0,
            self.token,
            method=method,
            path=path,
            body=body,
            is_once=body is not None,
            seconds=self.seconds,
            connections=self.connections,
        )
        asked(replace(plan, seconds=min(1.0, self.seconds)))  # what is done once is done by then
        before, begun = self._worked(), time.perf_counter()
        outcome = asked(plan)
        service, database, workers = (after - first for after, first in zip(self._worked(), before, strict=True))
        rate = outcome.count / outcome.seconds
        each = [seconds / outcome.count * 1e3 for seconds in (service, database)]
        values = (round(rate, 1), outcome.p50, outcome.p99, *each, outcome.cpu, workers / (time.perf_counter() - begun))
        return dict(zip(HEADS[1:], values, strict=True))

    def _worked(self) -> tuple[float, float, float]:
        database = [self.database, *below(self.database)]
        return cpu_seconds(self.service), cpu_seconds(*database, with_ended=True), cpu_seconds(*below(self.service))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table."""
    made = parser("service_load", __doc__)
    made.add_argument("--seconds", type=float, default=10.0, help="for which each thing is asked")
    made.add_argument("--connections", type=int, default=8, help="of clients, each with one request at a time")
    made.add_argument("--workers", type=int, default=1, help="that do queued jobs meanwhile; 0: none")
    options = made.parse_args(arguments)
    with _scene(options.connections, options.seconds, options.workers) as (scene, url):
        figures = _measured(scene, url, is_worked=options.workers > 0)
    print(table(HEADS, [(name, *values.values()) for name, values in figures.items()]))
    return finish(figures, options.json)


def _measured(scene: Scene, url: str, *, is_worked: bool) -> dict[str, dict[str, float]]:
    with scene.client() as client:
        upload = _json(client.post("/v1/uploads?name=a.jpg", content=PICTURE.read_bytes()))["id"]
        order = {"target": f"upload:{upload}", "output": "a.png", "options": {"processors": []}}
        job = _json(client.post("/v1/jobs", json=order))
        if is_worked:
            until(lambda: _json(client.get(f"/v1/jobs/{job['id']}"))["state"] == "succeeded", seconds=300)
        _fill(url, job)
        queued = _json(client.get("/v1/jobs?state=queued&limit=1"))["jobs"][0]["id"]
    return {
        "a job": scene.row("GET", f"/v1/jobs/{job['id']}"),
        "a job that waits": scene.row("GET", f"/v1/jobs/{queued}"),
        f"a page of 50 of {QUEUED:,} jobs": scene.row("GET", "/v1/jobs"),
        f"a page of those that wait of {QUEUED:,}": scene.row("GET", "/v1/jobs?state=queued"),
        "a job is taken": scene.row("POST", "/v1/jobs", json.dumps(order)),
    }


def _json(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _fill(url: str, job: dict[str, Any]) -> None:
    """Queue many jobs like one that was taken already."""
    engine = open_database(url)
    board = JobBoard(engine)
    model = board.job(job["id"], tenant=None)
    first = board.submit(NewJob(model.tenant, model.owner, model.request))
    same = {"tenant": model.tenant, "owner": model.owner, "state": "queued", "priority": 4, "request": model.request}
    moments = {"created": 1, "queued": 1, "revision": 1, "segments_done": 0, "is_paused": False}
    with engine.begin() as connection:
        task = connection.execute(TASKS.select().where(TASKS.c.job == first.number)).mappings().one()
        rows = [{**same, **moments, "id": secrets.token_hex(16), "needs_review": False} for _ in range(QUEUED)]
        connection.execute(insert(JOBS), rows)
        numbers = connection.execute(
            JOBS.select().with_only_columns(JOBS.c.number).where(JOBS.c.created == 1)
        ).scalars()
        common = {name: value for name, value in task.items() if name not in {"id", "job", "token"}}
        common |= {"state": "ready", "token": 0}
        connection.execute(insert(TASKS), [{**common, "job": number} for number in numbers])
    engine.dispose()


@contextmanager
def _scene(connections: int, seconds: float, workers: int) -> Iterator[tuple[Scene, str]]:
    """Yield what runs, and the URL of its database."""
    with postgres(is_durable=True) as server, tempfile.TemporaryDirectory() as name:
        url, folder = server.url(server.create_database()), Path(name)
        database = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
        environment = os.environ | {
            "FACEFUSION_JOBS_DATABASE": url,
            "FACEFUSION_STORAGE": str(folder / "storage"),
            "FACEFUSION_TRUST_DIR": str(folder / "trust"),
            "FACEFUSION_ACKNOWLEDGE": "1",
        }
        command = [sys.executable, str(ROOT / "server.py"), "--port", "0", "--workers", str(workers)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            try:
                assert process.stdout is not None
                address = process.stdout.readline().strip()
                token = next((folder / "trust").glob("service-*.token")).read_text().strip()
                yield Scene(address, token, process.pid, database, connections, seconds), url
            finally:
                process.terminate()


if __name__ == "__main__":
    sys.exit(main())
