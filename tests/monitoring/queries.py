"""All that dashboards and rules ask Prometheus for, and what of it there is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from facefusion.telemetry.catalogue import METRICS

ROOT = Path(__file__).parents[2] / "deploy" / "monitoring"
_ALWAYS = {"instance", "job", "alertstate"}
_RULES: list[dict[str, Any]] = [
    rule
    for name in ("recording", "alerts")
    for group in yaml.safe_load((ROOT / "prometheus" / f"{name}.rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
RECORDED = {rule["record"] for rule in _RULES if "record" in rule}
METRIC_NAMES = {name for metric in METRICS for name in (metric.name, *metric.series)}
_LABELS = {
    name: {*metric.label_names, *({"le"} if metric.kind == "histogram" else ())}
    for metric in METRICS
    for name in (metric.name, *metric.series)
}


@dataclass(frozen=True)
class Asked:
    """One query, and where it stands."""

    where: str
    expression: str


def every_query() -> list[Asked]:
    found = [Asked(rule.get("record") or rule["alert"], rule["expr"]) for rule in _RULES]
    for path in sorted((ROOT / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text("utf-8"))["panels"]:
            found += [
                Asked(f"{path.stem}: {panel['title']} {target['refId']}", target["expr"])
                for target in panel.get("targets", ())
            ]
    return found


def metrics_of(expression: str) -> set[str]:
    """Names of the series that a query asks for."""
    plain = re.sub(r'"[^"]*"', '""', expression)
    return set(re.findall(r"\bfacefusion[_:][a-z0-9_:]+|\bALERTS\b|\bup\b", plain))


def labels_of(expression: str) -> set[str]:
    """Labels that a query names: in selectors, and by which it adds up."""
    plain = re.sub(r'"[^"]*"', '""', expression)
    inside = [name for part in re.findall(r"\{([^}]*)\}", plain) for name in re.findall(r"(\w+)\s*(?:=|!)", part)]
    by = [name for part in re.findall(r"\b(?:by|without|on)\s*\(([^)]*)\)", plain) for name in re.findall(r"\w+", part)]
    return {*inside, *by}


def unknown_of(expression: str) -> set[str]:
    """Labels that a query names and that none of its figures has."""
    known = set(_ALWAYS)
    for name in metrics_of(expression):
        known |= _LABELS.get(name, {"method", "route"} if name in RECORDED else set())
    return labels_of(expression) - known
