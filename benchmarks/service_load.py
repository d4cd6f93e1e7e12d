"""How many requests the service answers, and how soon.

On PostgreSQL, with 10,000 jobs queued, its client on the same machine.

python -m benchmarks service_load
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import insert

from benchmarks.servers import postgres
from facefusion.jobs.board import JobBoard
from facefusion.jobs.schema import JOBS, TASKS
from facefusion.jobs.values import NewJob
from facefusion.trust.database import open_database

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "examples" / "portraits" / "grace_hopper.jpg"
QUEUED = 10_000
SECONDS = 10.0
CONNECTIONS = 8
Ask = tuple[str, str, bytes | None, dict[str, str]]


def main() -> int:
    """Measure, and print a table."""
    with postgres() as server, tempfile.TemporaryDirectory() as folder:
        url = server.url(server.create_database())
        with _service(url, Path(folder)) as (address, token):
            client = Client(address, token)
            upload = client.json("POST", "/v1/uploads?name=a.jpg", PICTURE.read_bytes())["id"]
            order = {"target": f"upload:{upload}", "output": "a.png", "options": {"processors": []}}
            job = client.json("POST", "/v1/jobs", json.dumps(order).encode(), {"Content-Type": "application/json"})
            _fill(url, str(job["owner"]), order)
            print(f"| {'what':34} | requests/s | p50 ms | p99 ms |\n|---|---|---|---|")
            _measure("one job", address, token, lambda: ("GET", f"/v1/jobs/{job['id']}", None, {}))
            _measure("a page of 50 of 10,000 jobs", address, token, lambda: ("GET", "/v1/jobs", None, {}))
            body = json.dumps(order).encode()
            _measure("a job is taken", address, token, lambda: ("POST", "/v1/jobs", body, _once()))
    return 0


def _once() -> dict[str, str]:
    return {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}


class Client:
    """One connection that stays open."""

    def __init__(self, address: str, token: str) -> None:
        found = urlsplit(address)
        self._line = http.client.HTTPConnection(found.hostname or "", found.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        """Return the answer's body.

        Raises:
            RuntimeError: it is none of success.
        """
        self._line.request(method, path, body, self._headers | headers)
        answer = self._line.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content

    def json(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> dict[str, object]:
        """Return the answer as JSON values."""
        found: dict[str, object] = json.loads(self.ask(method, path, body, headers or {}))
        return found


def _measure(what: str, address: str, token: str, ask: Callable[[], Ask]) -> None:
    times: list[float] = []
    lock = threading.Lock()
    end = time.perf_counter() + SECONDS

    def work() -> None:
        client, own = Client(address, token), []
        while time.perf_counter() < end:
            begun = time.perf_counter()
            client.ask(*ask())
            own.append(time.perf_counter() - begun)
        with lock:
            times.extend(own)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cuts = statistics.quantiles(times, n=100)
    print(f"| {what:34} | {len(times) / SECONDS:.0f} | {cuts[49] * 1000:.1f} | {cuts[98] * 1000:.1f} |", flush=True)


def _fill(url: str, owner: str, order: dict[str, object]) -> None:
    """Queue many jobs of the tenant whose the first one is."""
    engine = open_database(url)
    board = JobBoard(engine)
    tenant = board.jobs(tenant=None)[0].tenant
    model = board.submit(NewJob(tenant, owner, order))
    with engine.begin() as connection:
        same = {"tenant": tenant, "owner": owner, "state": "queued", "priority": 4, "request": order}
        moments = {"created": 1, "queued": 1, "revision": 1, "segments_done": 0, "is_paused": False}
        rows = [{**same, **moments, "id": secrets.token_hex(16), "needs_review": False} for _ in range(QUEUED)]
        connection.execute(insert(JOBS), rows)
        task = connection.execute(TASKS.select().where(TASKS.c.job == model.number)).mappings().one()
        numbers = connection.execute(
            JOBS.select().with_only_columns(JOBS.c.number).where(JOBS.c.created == 1)
        ).scalars()
        common = {name: value for name, value in task.items() if name not in {"id", "job"}}
        connection.execute(insert(TASKS), [{**common, "job": number} for number in numbers])
    engine.dispose()


@contextmanager
def _service(database: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the address of a service without workers, and the token that lets its user in."""
    environment = os.environ | {
        "FACEFUSION_JOBS_DATABASE": database,
        "FACEFUSION_STORAGE": str(folder / "storage"),
        "FACEFUSION_TRUST_DIR": str(folder / "trust"),
        "FACEFUSION_ACKNOWLEDGE": "1",
    }
    command = [sys.executable, str(ROOT / "server.py"), "--port", "0", "--workers", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        yield address, next((folder / "trust").glob("service-*.token")).read_text().strip()
    finally:
        process.terminate()
        process.communicate(timeout=60)


if __name__ == "__main__":
    sys.exit(main())
