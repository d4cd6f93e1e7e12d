"""What the service returns, as values; fields that a newer service adds are kept beside those that are named here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

JobState = Literal["queued", "planning", "running", "merging", "review", "succeeded", "failed", "cancelled", "rejected"]
Item = TypeVar("Item")


class Value(BaseModel):
    """Base of all values."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Problem(Value):
    """Why something failed.

    Attributes:
        type: name of the error, such as `NoFaceError`.
        code: exit code of the command line for it.
        what: what happened.
        hint: what to do next; may be empty.
    """

    type: str
    code: int
    what: str
    hint: str = ""


class Upload(Value):
    """A file that is being sent, or is there.

    Attributes:
        id: by which jobs name it, as `upload:ID`.
        name: of the file.
        state: `open` while parts are missing, `ready`, or `failed`.
        size: in bytes.
        received: bytes that are there.
        sha256: of the whole file, once it is there.
        kind: what its bytes are, such as `picture` or `video`.
        facts: more of that: width, height, frames, …
        created, expires: when it was begun, and when it goes.
    """

    id: str
    name: str
    state: str
    size: int
    received: int
    sha256: str | None = None
    kind: str | None = None
    facts: dict[str, Any] = {}
    created: datetime
    expires: datetime


class DirectUpload(Value):
    """Where a file is to be put that goes into storage directly.

    Attributes:
        upload: what is known of it.
        method: of HTTP.
        url: address of the storage; whoever has it can write there.
        seconds: for how long it serves.
    """

    upload: Upload
    method: str
    url: str
    seconds: int


class Face(Value):
    """A face that was built from uploads.

    Attributes:
        id: by which jobs name it, as `face:ID`.
        name: as it was called.
        state: `building`, `ready` or `failed`.
        operation: that builds it.
        error: why it could not be built.
        size, sha256: of its file.
        facts: its views.
        created: when it was begun.
    """

    id: str
    name: str
    state: str
    operation: str | None = None
    error: Problem | None = None
    size: int | None = None
    sha256: str | None = None
    facts: dict[str, Any] | None = None
    created: datetime


class Operation(Value):
    """Something that the service does beside requests.

    Attributes:
        id: by which it is called.
        kind: such as `face.build`.
        state: `running`, `succeeded` or `failed`.
        about: what it makes or changes.
        notes: what users should know.
        result: as JSON values.
        error: why it failed.
        created, finished: when.
    """

    id: str
    kind: str
    state: str
    about: str = ""
    notes: list[str] = []
    result: dict[str, Any] | None = None
    error: Problem | None = None
    created: datetime
    finished: datetime | None = None


class Consent(Value):
    """A consent on record.

    Attributes:
        id: by which it is called.
        state: `holds`, `future`, `ended` or `revoked`.
        person: whose face it is, where a name is kept.
        granted_by: who gave it.
        scope: for what it holds.
        recorded: when it was put on record.
        picture_digests: SHA-256 of the pictures of the face.
        evidence: files that show it: kind, name, digest, bytes.
        signature: who signed on a screen, as `signer`, and which evidence shows it; None where nobody did.
    """

    id: str
    state: str
    person: str | None = None
    granted_by: str
    scope: dict[str, Any]
    recorded: datetime
    picture_digests: list[str] = []
    evidence: list[dict[str, Any]] = []
    signature: dict[str, Any] | None = None


class Model(Value):
    """A model of the catalogue.

    Attributes:
        name: by which jobs name it.
        task: what it is for.
        state: whether it can run, such as `ready`.
    """

    name: str
    task: str
    state: str


class Layer(Value):
    """One layer of marks.

    Attributes:
        layer: provenance, metadata, watermark or audit.
        state: holds, broken, absent, unknown or unread.
        what: in words.
        facts: more of it.
    """

    layer: str
    state: str
    what: str
    facts: dict[str, Any] = {}


class Verified(Value):
    """What the marks of a file show.

    Attributes:
        verdict: `holds`, or the name of what is wrong.
        code: exit code of the command line for it; 0 where all holds.
        what: in words.
        layers: all of them.
    """

    verdict: str
    code: int
    what: str
    layers: list[Layer]


class Entry(Value):
    """An entry of the audit log.

    Attributes:
        id: by which it is called.
        time: when.
        kind: such as `published`.
        facts: what it says.
    """

    id: str
    time: datetime
    kind: str
    facts: dict[str, Any]


