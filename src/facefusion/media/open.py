"""One way to open whatever moves: a video, an animated picture, a sequence of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from facefusion.media import forms, isolation
from facefusion.media.animation import Animation, open_animation
from facefusion.media.clip import open_clip
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.reader import VideoReader
from facefusion.media.select import EVERYTHING, Selection, Start, Trimmed
from facefusion.media.sequence import is_sequence
from facefusion.media.sequence_reader import open_sequence
from facefusion.media.sniff import open_input, sniff
from facefusion.options import LimitOptions

__all__ = ["FrameReader", "Start", "moves", "open_reader"]


class FrameReader(Protocol):
    """Yields the frames of a clip, once, upright, in presentation order.

    Indexes count from 0 by one, times rise, and each frame lasts until the next.
    """

    @property
    def info(self) -> VideoInfo:
        """What is known of the clip; known on opening."""
        ...

    @property
    def range(self) -> Trimmed | None:
        """The part of the source that sound and subtitles are to be cut to; None where nothing is trimmed."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Those of `info`, and what was found out since; complete when the frames have been read."""
        ...

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames that have not been read yet."""
        ...

    def close(self) -> None:
        """Let go of the input, as often as one likes; frames that were read stay valid."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_reader(
    path: Path, *, limits: LimitOptions, selection: Selection = EVERYTHING, start: Start | None = None
) -> FrameReader:
    """Open whatever moves at `path`.

    Args:
        path: a video, an animated GIF, WebP or PNG, a folder of pictures, or a pattern such as `shot.%04d.png`.
        limits: what is refused, and whether decoding is isolated.
        selection: what of it is given out.
        start: the frame to begin with. Frames, their indexes and their times are exactly those of a reader that began
            at the first. Where the clip has no such frame, reading begins with whatever has its index.

    Raises:
        InputMissingError: there is nothing at `path`.
        InputTypeError: it is nothing that is read.
        InputDamagedError: it cannot be decoded.
        InputLimitError: it exceeds a limit.
        IsolationError: the system has no means for isolation.
        OptionsError: the selection leaves nothing, or reaches out of the picture.
    """
    if is_sequence(path):
        return open_sequence(path, limits=limits, selection=selection, start=start)
    file = open_input(path)
    try:
        form = sniff(file, path, "video")
    except BaseException:
        file.close()
        raise
    if form in forms.ANIMATIONS:
        decoder = isolation.IsolatedAnimation if limits.isolate else Animation
        return open_animation(path, limits=limits, selection=selection, start=start, file=file, decoder=decoder)
    opener = isolation.IsolatedClip if limits.isolate else open_clip
    return VideoReader(path, limits, selection, start, file=file, opener=opener)


def moves(path: Path) -> bool:
    """Whether there is something with many frames at a path.

    Raises:
        InputMissingError: there is nothing.
        InputTypeError: it is nothing that is read.
    """
    if is_sequence(path):
        return True
    with open_input(path) as file:
        return sniff(file, path).kind == "video"
