"""A service and a worker in processes of their own, watched in every way there is, that have done real jobs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from benchmarks.servers import until
from otlp_receiver import Collector, collecting
from prometheus_client.parser import text_string_to_metric_families

from facefusion.client import Client
from material import CAPTAIN, read, write_clip

ROOT = Path(__file__).parents[2]
REQUEST = "render-0042"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
SEGMENTED = {"processors": []}


@dataclass(frozen=True)
class Run:
    """What is there to be asked."""

    folder: Path
    address: str
    service: str
    worker: str
    collector: Collector
    job: str
    failed: str

    def figures(self, of: str) -> dict[tuple[str, ...], float]:
        """What one of the processes shows, by name and values of labels."""
        text = httpx.get(of, trust_env=False).text
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Lines of a log."""
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]


@contextmanager
def begun(name: str, command: list[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """Have a process run; yield the file that takes what it says."""
    said = folder / f"{name}.said"
    with said.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=dict(environment))
        try:
            yield said
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            finally:
                process.kill()
                process.wait()


def found(said: Path, pattern: str) -> str:
    """Return what a process said, as soon as it has."""

    def look() -> str | None:
        match = re.search(pattern, said.read_text())
        return None if match is None else match.group(1)

    try:
        return str(until(look, seconds=120))
    except TimeoutError:
        raise AssertionError(said.read_text()) from None


@contextmanager
def watched(folder: Path, *flags: str) -> Iterator[Run]:
    """Run both, and have a job of several segments done, and one that fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FACEFUSION_")}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    for name, value in {
        "TRUST_DIR": folder / "trust",
        "ACKNOWLEDGE": "1",
        "JOBS_DATABASE": folder / "jobs.db",
        "SCRATCH_DIR": folder / "scratch",
        "SCRATCH_FREE": "0",
        "METRICS_PORT": "0",
        "CUT_AFTER": "20",
        "SEGMENT_FRAMES": "16",
        "QUALITY_SHARE": "1",
    }.items():
        environment[f"FACEFUSION_{name}"] = str(value)
    with ExitStack() as ending:
        collector = ending.enter_context(collecting())
        environment["FACEFUSION_TRACE_ENDPOINT"] = collector.address
        serve = [sys.executable, str(ROOT / "server.py"), "--port", "0", "--workers", "0", *flags]
        logs = ["--log-level", "info", "--log-file"]
        said = ending.enter_context(begun("service", [*serve, *logs, str(folder / "service.log")], folder, environment))
        address = found(said, r"(http://127\.0\.0\.1:\d+)\n")
        service = found(said, r"figures are at (http\S+)")
        work = [sys.executable, "-m", "facefusion", "worker", *logs, str(folder / "worker.log")]
        said = ending.enter_context(begun("worker", work, folder, environment))
        worker = found(said, r"figures are at (http\S+)")
        yield Run(folder, address, service, worker, collector, *_work(folder, address))


def _work(folder: Path, address: str) -> tuple[str, str]:
    image = read(CAPTAIN)[::4, ::4]
    clip = write_clip(folder / "clip.mp4", [image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]] * 40)
    with Client(address) as client:
        upload = client.uploads.send(clip)
        order = {"target": f"upload:{upload.id}", "output": "result.mp4", "options": SEGMENTED}
        headers = {"X-Request-ID": REQUEST, "traceparent": PARENT}
        answer = httpx.post(f"{address}/v1/jobs", json=order, headers=headers, trust_env=False)
        assert answer.status_code == 201, answer.text
        assert answer.headers["X-Request-ID"] == REQUEST
        job = str(answer.json()["id"])
        client.jobs.check(client.jobs.wait(job, timeout=240))
        swap = {"processors": ["face_swapper"]}
        failing = client.jobs.submit(
            f"upload:{upload.id}", "no.mp4", sources=[f"upload:{_blank(client, folder)}"], options=swap
        )
        failed = client.jobs.wait(failing.id, timeout=240)
        assert failed.state == "failed"
        httpx.get(f"{address}/v1/jobs/nothing", trust_env=False)
        httpx.get(f"{address}/v1/jobs", headers={"Authorization": "Bearer ff_no"}, trust_env=False)
    return job, failing.id


def _blank(client: Client, folder: Path) -> str:
    import numpy as np

    from material import save

    return client.uploads.send(save(folder / "blank.png", np.full((64, 64, 3), 90, np.uint8))).id
