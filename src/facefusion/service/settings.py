"""What the routes have to know of how the service is run."""

from __future__ import annotations

from dataclasses import dataclass

_MEBIBYTE = 1 << 20
_GIBIBYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class LiveTimes:
    """How long a live session may do what.

    Attributes:
        first: seconds until the first wish must have come.
        idle: seconds without a frame after which a session ends.
        longest: seconds after which each ends; whoever wants more is let in anew.
        again: seconds for which whoever comes anew waits for their session before that to end.
    """

    first: float = 20.0
    idle: float = 60.0
    longest: float = 3600.0
    again: float = 5.0


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """How the service is run.

    Attributes:
        public_url: under which users reach it, without a slash at its end; empty where requests tell.
        hosted: whether it serves others than its owner: keys are needed then.
        max_upload: bytes of one uploaded file.
        upload_seconds: that an upload is kept if nobody finishes or uses it.
        presigned_seconds: that an address lives which the storage is asked for.
        heartbeat_seconds: between signs of life in a stream of events.
        poll_seconds: between looks for new events.
        previews: made at one time.
        warm_seconds: that models stay loaded after a preview.
        max_live: live sessions at one time.
        live_times: how long they may do what.
        public_verify: bytes of a file that anybody may have verified without a key; None where nobody may.
        background: pieces of work done beside requests at one time, such as face files.
        cut_after: frames of a clip from which on its job is cut into segments.
        segment_frames: in a segment, about.
        allowed_roots: below which tenants may name files of their own, as the option of that name has them.
        idempotency_seconds: that an idempotency key is remembered.
        key_days: that a new API key lives unless others are named.
    """

    public_url: str = ""
    hosted: bool = False
    max_upload: int = 20 * _GIBIBYTE
    upload_seconds: int = 24 * 3600
    presigned_seconds: int = 900
    heartbeat_seconds: float = 15.0
    poll_seconds: float = 0.5
    previews: int = 1
    warm_seconds: float = 300.0
    max_live: int = 2
    live_times: LiveTimes = LiveTimes()
    public_verify: int | None = None
    background: int = 1
    cut_after: int = 1500
    segment_frames: int = 500
    allowed_roots: tuple[str, ...] = ()
    idempotency_seconds: int = 24 * 3600
    key_days: int = 90
