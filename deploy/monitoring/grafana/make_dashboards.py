"""Writes the dashboards, which are kept as files beside it: `python deploy/monitoring/grafana/make_dashboards.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

Form = Literal["timeseries", "stat", "table"]
_SOURCE: Final = {"type": "prometheus", "uid": "facefusion-prometheus"}
_COLUMNS: Final = 24
_FOLDER: Final = Path(__file__).parent / "dashboards"


@dataclass(frozen=True, slots=True)
class Query:
    """What Prometheus is asked.

    Attributes:
        expression: in PromQL.
        legend: name of each line, with labels as `{{label}}`.
    """

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture of a dashboard.

    Attributes:
        title: over it.
        queries: whose answers it shows.
        unit: of the values, in Grafana's words.
        form: of the picture.
        text: what it shows, and when to worry.
        width: in columns, of 24.
        red: value from which on it is red; never where None.
        is_stacked: whether lines are laid upon each other.
    """

    title: str
    queries: tuple[Query, ...]
    unit: str = "short"
    form: Form = "timeseries"
    text: str = ""
    width: int = 8
    red: float | None = None
    is_stacked: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of pictures.

    Attributes:
        name: of its file.
        title: of the page.
        rows: titles, and the pictures below each.
    """

    name: str
    title: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as Grafana reads it."""
        return {
            "uid": f"facefusion-{self.name}",
            "title": f"FaceFusion: {self.title}",
            "tags": ["facefusion"],
            "schemaVersion": 39,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": []},
            "annotations": {"list": []},
            "panels": list(_panels(self.rows)),
        }


def one(expression: str, legend: str = "") -> tuple[Query, ...]:
    """Return a single query."""
    return (Query(expression, legend),)


