"""Rules, alerts and dashboards: well formed, tested, and about figures that there are."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from queries import METRIC_NAMES, RECORDED, every_query, labels_of, metrics_of, unknown_of

from facefusion.cli.parser import COMMANDS

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "monitoring" / "prometheus"
GRAFANA = ROOT / "deploy" / "monitoring" / "grafana"
ALERTS: list[dict[str, Any]] = yaml.safe_load((PROMETHEUS / "alerts.rules.yml").read_text())["groups"][0]["rules"]


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed")
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "recording.rules.yml", "alerts.rules.yml"),
        ("test", "rules", "tests/alerts.test.yml"),
    ],
)
def test_promtool_finds_no_fault(promtool: str, arguments: tuple[str, ...]) -> None:
    done = subprocess.run([promtool, *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_to_fire_in_a_test() -> None:
    tests = yaml.safe_load((PROMETHEUS / "tests" / "alerts.test.yml").read_text())["tests"]
    fired = {rule["alertname"] for each in tests for rule in each["alert_rule_test"] if rule.get("exp_alerts")}
    assert fired == {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_has_a_page_that_helps(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"warning", "critical"} and alert["annotations"]["summary"]
    page = ROOT / alert["annotations"]["runbook_url"]
    assert page.parent == ROOT / "docs" / "runbooks"
    text = page.read_text("utf-8")
    assert f"Alert `{alert['alert']}`, {alert['labels']['severity']}." in text
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)[1:]
    assert parts[::2] == ["What it means", "How to find it", "How to mend it"]
    assert all(len(part.split()) > 12 for part in parts[1::2])
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (page.parent / link).is_file(), link
    for command in re.findall(r"`facefusion ([a-z]+)", text):
        assert command in COMMANDS, command
    for name in re.findall(r"facefusion_[a-z_]+", text):
        assert name in METRIC_NAMES, name


def test_no_page_is_of_no_alert_and_the_documentation_lists_all() -> None:
    pages = {Path(alert["annotations"]["runbook_url"]).name for alert in ALERTS}
    assert pages == {path.name for path in (ROOT / "docs" / "runbooks").glob("*.md")}
    text = (ROOT / "docs" / "deploy" / "monitoring.md").read_text("utf-8")
    assert re.findall(r"^\| (Facefusion\w+) \|", text, re.MULTILINE) == [alert["alert"] for alert in ALERTS]


def test_dashboards_are_as_they_are_written() -> None:
    spec = importlib.util.spec_from_file_location("make_dashboards", GRAFANA / "make_dashboards.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(__import__("sys").modules, "make_dashboards", made)  # dataclasses look their module up
        spec.loader.exec_module(made)
        files = {path.name: path.read_text("utf-8") for path in (GRAFANA / "dashboards").glob("*.json")}
        assert made.written() == files
    for text in files.values():
        page = json.loads(text)
        numbers = [panel["id"] for panel in page["panels"]]
        assert len({*numbers}) == len(numbers)
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in page["panels"])
    assert {json.loads(text)["uid"] for text in files.values()} == {
        f"facefusion-{name}" for name in ("overview", "workers", "quality", "compliance")
    }


def test_provisioning_names_what_is_there() -> None:
    [source] = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    for path in (GRAFANA / "dashboards").glob("*.json"):
        panels = [panel for panel in json.loads(path.read_text())["panels"] if panel["type"] != "row"]
        assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    assert all((PROMETHEUS / name).is_file() for name in config["rule_files"])
    asked = {each["job_name"]: each["dns_sd_configs"] for each in config["scrape_configs"] if "dns_sd_configs" in each}
    assert asked == {
        f"facefusion-{name}": [{"names": [name], "type": "A", "port": 9464}] for name in ("service", "worker")
    }


@pytest.mark.parametrize("query", every_query(), ids=lambda query: query.where)
def test_every_query_is_about_figures_and_labels_that_there_are(query: Any) -> None:
    names = metrics_of(query.expression)
    assert names, "it asks for something"
    assert unknown_of(query.expression) == set()
    assert names <= METRIC_NAMES | RECORDED | {"up", "ALERTS"}, names


def test_labels_of_a_query_are_told_from_values() -> None:
    query = 'sum by (le, route) (rate(facefusion_request_seconds_bucket{method=~"GET|POST", status!="x"}[5m]))'
    assert labels_of(query) == {"le", "route", "method", "status"}
    assert unknown_of(query) == {"status"}
