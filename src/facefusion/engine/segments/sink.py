"""The sink of a job: frames in, finished segments out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from facefusion.engine.memory import give_back
from facefusion.engine.segments.cut import Cut
from facefusion.engine.segments.marker import Marker
from facefusion.media.encoding.choose import Encoding
from facefusion.media.encoding.segment import SegmentSink, open_segment
from facefusion.media.frame import Frame
from facefusion.media.marking import Mark


@dataclass(frozen=True, slots=True)
class SegmentEnd:
    """Tells the sink that the frames before it complete a segment.

    Attributes:
        cut: which segment, and what comes next.
        state: what the stages remember at this moment, packed.
    """

    cut: Cut
    state: bytes


class Keeping(Protocol):
    """Keeps finished segments.

    Attributes:
        markers: of those that are finished.
    """

    markers: list[Marker]

    def part(self, number: int, rendition: int) -> Path:
        """Return where the file of a segment goes."""
        ...

    def finish(self, marker: Marker, state: bytes) -> None:
        """Record a finished segment, and what the stages remember then.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        ...


class JobSink:
    """Writes each frame into the current segment of every output, and records segments as they are finished.

    Args:
        folder: keeps segments.
        encodings: one for each output.
        mark: put into every frame; none when None.
    """

    def __init__(self, folder: Keeping, encodings: Sequence[Encoding], mark: Mark | None = None) -> None:
        self._folder = folder
        self._mark = mark
        self._encodings = encodings
        self._writers: list[SegmentSink] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of a segment that was not finished."""
        for writer in self._writers:
            with suppress(Exception):
                writer.abort()

    def take(self, item: Frame | SegmentEnd) -> None:
        """Write a frame, or finish a segment.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        if isinstance(item, SegmentEnd):
            self._finish(item)
            return
        if not self._writers:
            number = len(self._folder.markers)
            for place, encoding in enumerate(self._encodings):
                self._writers.append(open_segment(self._folder.part(number, place), encoding, self._mark))
        for writer in self._writers:
            writer.write(item)

    def _finish(self, end: SegmentEnd) -> None:
        parts = tuple(writer.close() for writer in self._writers)
        self._writers = []
        give_back()
        digest = hashlib.sha256(end.state).hexdigest()
        self._folder.finish(Marker(end.cut.number, parts, end.cut.following, digest), end.state)
