"""All figures that there are. `docs/deploy/monitoring.md` has the same as a table; a test holds both together."""

from __future__ import annotations

from typing import Final

from facefusion.telemetry.refusals import REFUSING
from facefusion.telemetry.spec import Label, Metric

_QUICK: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
_LONG: Final = (0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
_WAIT: Final = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)

_METHOD: Final = Label("method", ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "WEBSOCKET"))
_ROUTE: Final = Label("route", most=400)
_STATUS: Final = Label("status", most=60)
_KIND: Final = Label("kind", ("whole", "plan", "segment", "merge"))
_DEVICE: Final = Label("device", most=64)
_ERROR: Final = Label("reason", most=150)
_FLAG: Final = Label(
    "flag", ("another-person", "blurred", "expression", "faces-lost", "not-the-source", "pose", "unchanged")
)
_REFUSAL: Final = Label("reason", tuple(sorted(each.__name__ for each in REFUSING)))

# The API.
REQUESTS: Final = Metric(
    "facefusion_requests_total", "counter", "work", "requests answered", (_METHOD, _ROUTE, _STATUS)
)
REQUEST_SECONDS: Final = Metric(
    "facefusion_request_seconds",
    "histogram",
    "work",
    "seconds from a request to the beginning of its answer",
    (_METHOD, _ROUTE),
    _QUICK,
)
REQUESTS_RUNNING: Final = Metric(
    "facefusion_requests_running", "gauge", "work", "requests that are being answered; streams of events among them"
)
REQUESTS_REFUSED: Final = Metric(
    "facefusion_requests_refused_total",
    "counter",
    "work",
    "requests that the gateway refused",
    (Label("reason", most=80),),
)
# Work.
TASKS: Final = Metric(
    "facefusion_tasks_total",
    "counter",
    "work",
    "tasks that ended, by how they did",
    (_KIND, Label("outcome", ("done", "failed", "stalled", "released", "lost", "recut"))),
)
TASK_SECONDS: Final = Metric(
    "facefusion_task_seconds", "histogram", "work", "seconds that a task took that was done", (_KIND,), _LONG
)
TASKS_RUNNING: Final = Metric("facefusion_tasks_running", "gauge", "work", "tasks that are being done", (_KIND,))
RETRIES: Final = Metric(
    "facefusion_task_retries_total",
    "counter",
    "work",
    "tasks that were begun again after a failure or a lost worker",
    (_KIND,),
)
FAILURES: Final = Metric(
    "facefusion_task_failures_total",
    "counter",
    "work",
    "tasks that failed, by the class of their error; `final`: not tried again",
    (_ERROR, Label("final", ("false", "true"))),
)
JOB_WAIT: Final = Metric(
    "facefusion_job_wait_seconds",
    "histogram",
    "work",
    "seconds from when a job came into the queue to when it was begun",
    buckets=_WAIT,
)
JOBS_ENDED: Final = Metric(
    "facefusion_jobs_ended_total",
    "counter",
    "work",
    "jobs that workers brought to an end, by the state they came into",
    (Label("state", ("succeeded", "review", "failed")),),
)
FRAMES: Final = Metric("facefusion_frames_total", "counter", "work", "frames that were written")
FACES: Final = Metric("facefusion_faces_total", "counter", "work", "faces that were edited, counted in every frame")
STAGE_SECONDS: Final = Metric(
    "facefusion_stage_seconds_total",
    "counter",
    "work",
    "seconds that each stage of tasks was at work; stages run side by side",
    (Label("stage", most=40),),
)
MODEL_USES: Final = Metric(
    "facefusion_model_uses_total",
    "counter",
    "work",
    "uses of networks: loaded already (`hit`), or loaded for it (`load`)",
    (Label("result", ("hit", "load")),),
)
REFUSALS: Final = Metric(
    "facefusion_refusals_total",
    "counter",
    "work",
    "work that content checks, consents, lists or the policy refused, by the class of the error",
    (_REFUSAL, Label("where", ("worker", "service"))),
)
SAMPLES: Final = Metric(
    "facefusion_quality_samples_total",
    "counter",
    "work",
    "finished jobs that were measured, or could not be",
    (Label("result", ("usual", "suspicious", "failed")),),
)
FLAGS: Final = Metric(
    "facefusion_quality_flags_total",
    "counter",
    "work",
    "what was unusual about measured jobs",
    (_FLAG,),
)
# Webhooks.
WEBHOOK_MESSAGES: Final = Metric(
    "facefusion_webhook_messages_total",
    "counter",
    "work",
    "messages to webhooks that were sent, by what became of them",
    (Label("state", ("delivered", "waiting", "dead", "lost")),),
)
WEBHOOKS_DISABLED: Final = Metric(
    "facefusion_webhooks_disabled_total", "counter", "work", "webhooks that were disabled because nothing arrived"
)

