"""A real Prometheus asks a service and a worker that have done real jobs, and is asked all that people will ask it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from benchmarks.servers import free_port, until
from queries import RECORDED, every_query, labels_of, metrics_of
from watched_run import Run

from facefusion.telemetry.catalogue import METRICS

pytestmark = pytest.mark.slow
RULES = Path(__file__).parents[2] / "deploy" / "monitoring" / "prometheus"
# Nothing that tests can do makes a machine have a card.
_OF_CARDS = {metric.name for metric in METRICS if metric.name.startswith("facefusion_device_")}


@dataclass(frozen=True)
class Asking:
    """A Prometheus."""

    address: str

    def __call__(self, path: str, **query: str) -> Any:
        answer = httpx.get(f"{self.address}/api/v1/{path}", params=query, trust_env=False).json()
        assert answer["status"] == "success", (query, answer)
        return answer["data"]

    def samples(self, expression: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("query", query=expression)["result"]
        return found


@pytest.fixture(scope="module")
def prometheus(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed")
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    targets = {"facefusion-service": run.service, "facefusion-worker": run.worker}
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES / "recording.rules.yml"), str(RULES / "alerts.rules.yml")],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [address.split("/")[2]]}]}
            for name, address in targets.items()
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
        try:
            asking = Asking(f"http://127.0.0.1:{port}")
            until(lambda: _is_ready(asking), seconds=60)
            yield asking
        finally:
            process.terminate()
            process.wait(30)


def _is_ready(asking: Asking) -> bool:
    """Whether it has asked both several times, and worked its rules out."""
    try:
        httpx.get(f"{asking.address}/-/ready", trust_env=False).raise_for_status()
    except httpx.HTTPError:
        return False
    counted = asking.samples("min(count_over_time(up[1m]))")
    return bool(counted) and float(counted[0]["value"][1]) >= 4 and bool(asking.samples("facefusion:frames:rate5m"))


def test_both_are_asked_and_answer(prometheus: Asking) -> None:
    targets = prometheus("targets")["activeTargets"]
    assert {(each["labels"]["job"], each["health"], each["lastError"]) for each in targets} == {
        ("facefusion-service", "up", ""),
        ("facefusion-worker", "up", ""),
    }


def test_what_is_shown_is_what_the_catalogue_says(prometheus: Asking) -> None:
    told = prometheus("metadata")
    ours = {name.removesuffix("_total"): found[0] for name, found in told.items() if name.startswith("facefusion_")}
    for metric in METRICS:
        found = ours[metric.name.removesuffix("_total")]
        assert (found["type"], found["help"]) == (metric.kind, metric.text)
    assert len(ours) == len(METRICS)
    for metric in METRICS:
        for series in prometheus("series", **{"match[]": metric.series[0]}):
            more = {"__name__", "instance", "job", *({"le"} if metric.kind == "histogram" else ())}
            assert set(series) - more == set(metric.label_names)


def test_every_query_of_rules_and_dashboards_is_answered(prometheus: Asking, run: Run) -> None:
    there = {*prometheus("label/__name__/values")}
    silent = []
    for query in every_query():
        prometheus("query", query=query.expression)
        for name in metrics_of(query.expression) - {"ALERTS"} - _OF_CARDS:
            if name in RECORDED:
                continue
            [labels] = (
                [{label for series in _series(prometheus, name) for label in series}] if name in there else [set()]
            )
            if name not in there or (
                len(metrics_of(query.expression)) == 1 and not labels_of(query.expression) <= labels
            ):
                silent.append((query.where, name, sorted(labels_of(query.expression) - labels)))
    assert silent == []


def _series(prometheus: Asking, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = prometheus("series", **{"match[]": name})
    return found


def test_all_rules_are_well_and_no_alert_fires_where_all_is_well(prometheus: Asking) -> None:
    rules = [rule for group in prometheus("rules")["groups"] for rule in group["rules"]]
    assert {(rule["health"], rule.get("lastError", "")) for rule in rules} == {("ok", "")}
    assert {rule["name"] for rule in rules if rule["type"] == "recording"} == RECORDED
    assert prometheus.samples('ALERTS{alertstate="firing"}') == []


def test_figures_are_those_of_the_run(prometheus: Asking) -> None:
    def value(expression: str) -> float:
        [found] = prometheus.samples(expression)
        return float(found["value"][1])

    assert value("sum(facefusion_frames_total)") == 40
    assert value('sum(facefusion_jobs_ended_total{state="succeeded"})') == 1
    assert value("facefusion:workers:max") == 1
    assert value("facefusion:queue_waiting:max") == 0
    assert value('facefusion_requests_total{route="/v1/jobs", method="POST", status="201"}') == 2
