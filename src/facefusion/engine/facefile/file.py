"""The face file: what it holds, how it is written and read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from facefusion.engine.facefile.container import MAGIC, MOST_BYTES, decode, encode, is_newer
from facefusion.errors import InputDamagedError, InputLimitError, InputTypeError
from facefusion.faces.types import Vector
from facefusion.media.faults import writing
from facefusion.media.output import atomic_output
from facefusion.media.shown import shown
from facefusion.media.sniff import open_input
from facefusion.processors.base import KeptFace
from facefusion.processors.face_swapper.processor import check_kept
from facefusion.state import State, StateError

SUFFIX = ".face"
MOST_OF_NAME = 200
"""Characters of a face's name."""
_EMBEDDING = 128
_MOST = 1000
_Short = Annotated[str, Field(max_length=MOST_OF_NAME)]
_Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
_Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class SourceFile(_Part):
    """A file that a face was built from.

    Attributes:
        kind: picture, or clip: a video, an animation or a sequence of pictures.
        digest: SHA-256 of its bytes, in hexadecimal digits.
    """

    kind: Literal["picture", "clip"]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class KeptView(_Part):
    """One view of the face: a picture, or a frame of a clip.

    Attributes:
        source: number of its file, from 0.
        time: of a frame, in seconds; None for a picture.
        yaw: turn in degrees.
        pitch: nod in degrees.
        width: of the face, in pixels of the picture.
        sharpness: 0 (blurred) to 1 (crisp).
        merit: how well it serves beside others, 0 to 1.
    """

    source: Annotated[int, Field(ge=0, le=_MOST)]
    time: _Number | None
    yaw: _Number
    pitch: _Number
    width: _Number
    sharpness: _Share
    merit: _Share


class FaceFile(_Part):
    """All that is kept of a face.

    Attributes:
        name: the face's name.
        built: when, ISO 8601 in UTC.
        software: version of the software that built it.
        sources: the files that it was built from, without their names.
        views: what was used of them.
        embeddings: identity vector of each view, float32 (views, 128).
        models: by the name of a swapper model, what it made of the views; see `facefusion.state`.
    """

    name: _Short
    built: _Short
    software: _Short
    sources: Annotated[list[SourceFile], Field(min_length=1, max_length=_MOST)]
    views: Annotated[list[KeptView], Field(min_length=1, max_length=_MOST)]
    embeddings: Any
    models: Mapping[str, dict[str, Any]]

    @property
    def embedding(self) -> Vector:
        """Identity vector of the person: the mean of all views, float32 (128,)."""
        return np.asarray(self.embeddings.mean(0), np.float32)

    @property
    def texture_size(self) -> tuple[int, int]:
        """Width and height of the texture in pixels."""
        height, width = self.models["mesh"]["textures"].shape[:2]
        return int(width), int(height)

    def as_source(self) -> KeptFace:
        """Return it as swappers take it."""
        return KeptFace(self.name, self.models, self.embeddings)


def is_face_file(path: Path) -> bool:
    """Whether there is a face file at a path, of whatever version, by its first bytes.

    Raises:
        InputError: there is no file, or it may not be read.
    """
    with open_input(path) as file:
        return file.read(len(MAGIC)) == MAGIC


def write_face(path: Path, face: FaceFile) -> None:
    """Write a face file; it appears whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    data = encode(face.model_dump())
    with atomic_output(path) as part, writing(path):
        part.write_bytes(data)


def read_face(path: Path) -> FaceFile:
    """Read a face file.

    Nothing in it is run, nothing unfolds, and everything is held against the bounds that it must keep; so it may come
    from a stranger.

    Raises:
        InputMissingError: there is no such file.
        InputTypeError: it is no face file, or one of a newer version.
        InputDamagedError: it is damaged.
        InputLimitError: it is larger than any face file.
    """
    with open_input(path) as file:
        head = file.read(len(MAGIC) + 16)
        if not head.startswith(MAGIC):
            raise InputTypeError(f"The file {path} is no face file", "Make one with `facefusion face build`")
        if is_newer(head):
            raise InputTypeError(
                f"The face file {path} is of a version that is not known here", "Update the software, or build it anew"
            )
        data = head + file.read(MOST_BYTES)
        if len(data) > MOST_BYTES:
            raise InputLimitError(
                f"The face file {path} is larger than {MOST_BYTES >> 20} MiB, as none is", "Build it anew"
            )
    try:
        return _checked(decode(data))
    except (StateError, ValidationError) as error:
        what = shown(str(error)) if isinstance(error, StateError) else "its facts are impossible"
        raise InputDamagedError(
            f"The face file {path} is damaged: {what}", "Copy it again from where it came, or build it anew"
        ) from error


def _checked(content: State) -> FaceFile:
    """Hold what a file says against what can be.

    Raises:
        StateError: there can be no such face.
        ValidationError: likewise.
    """
    face = FaceFile.model_validate(content)
    vectors = face.embeddings
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32:
        raise StateError("there are no identity vectors")
    if vectors.shape != (len(face.views), _EMBEDDING) or not (np.abs(vectors) < 10).all():
        raise StateError("the identity vectors are impossible")
    if any(view.source >= len(face.sources) for view in face.views):
        raise StateError("a view is of no source")
    check_kept(face.models)
    return face
