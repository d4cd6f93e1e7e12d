"""Figures are taken as the catalogue says, and no caller can make series without end."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from facefusion.engine.judged import BOUNDS
from facefusion.errors import TrustError
from facefusion.service.app import bare_app
from facefusion.service.told_requests import ToldRequests
from facefusion.telemetry import catalogue
from facefusion.telemetry.catalogue import METRICS
from facefusion.telemetry.recording import Recorded, running
from facefusion.telemetry.spec import Label, Metric
from facefusion.telemetry.telemetry import Telemetry

ROOT = Path(__file__).parents[2]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def samples(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    """What is shown under a name, by the values of its labels."""
    found = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            if sample.name == name:
                found[tuple(sample.labels.values())] = sample.value
    return found


def test_what_is_known_stands_at_zero_and_grows(registry: CollectorRegistry) -> None:
    recorder = Recorded(registry)
    assert samples(registry, "facefusion_frames_total") == {(): 0}
    assert samples(registry, "facefusion_tasks_total")["segment", "stalled"] == 0
    recorder.add(catalogue.FRAMES, amount=12)
    recorder.add(catalogue.TASKS, "segment", "stalled")
    recorder.observe(catalogue.TASK_SECONDS, 0.7, "whole")
    assert samples(registry, "facefusion_frames_total") == {(): 12}
    assert samples(registry, "facefusion_tasks_total")["segment", "stalled"] == 1
    assert samples(registry, "facefusion_task_seconds_count")["whole",] == 1
    with running(recorder, catalogue.TASKS_RUNNING, "whole"):
        assert samples(registry, "facefusion_tasks_running")["whole",] == 1
    assert samples(registry, "facefusion_tasks_running")["whole",] == 0


def test_what_a_label_may_not_be_is_other(registry: CollectorRegistry) -> None:
    recorder = Recorded(registry)
    for number in range(1000):
        recorder.add(catalogue.TASKS, f"kind {number}", "done")
        recorder.add(catalogue.FAILURES, f"Error{number}", "true")
    assert samples(registry, "facefusion_tasks_total")["other", "done"] == 1000
    failures = samples(registry, "facefusion_task_failures_total")
    assert failures["true", "other"] == 1000 - 150 and len(failures) == 151


def test_ten_thousand_odd_requests_make_few_series(registry: CollectorRegistry) -> None:
    app = ToldRequests(bare_app(), Telemetry(Recorded(registry)))

    async def ask(method: str, path: str) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_message: Any) -> None:
            return

        headers = [(b"host", b"x"), (b"x-tenant", path.encode()), (b"x-request-id", path.encode())]
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
        await app({**scope, "headers": headers, "scheme": "http", "server": ("x", 80), "root_path": ""}, receive, send)

    async def ask_all() -> None:
        for number in range(5000):
            await ask(f"M{number}" if number % 10 == 0 else "GET", f"/odd/{number}/{number * 7919 % 1000}")
            await ask("PATCH", f"/v1/jobs/tenant-{number}/events")

    asyncio.run(ask_all())
    requests = samples(registry, "facefusion_requests_total")
    assert sum(requests.values()) == 10_000
    assert set(requests) == {
        ("GET", "(none)", "404"),
        ("other", "(none)", "404"),
        ("PATCH", "/v1/jobs/{job_id}/events", "405"),
    }
    series = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    assert len(series) < 500


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Metric("frames", "gauge", "work", "no name of ours"),
        lambda: Metric("facefusion_frames", "counter", "work", "a counter ends with _total"),
        lambda: Metric("facefusion_frames_total", "gauge", "work", "and no other does"),
        lambda: Metric("facefusion_seconds", "histogram", "work", "a histogram has buckets"),
        lambda: Label("neither"),
        lambda: Label("both", ("a",), 3),
    ],
)
def test_a_figure_that_is_none_cannot_be_written_down(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"facefusion_|frames|label"):
        wrong()


def test_every_figure_is_in_the_documentation_and_nothing_else() -> None:
    text = (ROOT / "docs" / "deploy" / "monitoring.md").read_text("utf-8")
    rows = re.findall(r"^\| `(facefusion_\w+)` \| (\w+) \| (.*?) \| (\w+) \| (.*) \|$", text, re.MULTILINE)
    told = [
        (name, kind, tuple(re.findall(r"`(\w+)`", labels)), origin, what) for name, kind, labels, origin, what in rows
    ]
    assert told == [(each.name, each.kind, each.label_names, each.origin, each.text) for each in METRICS]
    assert len({each.name.removesuffix("_total") for each in METRICS}) == len(METRICS), "OpenMetrics leaves that out"


def test_flags_and_refusals_are_those_that_there_are() -> None:
    [flag] = catalogue.FLAGS.labels
    assert set(flag.values) == {*BOUNDS, "unchanged"}
    assert set(catalogue.REFUSALS.labels[0].values) <= {each.__name__ for each in _all_of(TrustError)}


def _all_of(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(_all_of(each) for each in kind.__subclasses__()))


def test_nothing_of_it_is_imported_where_it_is_off() -> None:
    code = (
        "import sys; from facefusion.jobs import opening, worker; from facefusion.service import serving\n"
        "from facefusion.telemetry.telemetry import Telemetry; from facefusion.options import ServingOptions\n"
        "Telemetry.of(ServingOptions(), 'service')\n"
        "print(sorted(set(sys.modules) & {'prometheus_client', 'opentelemetry.sdk', 'facefusion.telemetry.otlp'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
