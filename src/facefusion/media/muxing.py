"""Containers that are written: opened on a guarded file, with timestamps that come out as they went in."""

from __future__ import annotations

import errno
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO, NoReturn

import av
from av.container import OutputContainer

from facefusion.errors import OutputUnwritableError
from facefusion.media.faults import writing
from facefusion.media.forms import Form
from facefusion.media.guard import GuardedFile
from facefusion.media.source import explain

BUFFER = 256 * 1024
_ISO = frozenset(("mp4", "mov"))
_EBML = frozenset(("matroska", "webm"))
_MOST_TICKS = 100_000_000  # MP4 counts the time between two frames in 32 bits
_USUAL_TICKS = 1_000_000
_FINEST_MOVIE_CLOCK = 100_000_000
_LONGEST_WAIT = 1_000_000


def is_iso(form: Form) -> bool:
    """Whether a form is written as MP4 or QuickTime."""
    return form.writer in _ISO


def is_ebml(form: Form) -> bool:
    """Whether a form is written as Matroska or WebM."""
    return form.writer in _EBML


def holds_tracks(form: Form) -> bool:
    """Whether a form can hold more than a moving picture."""
    return is_iso(form) or is_ebml(form)


def open_output(
    file: GuardedFile, form: Form, settings: dict[str, str], again: Callable[[], IO[bytes]] | None = None
) -> OutputContainer:
    """Open libav's muxer of a form on an open file.

    Args:
        file: where the bytes go.
        form: of the output.
        settings: of the muxer, from `container_options`.
        again: opens the same file for reading; MP4 does, to move its index to the front. Nothing else is ever opened.
    """
    return av.open(
        file,
        "w",
        format=form.writer,
        container_options=settings,
        buffer_size=BUFFER,
        io_open=lambda url, flags, options: again() if again is not None else _refuse(url),
    )


def _refuse(url: str) -> NoReturn:
    raise OSError(errno.EACCES, "nothing else is opened", url)


def container_options(
    form: Form, time_base: Fraction, clock_rates: Sequence[int] = (), *, any_tag: bool = False
) -> dict[str, str]:
    """Return the muxer's settings that let timestamps come out exactly as they went in, and the same file every time.

    MP4 and QuickTime count video in ticks that hold `time_base` (microseconds where it is finer than they can count),
    and the edit lists, which say when each stream starts, in ticks that hold those of all streams. Their index is moved
    to the front, so that the file plays while it is still being fetched. Elsewhere the muxer is kept from moving all
    times so that the priming of the sound, which comes before zero, starts at zero.

    Packets are given in the order in which they are decoded, so the muxer need not wait long for the next of a sparse
    stream, such as subtitles; whatever waits is in memory.

    Args:
        form: of the output.
        time_base: of the frames, in seconds.
        clock_rates: ticks per second of the other streams.
        any_tag: MP4 and QuickTime: keep tags under any name (`mdta`), not only under the usual ones, which more
            players show.
    """
    settings = {"fflags": "+bitexact", "max_interleave_delta": str(_LONGEST_WAIT)}
    if is_ebml(form):
        return {**settings, "avoid_negative_ts": "disabled"}
    if not is_iso(form):
        return settings
    ticks = time_base.denominator if time_base.denominator <= _MOST_TICKS else _USUAL_TICKS
    common = math.lcm(ticks, *clock_rates)
    movie = common if common <= _FINEST_MOVIE_CLOCK else max(ticks, 1000)
    flags = "+faststart+use_metadata_tags" if any_tag else "+faststart"
    return {**settings, "movflags": flags, "video_track_timescale": str(ticks), "movie_timescale": str(movie)}


@contextmanager
def muxing(path: Path, file: GuardedFile) -> Iterator[GuardedFile]:
    """Turn what libav and the system raise while writing into errors of the tree; the file's own error comes first.

    Raises:
        DiskFullError: no space is left.
        OutputUnwritableError: anything else that the system or libav refuses.
    """
    with writing(path):
        try:
            yield file
            file.check()
        except av.FFmpegError as error:  # libav never learns of the system's errors; what looks like one is its own
            file.check()
            raise OutputUnwritableError(
                f"The video cannot be written into {path.parent}: {explain(error)}", "Choose another form or folder"
            ) from error
        except OSError:
            file.check()
            raise
