"""What is known of an upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final, Literal

from sqlalchemy import Row

from facefusion.jobs.database import moment

UploadState = Literal["open", "ready", "failed"]
FileKind = Literal["picture", "video", "sound", "face", "other"]
MOST_OF_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class NewUpload:
    """An upload that is announced.

    Attributes:
        tenant: whose it is.
        owner: who sends it.
        name: of the file, without folders.
        type: media type as the client says; empty where it says none.
        size: in bytes.
        sha256: that it shall have; None where the client does not say.
    """

    tenant: str
    owner: str
    name: str
    type: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as the database has it.

    Attributes:
        number: its place among all; never shown to others.
        id: by which everybody calls it.
        tenant, owner, name, type, size: as of `NewUpload`.
        state: `open` while parts are missing; `failed` where it was not what it should be.
        received: bytes that are there.
        wanted_sha256: that it shall have.
        sha256: that it has; None before it is ready.
        kind: what its bytes are; None before it is ready.
        facts: more of that, such as width, height, frames and seconds.
        direct: key at which the client puts it itself; None where it is sent to the service.
        created: when it was announced.
        expires: when it goes, unless a job needs it.
    """

    number: int
    id: str
    tenant: str
    owner: str
    name: str
    type: str
    state: UploadState
    size: int
    received: int
    wanted_sha256: str | None
    sha256: str | None
    kind: FileKind | None
    facts: Mapping[str, Any]
    direct: str | None
    created: datetime
    expires: datetime

    @property
    def key(self) -> str:
        """Where it lies once it is ready."""
        return f"{self.tenant}/uploads/{self.id}"

    @property
    def parts(self) -> str:
        """Below which its parts lie until then."""
        return f"{self.key}.parts"


def upload_of(row: Row[Any]) -> Upload:
    """Return the upload of a row of `UPLOADS`."""
    values = dict(row._mapping)
    for name in ("created", "expires"):
        values[name] = moment(values[name])
    return Upload(**values)


def file_name(name: str) -> str:
    """Return the name of a file without folders and without what terminals and headers would take amiss."""
    plain = "".join(each for each in PurePosixPath(name.replace("\\", "/")).name if each.isprintable())
    return plain.strip()[:MOST_OF_NAME] or "upload"