def _panels(rows: Sequence[tuple[str, tuple[Panel, ...]]]) -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for title, panels in rows:
        place = {"x": 0, "y": top, "w": _COLUMNS, "h": 1}
        yield {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": place}
        number, top, left, tallest = number + 1, top + 1, 0, 0
        for panel in panels:
            if left + panel.width > _COLUMNS:
                left, top, tallest = 0, top + tallest, 0
            height = 4 if panel.form == "stat" else 8
            yield _panel(number, panel, {"x": left, "y": top, "w": panel.width, "h": height})
            number, left, tallest = number + 1, left + panel.width, max(tallest, height)
        top += tallest


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.red is not None:
        steps.append({"color": "red", "value": panel.red})
    custom = {"fillOpacity": 10, "showPoints": "never"} if panel.form == "timeseries" else {}
    if panel.is_stacked:
        custom |= {"stacking": {"mode": "normal", "group": "A"}}
    is_table = panel.form == "table"
    targets = [
        {
            "refId": chr(ord("A") + place_of),
            "datasource": _SOURCE,
            "expr": query.expression,
            "legendFormat": query.legend,
            "instant": panel.form != "timeseries",
            "range": panel.form == "timeseries",
            "format": "table" if is_table else "time_series",
        }
        for place_of, query in enumerate(panel.queries)
    ]
    return {
        "id": number,
        "type": panel.form,
        "title": panel.title,
        "description": panel.text,
        "datasource": _SOURCE,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "custom": custom,
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "options": _options(panel.form),
    }


def _options(form: Form) -> dict[str, Any]:
    if form == "stat":
        return {"colorMode": "value", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"], "values": False}}
    if form == "table":
        return {"showHeader": True}
    return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}


OVERVIEW: Final = Dashboard(
    "overview",
    "overview",
    (
        (
            "Now",
            (
                Panel("Tasks that wait", one("facefusion:queue_waiting:max"), form="stat", width=4, red=1000),
                Panel("Oldest wait", one("facefusion:queue_oldest_seconds:max"), "s", "stat", width=4, red=900),
                Panel("Workers", one("facefusion:workers:max"), form="stat", width=4),
                Panel("Frames a second", one("facefusion:frames:rate5m"), form="stat", width=4),
                Panel(
                    "Errors of requests",
                    one("facefusion:request_errors:ratio5m"),
                    "percentunit",
                    "stat",
                    width=4,
                    red=0.05,
                ),
                Panel(
                    "Alerts that fire",
                    one('count(ALERTS{alertstate="firing"}) or vector(0)'),
                    form="stat",
                    width=4,
                    red=1,
                ),
            ),
        ),
        (
            "Requests",
            (
                Panel(
                    "Requests a second", one("topk(10, facefusion:requests:rate5m)", "{{method}} {{route}}"), "reqps"
                ),
                Panel(
                    "Answers by status",
                    one("sum by (status) (rate(facefusion_requests_total[5m]))", "{{status}}"),
                    "reqps",
                    is_stacked=True,
                ),
                Panel(
                    "Seconds to an answer",
                    (
                        Query("facefusion:request_seconds:p95_5m", "95 of 100"),
                        Query(
                            "histogram_quantile(0.5, sum by (le) (rate(facefusion_request_seconds_bucket[5m])))", "half"
                        ),
                    ),
                    "s",
                ),
                Panel(
                    "Slowest routes",
                    one(
                        "topk(10, histogram_quantile(0.95, sum by (le, method, route)"
                        " (rate(facefusion_request_seconds_bucket[15m]))))",
                        "{{method}} {{route}}",
                    ),
                    "s",
                    "table",
                    width=12,
                ),
                Panel("Requests that are being answered", one("sum(facefusion_requests_running)", "requests"), width=6),
                Panel(
                    "Refused by the gateway",
                    one("sum by (reason) (rate(facefusion_requests_refused_total[5m]))", "{{reason}}"),
                    "reqps",
                    width=6,
                ),
            ),
        ),
        (
            "Queue",
            (
                Panel("Jobs that are not over", one("max by (state) (facefusion_jobs)", "{{state}}"), is_stacked=True),
                Panel(
                    "Segments by state",
                    one('max by (state) (facefusion_tasks_open{kind="segment"})', "{{state}}"),
                    is_stacked=True,
                ),
                Panel("Seconds in the queue, 95 of 100", one("facefusion:job_wait_seconds:p95_30m", "to begin"), "s"),
                Panel(
                    "Jobs that ended, in an hour",
                    one("sum by (state) (increase(facefusion_jobs_ended_total[1h]))", "{{state}}"),
                ),
                Panel(
                    "Previews and live sessions",
                    (
                        Query("sum(facefusion_previews_open)", "previews"),
                        Query("sum(facefusion_live_sessions)", "live"),
                        Query("sum(facefusion_live_places)", "live at most"),
                    ),
                ),
                Panel("Kept in storage", one("max(facefusion_storage_bytes)", "bytes"), "bytes"),
            ),
        ),
    ),
)
WORKERS: Final = Dashboard(
    "workers",
    "workers",
    (
        (
            "Work",
            (
                Panel("Frames a second", one("sum by (instance) (rate(facefusion_frames_total[5m]))", "{{instance}}")),
                Panel(
                    "Tasks at work, and places for them",
                    (
                        Query("sum by (kind) (facefusion_tasks_running)", "{{kind}}"),
                        Query("max(facefusion_worker_slots)", "places"),
                    ),
                ),
                Panel(
                    "Tasks that ended, a minute",
                    one("60 * sum by (outcome) (rate(facefusion_tasks_total[5m]))", "{{outcome}}"),
                ),
                Panel(
                    "Where the time goes",
                    one("sum by (stage) (rate(facefusion_stage_seconds_total[5m]))", "{{stage}}"),
                    "s",
                    text="Seconds of each stage in a second; stages run side by side.",
                ),
                Panel(
                    "Seconds of a task, 95 of 100",
                    one(
                        "histogram_quantile(0.95, sum by (le, kind) (rate(facefusion_task_seconds_bucket[15m])))",
                        "{{kind}}",
                    ),
                    "s",
                ),
                Panel(
                    "Networks that were loaded already",
                    one(
                        'sum(rate(facefusion_model_uses_total{result="hit"}[15m]))'
                        " / clamp_min(sum(rate(facefusion_model_uses_total[15m])), 0.001)",
                        "share",
                    ),
                    "percentunit",
                ),
            ),
        ),
        (
            "What goes wrong",
            (
                Panel(
                    "Failures in an hour, by reason",
                    one("topk(10, sum by (reason) (increase(facefusion_task_failures_total[1h])))", "{{reason}}"),
                ),
                Panel(
                    "Failed for good, in an hour",
                    one('sum by (reason) (increase(facefusion_task_failures_total{final="true"}[1h]))', "{{reason}}"),
                    form="table",
                ),
                Panel(
                    "Begun again, a minute",
                    one("60 * sum by (kind) (rate(facefusion_task_retries_total[5m]))", "{{kind}}"),
                ),
            ),
        ),
        (
            "Machines",
            (
                Panel("Processor", one("max by (instance) (facefusion_cpu_busy_ratio)", "{{instance}}"), "percentunit"),
                Panel(
                    "Memory",
                    one("max by (instance) (facefusion_memory_used_bytes / facefusion_memory_bytes)", "{{instance}}"),
                    "percentunit",
                    red=0.92,
                ),
                Panel(
                    "Room on disks",
                    one(
                        "min by (instance, folder) (facefusion_disk_free_bytes / facefusion_disk_bytes)",
                        "{{instance}} {{folder}}",
                    ),
                    "percentunit",
                ),
                Panel("Cores", one("max by (instance) (facefusion_cpu_cores)", "{{instance}}"), width=6),
                Panel(
                    "Versions",
                    one("count by (version, job) (facefusion_build_info)", "{{version}}"),
                    form="table",
                    width=6,
                ),
                Panel(
                    "Figures that could be taken",
                    one("min by (instance, source) (facefusion_source_up)", "{{instance}} {{source}}"),
                    form="table",
                    width=12,
                ),
            ),
        ),
        (
            "Graphics cards",
            (
                Panel(
                    "Computing",
                    one("max by (instance, device) (facefusion_device_busy_ratio)", "{{instance}} {{device}}"),
                    "percentunit",
                ),
                Panel(
                    "Memory of cards",
                    one(
                        "max by (instance, device)"
                        " (facefusion_device_memory_used_bytes / facefusion_device_memory_bytes)",
                        "{{instance}} {{device}}",
                    ),
                    "percentunit",
                    red=0.97,
                ),
                Panel(
                    "Temperature",
                    one("max by (instance, device) (facefusion_device_temperature_celsius)", "{{instance}} {{device}}"),
                    "celsius",
                    red=86,
                ),
                Panel(
                    "Which cards there are",
                    one("max by (instance, device, product) (facefusion_device_info)"),
                    form="table",
                    width=24,
                ),
            ),
        ),
    ),
)
QUALITY: Final = Dashboard(
    "quality",
    "quality",
    (
        (
            "Measured results",
            (
                Panel(
                    "Odd results, of the last six hours",
                    one("facefusion:quality_suspicious:ratio6h"),
                    "percentunit",
                    "stat",
                    red=0.2,
                ),
                Panel("That wait to be measured", one("max(facefusion_quality_samples_waiting)"), form="stat"),
                Panel(
                    "Faces in a frame",
                    one(
                        "sum(rate(facefusion_faces_total[1h]))"
                        " / clamp_min(sum(rate(facefusion_frames_total[1h])), 0.001)"
                    ),
                    form="stat",
                ),
                Panel(
                    "Results that were measured, in an hour",
                    one("sum by (result) (increase(facefusion_quality_samples_total[1h]))", "{{result}}"),
                    width=12,
                    is_stacked=True,
                ),
                Panel(
                    "What was odd, in six hours",
                    one("sum by (flag) (increase(facefusion_quality_flags_total[6h]))", "{{flag}}"),
                    width=12,
                    text="What each word means: docs/quality.md.",
                ),
            ),
        ),
    ),
)
COMPLIANCE: Final = Dashboard(
    "compliance",
    "compliance",
    (
        (
            "Refused",
            (
                Panel(
                    "Content that was refused, in a day",
                    one('sum(increase(facefusion_refusals_total{reason="ContentRefusedError"}[1d]))'),
                    form="stat",
                ),
                Panel(
                    "Faces on a list, in a day",
                    one('sum(increase(facefusion_refusals_total{reason="FaceBlockedError"}[1d]))'),
                    form="stat",
                ),
                Panel(
                    "Consents that were missing, in a day",
                    one('sum(increase(facefusion_refusals_total{reason=~"Consent.*"}[1d]))'),
                    form="stat",
                ),
                Panel(
                    "Refusals in an hour, by reason",
                    one("sum by (reason, where) (increase(facefusion_refusals_total[1h]))", "{{reason}} {{where}}"),
                    width=12,
                ),
                Panel(
                    "Callers that were refused, in an hour",
                    one("sum by (reason) (increase(facefusion_requests_refused_total[1h]))", "{{reason}}"),
                    width=12,
                ),
            ),
        ),
        (
            "Recorded and reviewed",
            (
                Panel("The audit log cannot be written", one("max(facefusion_audit_stuck)"), form="stat", red=1),
                Panel(
                    "Results that wait for a second person",
                    one('max(facefusion_jobs{state="review"})'),
                    form="stat",
                    red=20,
                ),
                Panel(
                    "Webhooks that were disabled, in a day",
                    one("sum(increase(facefusion_webhooks_disabled_total[1d]))"),
                    form="stat",
                ),
                Panel(
                    "Messages to webhooks, in an hour",
                    one("sum by (state) (increase(facefusion_webhook_messages_total[1h]))", "{{state}}"),
                ),
                Panel(
                    "Messages that are still to be sent", one("max(facefusion_webhook_messages_waiting)", "messages")
                ),
                Panel(
                    "Failures beside requests, in an hour",
                    one("sum by (name) (increase(facefusion_background_failures_total[1h]))", "{{name}}"),
                ),
            ),
        ),
    ),
)
DASHBOARDS: Final = (OVERVIEW, WORKERS, QUALITY, COMPLIANCE)


def written() -> dict[str, str]:
    """Return the text of each file by its name."""
    return {f"{each.name}.json": json.dumps(each.to_json(), indent=2) + "\n" for each in DASHBOARDS}


def main() -> None:
    """Write all of them."""
    for name, text in written().items():
        (_FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