class Webhook(Value):
    """Who is told of what; see the documentation of webhooks.

    Attributes:
        id: by which it is called.
        url: to which messages go.
        kinds: of events.
        is_enabled: whether messages are sent.
        disabled_reason: why the service disabled it.
        failing_since: from when on nothing arrived.
        revision: grows with each change.
    """

    id: str
    url: str
    description: str = ""
    kinds: list[str]
    is_enabled: bool
    disabled_reason: str | None = None
    failing_since: datetime | None = None
    old_secret_until: datetime | None = None
    revision: int
    created: datetime


class WebhookSecret(Value):
    """A webhook with its secret, which is shown this once.

    Attributes:
        webhook: as it is kept.
        secret: with which its messages are signed; `verify_webhook` takes it.
    """

    webhook: Webhook
    secret: str


class Delivery(Value):
    """What became of a message to a webhook.

    Attributes:
        message: its identifier, as in the header `webhook-id`.
        state: `waiting`, `delivered` or `dead`.
        attempts: how often it was tried.
        status: of HTTP, of the last try.
        reason: why the last try failed.
    """

    message: str
    webhook: str
    kind: str
    job: str | None = None
    at: datetime
    state: str
    attempts: int
    next_try: datetime | None = None
    status: int | None = None
    reason: str | None = None
    ended: datetime | None = None


class Trigger(Value):
    """Objects that start jobs.

    Attributes:
        id: by which it is called.
        source: how addresses begin.
        suffixes: how they end.
        request: what a job is to do, with placeholders.
        is_enabled: whether jobs are started.
        refused, refused_reason: when an object last matched and started none, and why.
    """

    id: str
    name: str = ""
    source: str
    suffixes: list[str]
    request: dict[str, Any]
    priority: int
    is_enabled: bool
    refused: datetime | None = None
    refused_reason: str | None = None
    revision: int
    created: datetime


class TriggerSecret(Value):
    """A trigger with its secret, which is shown this once.

    Attributes:
        trigger: as it is kept.
        secret: with which events for it may be signed.
    """

    trigger: Trigger
    secret: str


class JobProgress(Value):
    """How far a job is.

    Attributes:
        segments, segments_done: parts that it was cut into, and those that are finished.
        frames, frames_done: of the output, and those that are finished.
        share: from 0 to 1; None where nothing is known.
    """

    segments: int | None = None
    segments_done: int = 0
    frames: int | None = None
    frames_done: int | None = None
    share: float | None = None


class JobOutput(Value):
    """One file that a job made.

    Attributes:
        name: of the file.
        size, sha256: of its bytes.
        media_type: such as `video/mp4`.
    """

    name: str
    size: int
    sha256: str
    media_type: str = ""


class JobResult(Value):
    """What a job made.

    Attributes:
        outputs: its files, the result first.
        notes: what the user should know.
        delivered: addresses to which they were copied.
    """

    outputs: list[JobOutput]
    notes: list[str] = []
    delivered: list[str] = []


class JobQuality(Value):
    """What was measured of a finished job.

    Attributes:
        state: `waiting`, `measured` or `skipped`.
        measured: when.
        measures: figures by name; None where one could not be told.
        flags: which are outside their bounds.
        why_not: why it could not be measured.
    """

    state: str
    measured: datetime | None = None
    measures: dict[str, float | None] = {}
    flags: list[str] = []
    why_not: str = ""


class FailureReason(Value):
    """How many jobs failed alike.

    Attributes:
        by: what they have in common.
        jobs: how many.
        seconds: that workers spent on them.
        last: when the last of them failed.
    """

    by: dict[str, str]
    jobs: int
    seconds: float
    last: datetime


class FailedJob(Value):
    """A job that failed.

    Attributes:
        job: its identifier.
        failed: when.
        error_type: name of the error, such as `NoFaceError`.
        error: what happened.
        stage, number: of the task that failed.
        worker, version: who had it.
        attempts, seconds: that were spent on the job.
    """

    job: str
    failed: datetime
    error_type: str
    error: str
    stage: str
    number: int
    worker: str
    version: str
    attempts: int
    seconds: float


class Failed(Value):
    """What failed in a period.

    Attributes:
        reasons: counted, the most frequent first.
        jobs: the latest.
    """

    reasons: list[FailureReason]
    jobs: list[FailedJob]