# The queue, from the database.
QUEUE_WAITING: Final = Metric(
    "facefusion_queue_waiting", "gauge", "queue", "tasks that workers could begin now, if there were enough of them"
)
QUEUE_OLDEST: Final = Metric(
    "facefusion_queue_oldest_seconds",
    "gauge",
    "queue",
    "seconds for which the job has waited that waited longest of those which could begin; 0 where none waits",
)
JOBS: Final = Metric(
    "facefusion_jobs",
    "gauge",
    "queue",
    "jobs that are not over, by state",
    (Label("state", ("queued", "planning", "running", "merging", "review")),),
)
TASKS_OPEN: Final = Metric(
    "facefusion_tasks_open",
    "gauge",
    "queue",
    "tasks of jobs that are not over, by kind and state",
    (_KIND, Label("state", ("waiting", "ready", "held", "leased", "done"))),
)
WORKERS: Final = Metric("facefusion_workers", "gauge", "queue", "workers that were heard of in the last minute")
WORKER_SLOTS: Final = Metric("facefusion_worker_slots", "gauge", "queue", "tasks that these workers can do at once")
WEBHOOKS_WAITING: Final = Metric(
    "facefusion_webhook_messages_waiting", "gauge", "queue", "messages to webhooks that are still to be sent"
)
SAMPLES_WAITING: Final = Metric(
    "facefusion_quality_samples_waiting", "gauge", "queue", "finished jobs that wait to be measured"
)
STORAGE_BYTES: Final = Metric(
    "facefusion_storage_bytes",
    "gauge",
    "queue",
    "bytes of uploads and results that tenants keep, as they are accounted for",
)

# The machine.
CORES: Final = Metric("facefusion_cpu_cores", "gauge", "machine", "cores that the process may use")
CPU_BUSY: Final = Metric(
    "facefusion_cpu_busy_ratio",
    "gauge",
    "machine",
    "share of the processor's time in use since the look before, 0 to 1",
)
MEMORY: Final = Metric("facefusion_memory_bytes", "gauge", "machine", "memory of the machine, or of the container")
MEMORY_USED: Final = Metric("facefusion_memory_used_bytes", "gauge", "machine", "memory that is not to be had")
DISK: Final = Metric(
    "facefusion_disk_bytes",
    "gauge",
    "machine",
    "size of the disk of a folder",
    (Label("folder", ("scratch", "storage")),),
)
DISK_FREE: Final = Metric(
    "facefusion_disk_free_bytes",
    "gauge",
    "machine",
    "what is free on the disk of a folder",
    (Label("folder", ("scratch", "storage")),),
)
DEVICE_INFO: Final = Metric(
    "facefusion_device_info",
    "gauge",
    "machine",
    "1 for each graphics card, with the name of the product",
    (_DEVICE, Label("product", most=16)),
)
DEVICE_BUSY: Final = Metric(
    "facefusion_device_busy_ratio",
    "gauge",
    "machine",
    "share of the last moment in which a card computed, 0 to 1",
    (_DEVICE,),
)
DEVICE_MEMORY: Final = Metric("facefusion_device_memory_bytes", "gauge", "machine", "memory of a card", (_DEVICE,))
DEVICE_MEMORY_USED: Final = Metric(
    "facefusion_device_memory_used_bytes", "gauge", "machine", "memory of a card that is in use", (_DEVICE,)
)
DEVICE_TEMPERATURE: Final = Metric(
    "facefusion_device_temperature_celsius", "gauge", "machine", "temperature of a card", (_DEVICE,)
)

# The service itself.
PREVIEWS_OPEN: Final = Metric(
    "facefusion_previews_open", "gauge", "service", "previews that stay open between requests"
)
LIVE_SESSIONS: Final = Metric("facefusion_live_sessions", "gauge", "service", "live sessions that run")
LIVE_PLACES: Final = Metric("facefusion_live_places", "gauge", "service", "live sessions that may run at one time")
AUDIT_STUCK: Final = Metric(
    "facefusion_audit_stuck",
    "gauge",
    "service",
    "1 while decisions cannot be written to the audit log, and nothing may be changed",
)
BACKGROUND_FAILURES: Final = Metric(
    "facefusion_background_failures_total",
    "counter",
    "service",
    "errors that nobody foresaw in what runs beside requests",
    (Label("name", most=20),),
)

# The answer to whoever asks.
BUILD: Final = Metric(
    "facefusion_build_info", "gauge", "scrape", "1, with the version of the program", (Label("version", most=2),)
)
SOURCE_UP: Final = Metric(
    "facefusion_source_up",
    "gauge",
    "scrape",
    "whether figures of this kind could be taken just now: 1 or 0",
    (Label("source", ("queue", "machine", "service")),),
)

METRICS: Final[tuple[Metric, ...]] = (
    *(REQUESTS, REQUEST_SECONDS, REQUESTS_RUNNING, REQUESTS_REFUSED),
    *(TASKS, TASK_SECONDS, TASKS_RUNNING, RETRIES, FAILURES, JOB_WAIT, JOBS_ENDED, FRAMES, FACES, STAGE_SECONDS),
    *(MODEL_USES, REFUSALS, SAMPLES, FLAGS, WEBHOOK_MESSAGES, WEBHOOKS_DISABLED),
    *(QUEUE_WAITING, QUEUE_OLDEST, JOBS, TASKS_OPEN, WORKERS, WORKER_SLOTS),
    *(WEBHOOKS_WAITING, SAMPLES_WAITING, STORAGE_BYTES),
    *(CORES, CPU_BUSY, MEMORY, MEMORY_USED, DISK, DISK_FREE),
    *(DEVICE_INFO, DEVICE_BUSY, DEVICE_MEMORY, DEVICE_MEMORY_USED, DEVICE_TEMPERATURE),
    *(PREVIEWS_OPEN, LIVE_SESSIONS, LIVE_PLACES, AUDIT_STUCK, BACKGROUND_FAILURES),
    *(BUILD, SOURCE_UP),
)
"""All of them, in the order of the documentation."""
