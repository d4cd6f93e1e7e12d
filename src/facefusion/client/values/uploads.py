"""Uploads and faces, and what the service does of them beside requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from facefusion.client.values.base import Problem, Value


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
    facts: dict[str, Any] = Field(default_factory=dict)
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
        progress: how far it is, as JSON values; None where that is not told.
        is_cancelled: whether it was asked to end.
        result: as JSON values.
        error: why it failed.
        created, finished: when.
    """

    id: str
    kind: str
    state: str
    about: str = ""
    notes: list[str] = Field(default_factory=list)
    result: dict[str, Any] | None = None
    error: Problem | None = None
    created: datetime
    finished: datetime | None = None