class MeasuredJob(Value):
    """A job that was measured; its figures are further fields.

    Attributes:
        job: its identifier.
        measured: when.
        processors: that made it, with commas between them.
        is_suspicious: whether a figure is outside its bounds.
        flags: which, with commas between them.
    """

    job: str
    measured: datetime
    processors: str = ""
    is_suspicious: bool
    flags: str = ""


class MeasuredJobList(Value):
    """Jobs that were measured.

    Attributes:
        jobs: the latest first.
    """

    jobs: list[MeasuredJob]


class Job(Value):
    """A job.

    Attributes:
        id: by which it is called.
        state: see `JobState`.
        is_paused: whether nothing of it is begun.
        needs_review: whether a person has to approve its result.
        priority: from 0 to 9.
        revision: grows with each change.
        request: as it was asked for.
        names: what its files are called, by what names them in the request.
        progress: how far it is.
        created, queued, started, finished: when.
        seconds: that it took; None before.
        thumbnail: path of a small picture of its result; None where there is none.
        error: why it failed.
        result: what it made.
        review: who decided on its result.
        quality: what was measured of it; None of most jobs.
    """

    id: str
    state: JobState
    is_paused: bool = False
    needs_review: bool = False
    owner: str = ""
    priority: int = 4
    revision: int
    request: dict[str, Any] = {}
    names: dict[str, str] = {}
    progress: JobProgress = JobProgress()
    created: datetime
    queued: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    seconds: float | None = None
    thumbnail: str | None = None
    error: Problem | None = None
    result: JobResult | None = None
    review: dict[str, Any] | None = None
    quality: JobQuality | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing changes any more by itself; a result that waits for its review is over too."""
        return self.state in {"review", "succeeded", "failed", "cancelled", "rejected"}


class JobEvent(Value):
    """Something that happened to a job.

    Attributes:
        id: grows; None for what is told in passing, as progress and frames are.
        kind: such as `job.succeeded`, `progress` or `frame`.
        at: when; None for what is told in passing.
        facts: more of it.
    """

    id: int | None = None
    kind: str
    at: datetime | None = None
    facts: dict[str, Any] = {}


class JobFrame(Value):
    """A small picture of a frame of a job that is not finished.

    Attributes:
        number: of the frame in the output, from 0.
        seconds: from the first frame of the output.
        width, height: in pixels.
        at: when it came.
    """

    number: int
    seconds: float
    width: int
    height: int
    at: datetime


class JobFrameList(Value):
    """Small pictures of frames.

    Attributes:
        frames: in the order of the output.
    """

    frames: list[JobFrame]


class Link(Value):
    """A link to the result of a job.

    Attributes:
        id: by which it is taken back.
        owner: who made it.
        label: what it is for.
        created, expires: when it was made, and when it ends.
    """

    id: str
    owner: str = ""
    label: str = ""
    created: datetime
    expires: datetime


class NewLink(Link):
    """A link that was just made.

    Attributes:
        token: whoever has it may fetch the result; it is told this once.
        url: path of what it leads to.
    """

    token: str
    url: str


class LinkList(Value):
    """The links of a job that have not ended.

    Attributes:
        links: the newest first.
    """

    links: list[Link]


class Shared(Value):
    """What a link leads to.

    Attributes:
        name: of the file.
        media_type: of the file.
        size: in bytes.
        kind: `picture` or `video`.
        is_synthetic: always true.
        disclosure: marks in it that say so.
        expires: when the link ends.
    """

    name: str
    media_type: str
    size: int
    kind: str
    is_synthetic: bool = True
    disclosure: list[str] = []
    expires: datetime


class JobStage(Value):
    """What is left to do of one kind of a job's tasks.

    Attributes:
        kind: `plan`, `whole`, `segment` or `merge`.
        tasks: that are left.
        takes: seconds, as `low`, `likely` and `high`; None where that cannot be said.
        rests_on: attempts that were measured.
    """

    kind: str
    tasks: int
    takes: dict[str, float] | None = None
    rests_on: int = 0


class JobTime(Value):
    """What can be said of the time that a job takes.

    Attributes:
        share: of its frames that is done, from 0 to 1.
        begins, ends: seconds until then, as `low`, `likely` and `high`; None where that cannot be said.
        why_not: why `ends` cannot be said.
        stages: what is left, in the order in which it is done.
    """

    share: float | None = None
    begins: dict[str, float] | None = None
    ends: dict[str, float] | None = None
    why_not: str = ""
    stages: list[JobStage] = []
