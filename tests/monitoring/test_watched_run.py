"""What figures, traces and logs say of a real job, from the request to the merge."""

from __future__ import annotations

import json

import pytest
from benchmarks.servers import until
from watched_run import REQUEST, TRACE, Run

pytestmark = pytest.mark.slow


def test_figures_tell_of_the_work(run: Run) -> None:
    worker, service = run.figures(run.worker), run.figures(run.service)
    assert worker["facefusion_frames_total",] == 40
    done = {kind: worker["facefusion_tasks_total", kind, "done"] for kind in ("plan", "segment", "merge")}
    assert done == {"plan": 1, "segment": 3, "merge": 1}, worker
    assert worker["facefusion_jobs_ended_total", "succeeded"] == 1
    assert worker["facefusion_jobs_ended_total", "failed"] == 1
    assert sum(value for key, value in worker.items() if key[0] == "facefusion_task_failures_total") == 1
    for stage in ("staged", "prepare", "decode", "encode", "join", "published"):
        assert worker["facefusion_stage_seconds_total", stage] > 0
    assert worker["facefusion_job_wait_seconds_count",] == 2
    assert worker["facefusion_model_uses_total", "load"] > 0
    assert service["facefusion_requests_total", "POST", "/v1/jobs", "201"] == 2
    assert service["facefusion_requests_running",] == 0
    assert service["facefusion_live_places",] == 2 and service["facefusion_audit_stuck",] == 0
    for seen in (worker, service):
        assert seen["facefusion_queue_waiting",] == 0 and seen["facefusion_workers",] == 1
        assert seen["facefusion_source_up", "queue"] == seen["facefusion_source_up", "machine"] == 1
        assert seen["facefusion_disk_free_bytes", "scratch"] > 0
    assert service["facefusion_storage_bytes",] == worker["facefusion_storage_bytes",] > 0


def test_finished_work_is_measured_and_counted(run: Run) -> None:
    def measured() -> float:
        seen = run.figures(run.worker)
        return sum(value for key, value in seen.items() if key[0] == "facefusion_quality_samples_total")

    assert until(measured, seconds=60) == 1


def test_one_trace_has_all_of_it(run: Run) -> None:
    def told() -> bool:
        return any(span.name == "task merge" for span in run.collector.of(TRACE))

    until(told, seconds=60)
    spans = run.collector.of(TRACE)
    [request] = [span for span in spans if span.name == "POST /v1/jobs"]
    assert request.role == "facefusion-service" and request.parent == "00f067aa0ba902b7"
    assert request.attributes["http.route"] == "/v1/jobs"
    assert request.attributes["http.response.status_code"] == 201
    assert request.attributes["facefusion.request"] == REQUEST
    tasks = [span for span in spans if span.name.startswith("task ")]
    assert sorted(span.name for span in tasks) == ["task merge", "task plan", *["task segment"] * 3]
    assert all(span.parent == request.id and span.role == "facefusion-worker" for span in tasks)
    assert all(span.attributes["facefusion.job"] == run.job for span in tasks)
    [waited] = [span for span in spans if span.name == "queued"]
    assert waited.parent == request.id and waited.seconds >= 0
    of_a_segment = {span.name: span for span in spans if span.parent in {task.id for task in tasks}}
    assert {"bring inputs", "plan", "edit", "merge", "publish"} <= set(of_a_segment)
    stages = [span for span in spans if span.name.startswith("stage ")]
    edits = {span.id for span in spans if span.name in {"edit", "merge"}}
    assert {"stage decode", "stage encode", "stage join"} <= {span.name for span in stages}
    assert all(span.parent in edits for span in stages)
    assert all(0 <= span.attributes["facefusion.busy_seconds"] <= span.seconds + 0.01 for span in stages)


def test_what_failed_is_an_error_by_its_class_alone(run: Run) -> None:
    def failed() -> bool:
        return any(span.is_error and span.name.startswith("task ") for span in run.collector.spans)

    until(failed, seconds=60)
    [span] = [span for span in run.collector.spans if span.is_error and span.name.startswith("task ")]
    assert span.attributes["facefusion.job"] == run.failed
    assert span.attributes["error.type"] == "NoFaceError"


def test_no_span_holds_a_path_or_a_name(run: Run) -> None:
    text = json.dumps([[span.name, span.attributes] for span in run.collector.spans])
    assert "captain" not in text and "clip" not in text and str(run.folder) not in text


def test_lines_of_service_and_worker_belong_together(run: Run) -> None:
    lines = [line for line in run.lines("worker.log") if line.get("job") == run.job]
    assert {line["task"] for line in lines} == {"plan-0", "segment-0", "segment-1", "segment-2", "merge-0"}
    assert {(line["request"], line["trace"]) for line in lines} == {(REQUEST, TRACE)}
    others = [line for line in run.lines("worker.log") if "job" not in line]
    assert others and all("request" not in line for line in others)
