"""Reading a video as upright frames in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from io import FileIO
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from facefusion.media.allowance import Allowance
from facefusion.media.clip import ClipOpener, Timed, open_clip
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.planes.convert import FrameConverter
from facefusion.media.select import EVERYTHING, Selection, Start, Trimmed
from facefusion.media.selected import describe_selected
from facefusion.media.sniff import open_input
from facefusion.media.timeline import Selected, Timeline
from facefusion.options import LimitOptions

_Selected = Selected[av.VideoFrame]


class VideoReader:
    """Yields the frames of a video, once, upright, in presentation order.

    A frame that does not decode cleanly is an error; the two exceptions, a recording that began in mid-stream and one
    that broke off, are described at `PictureDecoder`. An MP4, QuickTime or Matroska file that holds fewer bytes than it
    declares is refused on opening.

    Args:
        path: the file.
        limits: what is refused.
        selection: what of the video is given out.
        start: the frame to begin with; see `facefusion.media.open.open_reader`.
        file: the file, open; opened by name where it is not given. It is closed with this.
        opener: what decodes it.

    Attributes:
        info: what is known of the video; found with the first frames, which are decoded on opening.

    Raises:
        InputMissingError: there is no such file.
        InputTypeError: it is no video of a kind that is read.
        InputDamagedError: it cannot be decoded; on opening or, with the time at which it broke, while iterating.
        InputLimitError: it exceeds one of the limits; on opening or, as soon as it does, while iterating.
        OptionsError: the selection leaves nothing, or reaches out of the picture.
    """

    def __init__(
        self,
        path: Path,
        limits: LimitOptions,
        selection: Selection = EVERYTHING,
        start: Start | None = None,
        *,
        file: FileIO | None = None,
        opener: ClipOpener = open_clip,
    ) -> None:
        self._limits = limits
        self._selection = selection
        self._index = 0
        self._frames: Iterator[_Selected] = iter(())
        file = open_input(path) if file is None else file
        self._clip = opener(path, limits, deinterlace=selection.deinterlace, file=file)
        try:
            self._begin(path, start)
        except BaseException:
            self._clip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def range(self) -> Trimmed | None:
        """The part of the source that sound and subtitles are to be cut to; None where nothing is trimmed."""
        return self._timeline.range

    @property
    def notes(self) -> tuple[str, ...]:
        """What is there but not carried on, and what was left out of what has been read; one sentence each."""
        return self.info.notes + self._clip.notes

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames that have not been read yet.

        Raises:
            InputDamagedError: the stream breaks; the message says at what time.
            InputLimitError: a limit is exceeded.
        """
        for convert in self.pending():
            yield convert()

    def pending(self) -> Iterator[Callable[[], Frame]]:
        """Yield the frames that have not been read yet as they are decoded; calling one converts it.

        Raises:
            InputError: see `__iter__`.
        """
        for selected in self._frames:
            index, self._index = self._index, self._index + 1
            yield partial(self._frame, index, selected)

    def go(self, start: Start) -> None:
        """Go to a frame, before or behind; what follows is what a reader gives that was opened with `start`."""
        self._frames = (self._from(start) if start.index else None) or self._counted_from(start)
        self._index = start.index

    def close(self) -> None:
        """Close the file; frames that were read stay valid."""
        self._frames = iter(())
        self._clip.close()

    def _frame(self, index: int, selected: _Selected) -> Frame:
        original = self._convert(selected.picture)
        return Frame(
            index, selected.pts, selected.duration, self.info.time_base, original.view, original, selected.copies
        )

    def _begin(self, path: Path, start: Start | None) -> None:
        """Find the first frame that is given out, and what is known from it; then go to where reading begins."""
        self._allowance = Allowance(path, self._limits)
        clip = self._clip
        self._timeline = Timeline(
            self._selection, time_base=clip.info.time_base, origin=clip.origin, frame_rate=clip.info.frame_rate
        )
        frames = self._trimmed()
        first = next(frames, None)
        info = describe_selected(clip.info, self._timeline, self._selection)
        is_interlaced = clip.info.field_order != "progressive" and not self._selection.deinterlace
        self._convert = FrameConverter(
            info.colour, info.orientation, self._selection.crop, is_interlaced=is_interlaced
        ).convert
        if first is not None:
            original = self._convert(first.picture)
            info = replace(info, pixel_format=original.planes.format.name, chroma_location=original.chroma_location)
        self.info: VideoInfo = info
        if not self._selection.is_trimmed:
            self._allowance.check_frames(clip.stated_frames)
        self._allowance.check_duration(self.info.duration)
        self._frames = frames if first is None else chain([first], frames)
        if start is not None and start.index:
            self.go(start)

    def _trimmed(self) -> Iterator[_Selected]:
        """Yield what is selected; goes to where that begins without decoding all before it, where it can."""
        begin = self._timeline.begins_at
        if begin is not None and begin > self._clip.origin and not self._timeline.needs_numbers:
            frames = self._clip.after(begin)
            if frames is not None:
                return self._select(frames)
            self._clip.restart()
        return self._select(self._clip.frames())

    def _from(self, start: Start) -> Iterator[_Selected] | None:
        """Go to a frame that was given out; None where it is not met exactly."""
        number = self._timeline.number_of(start.index)
        tick = self._timeline.source_tick(start.pts)
        frames = None if number is None or tick is None else self._clip.after(tick)
        if frames is None:
            return None
        selected = self._select(frames, number=number or 0, is_begun=True)
        for candidate in selected:
            if candidate.pts >= start.pts:
                return chain([candidate], selected) if candidate.pts == start.pts else None
        return None

    def _counted_from(self, start: Start) -> Iterator[_Selected]:
        """Begin at the first frame, and leave out as many as were given out before."""
        self._clip.restart()
        selected = self._trimmed()
        for _ in range(start.index):
            if next(selected, None) is None:
                break
        return selected

    def _select(self, frames: Iterable[Timed], *, number: int = 0, is_begun: bool = False) -> Iterator[_Selected]:
        """Select among frames, within the limits."""
        return self._allowance.watched(self._timeline.select(frames, number=number, is_begun=is_begun), self._timeline)
