"""Reading pictures one after the other as the frames of a clip."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from types import TracebackType
from typing import Protocol, Self

from facefusion.errors import InputDamagedError
from facefusion.media.allowance import Allowance
from facefusion.media.colour import ColourTags
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.orientation import Orientation
from facefusion.media.planes.convert import FrameConverter
from facefusion.media.select import Selection, Start, Trimmed
from facefusion.media.selected import describe_selected
from facefusion.media.still.arrays import Pixels, frame_of
from facefusion.media.timeline import Selected, Timeline
from facefusion.options import LimitOptions


class Stills(Protocol):
    """Pictures that can be fetched by number, at rising numbers."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is there but not carried on."""
        ...

    def fetch(self, number: int) -> Pixels:
        """Decode a picture; its number is never below that of the one before."""
        ...

    def close(self) -> None:
        """Let go of the files, as often as one likes."""
        ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """When pictures are shown.

    Attributes:
        time_base: seconds per tick.
        times: presentation time of each picture in ticks, from 0 on, and last the end.
    """

    time_base: Fraction
    times: Sequence[int]

    @property
    def frames(self) -> int:
        """How many pictures there are."""
        return len(self.times) - 1

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Yield the number, the time and the duration of each picture."""
        for number in range(self.frames):
            yield number, self.times[number], self.times[number + 1] - self.times[number]


class StillsReader:
    """Yields pictures as frames, once, in presentation order; see `facefusion.media.open.FrameReader`.

    Args:
        stills: the pictures; closed with the reader.
        info: what is known of all of them.
        schedule: when they are shown.
        limits: what is refused.
        selection: what is given out.
        start: the frame to begin with.

    Attributes:
        info: what is known of the frames that are given out.

    Raises:
        InputLimitError: there are more frames than `limits.max_frames`, or they last longer than
            `limits.max_duration`; on opening or, where frames are left out at the end, while iterating.
        OptionsError: the selection leaves nothing, or reaches out of the picture.
    """

    def __init__(
        self,
        stills: Stills,
        info: VideoInfo,
        schedule: Schedule,
        *,
        limits: LimitOptions,
        selection: Selection,
        start: Start | None,
    ) -> None:
        self._stills = stills
        self._selection = selection
        self._begin = 0 if start is None else start.index
        self._whole = info
        self._schedule = schedule
        self._timeline = Timeline(selection, time_base=schedule.time_base, origin=0, frame_rate=info.frame_rate)
        allowance = Allowance(info.path, limits)
        try:
            selected = allowance.watched(self._timeline.select(schedule), self._timeline)
            first = next(selected, None)
            self.info = _numbered(describe_selected(info, self._timeline, selection), first)
            if not selection.is_trimmed:
                allowance.check_frames(schedule.frames)
            allowance.check_duration(self.info.duration)
        except BaseException:
            stills.close()
            raise
        self._frames = self._read(enumerate(chain([] if first is None else [first], selected)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def range(self) -> Trimmed | None:
        """The part of the pictures that is given out; None where nothing is trimmed."""
        return self._timeline.range

    @property
    def notes(self) -> tuple[str, ...]:
        """What is there but not carried on."""
        return (*self.info.notes, *self._stills.notes)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames that have not been read yet.

        Raises:
            InputError: a picture is damaged or not like the first, or there are too many.
        """
        return self._frames

    def times(self) -> list[int]:
        """Return the presentation time of each frame that is given out, in ticks."""
        timeline = Timeline(
            self._selection, time_base=self._schedule.time_base, origin=0, frame_rate=self._whole.frame_rate
        )
        return [chosen.pts for chosen in timeline.select(self._schedule)]

    def close(self) -> None:
        """Let go of the files; frames that were read stay valid."""
        self._frames.close()
        self._stills.close()

    def _read(self, selected: Iterator[tuple[int, Selected[int]]]) -> Generator[Frame]:
        """Decode what was selected."""
        convert = FrameConverter(ColourTags(), Orientation.UPRIGHT, self._selection.crop).convert
        for index, chosen in selected:
            if index < self._begin:
                continue
            pixels = self._stills.fetch(chosen.picture)
            self._check_size(pixels, chosen.picture)
            original = convert(frame_of(pixels))
            yield Frame(
                index,
                chosen.pts,
                chosen.duration,
                self.info.time_base,
                original.view,
                original=original,
                copies=chosen.copies,
            )

    def _check_size(self, pixels: Pixels, number: int) -> None:
        """Make sure that a picture is of the size of the first.

        Raises:
            InputDamagedError: it is not.
        """
        height, width = pixels.shape[:2]
        size = (self._whole.width, self._whole.height)
        if (width, height) != size:
            raise InputDamagedError(
                f"Picture {number} of {self._whole.path}, counted from 0, is {width}x{height}, "
                f"the first is {size[0]}x{size[1]}",
                "Bring all to one size first",
            )


def _numbered(info: VideoInfo, first: Selected[int] | None) -> VideoInfo:
    """Tell the number of the first picture that is given out; numbers rise by one from the first that there is."""
    if info.first_number is None or first is None:
        return info
    return replace(info, first_number=info.first_number + first.picture)
