"""Figures of workers that a broker wakes: shown by the process of the beat, whatever becomes of any of them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import httpx
import pytest
from benchmarks.servers import free_port
from celery_machines import beats, pool
from prometheus_client.parser import text_string_to_metric_families
from workshop import Shop, until

from material import CAPTAIN, read, save

pytestmark = pytest.mark.slow


def shown(port: int) -> dict[tuple[str, ...], float]:
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=30).text
    except httpx.TransportError:
        return {}
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_of_forked_workers_outlive_a_worker_and_a_beat(
    tmp_path: Path, postgres_jobs_place: str, redis_url: str
) -> None:
    port = free_port()
    shop = Shop.at(tmp_path / "shop", postgres_jobs_place, broker=redis_url, drain_seconds=0)
    image = read(CAPTAIN)
    small = save(tmp_path / "captain.png", image[: image.shape[0] // 4 * 4 : 4, ::4])
    wanted = {"target_path": str(small), "output_path": "result.png", "processors": []}
    with shop.process("worker", "--workers", "2", "--metrics-port", str(port)) as process:
        assert shop.finished(shop.submit(wanted)).state == "succeeded"
        seen = until(lambda: shown(port), "figures are shown")
        assert seen["facefusion_tasks_total", "whole", "done"] == 1
        assert seen["facefusion_source_up", "queue"] == 1 and seen["facefusion_workers",] == 2
        for child in pool(process.pid):
            os.kill(child, signal.SIGKILL)
        [beat] = beats(process.pid)
        os.kill(beat, signal.SIGKILL)
        until(lambda: beats(process.pid) and beats(process.pid) != [beat], "another beat is there")
        seen = until(lambda: shown(port), "the port outlived the beat")
        assert seen["facefusion_tasks_total", "whole", "done"] == 1, "what they had counted stays"
        assert shop.finished(shop.submit(wanted)).state == "succeeded"
        until(lambda: shown(port)["facefusion_tasks_total", "whole", "done"] == 2, "others count on")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    shop.engine.dispose()
