"""A pool of workers shows the figures of all of them, and all log into its file."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import httpx
import pytest
from benchmarks.servers import free_port
from workshop import Shop

from material import CAPTAIN, read, save


@pytest.mark.slow
def test_workers_of_a_pool_are_told_of_by_its_port_and_its_log(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log.jsonl"
    shop = Shop.at(tmp_path / "shop", drain_seconds=0)
    image = read(CAPTAIN)
    small = save(tmp_path / "captain.png", image[: image.shape[0] // 4 * 4 : 4, ::4])
    wanted = {"target_path": str(small), "output_path": "result.png", "processors": []}
    flags = ("--workers", "2", "--metrics-port", str(port), "--log-level", "info", "--log-file", str(log))
    with shop.process("worker", *flags) as process:
        job = shop.submit(wanted)
        assert shop.finished(job).state == "succeeded"
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=30).text
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert 'facefusion_tasks_total{kind="whole",outcome="done"} 1.0' in text
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    of_the_job = [line for line in lines if line.get("job") == job.id]
    assert of_the_job and {line["task"] for line in of_the_job} == {"whole-0"}
    assert str(tmp_path) not in log.read_text()
    shop.engine.dispose()
