"""One way to open whatever moves: a video, an animated picture, a sequence of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from facefusion.media import forms
from facefusion.media.animation import open_animation
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.reader import VideoReader
from facefusion.media.select import EVERYTHING, Selection, Start, Trimmed
from facefusion.media.sequence import is_sequence
from facefusion.media.sequence_reader import open_sequence
from facefusion.media.sniff import open_input, sniff
from facefusion.options import LimitOptions

__all__ = ["FrameReader", "Start", "open_here", "open_reader"]


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
        limits: what is refused.
        selection: what of it is given out.
        start: the frame to begin with. Frames, their indexes and their times are exactly those of a reader that began
            at the first. Where the clip has no such frame, reading begins with whatever has its index.

    Raises:
        InputMissingError: there is nothing at `path`.
        InputTypeError: it is nothing that is read.
        InputDamagedError: it cannot be decoded.
        InputLimitError: it exceeds a limit.
        OptionsError: the selection leaves nothing, or reaches out of the picture.
    """
    return open_here(path, limits=limits, selection=selection, start=start)


def open_here(
    path: Path,
    *,
    limits: LimitOptions,
    selection: Selection = EVERYTHING,
    start: Start | None = None,
    file: FileIO | None = None,
) -> FrameReader:
    """Open whatever moves at `path`, decoding in this process whatever the limits say.

    Args:
        path: see `open_reader`.
        limits: what is refused.
        selection: what is given out.
        start: the frame to begin with.
        file: the file, open; opened by name where it is not given. It is closed with the reader.

    Raises:
        FaceFusionError: what `open_reader` raises.
    """
    if file is None and is_sequence(path):
        return open_sequence(path, limits=limits, selection=selection, start=start)
    file = open_input(path) if file is None else file
    try:
        form = sniff(file, path, "video")
    except BaseException:
        file.close()
        raise
    if form in forms.ANIMATIONS:
        return open_animation(path, limits=limits, selection=selection, start=start, file=file)
    return VideoReader(path, limits, selection, start, file=file)
