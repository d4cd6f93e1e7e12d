"""Moving pictures: animated GIF, PNG and WebP, made from all frames of a job at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.stream import VideoStream

from facefusion.media import forms
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.film import Film, webp
from facefusion.media.encoding.final import kept_frames
from facefusion.media.encoding.palette import PACKED, common_palette, in_colours
from facefusion.media.encoding.schedule import Showing, schedule
from facefusion.media.encoding.segment import Segment
from facefusion.media.faults import writing
from facefusion.media.forms import Form
from facefusion.media.guard import GuardedFile
from facefusion.media.muxing import muxing

_FINEST_RATE = 100_000
_MOST_OF_DELAY = 65_535
# Browsers take shorter times for a mistake, and show the picture for 1/10 s.
_LEAST, _LEAST_GIF = Fraction(11, 1000), Fraction(2, 100)
_CLOCKS = {forms.ANIMATED_GIF: Fraction(1, 100), forms.ANIMATED_WEBP: Fraction(1, 1000)}


def least_delay(form: Form) -> Fraction:
    """Return the least time between two pictures of an animation that is shown as it is, in seconds."""
    return _LEAST_GIF if form is forms.ANIMATED_GIF else _LEAST


def write_animation(
    path: Path, encoding: Encoding, segments: Sequence[Segment], *, cancel: Callable[[], bool] = bool
) -> None:
    """Write an animated picture that plays without end.

    GIF has one palette for the whole animation, of the colours that are used most; its times are rounded to 1/100 s,
    those of WebP to 1/1000 s. Frames that follow each other faster than browsers show them are left out: more than 50
    a second in GIF, more than 90 elsewhere. A few frames are held at a time; WebP holds all of them, encoded.

    Args:
        path: file to write; an unfinished one is left there on failure (see `atomic_output`).
        encoding: that the segments were made with.
        segments: all of them, in order; they are lossless.
        cancel: asked before each frame whether to stop.

    Raises:
        CancelledError: `cancel` said so.
        OutputUnwritableError: the file cannot be made.
        DiskFullError: no space is left.
        ValueError: there are no segments.
    """
    if not segments:
        raise ValueError("there are no segments")
    clock = _CLOCKS.get(encoding.form, encoding.time_base)
    showings = schedule(segments, encoding.time_base, clock, least_delay(encoding.form))
    frames = _Frames(encoding, segments, showings, clock, cancel)
    with writing(path):
        file = GuardedFile(path.open("wb"))
    try:
        with muxing(path, file):
            if encoding.form is forms.ANIMATED_WEBP:
                webp(file, Film(frames), quality=int(encoding.codec_options["quality"]))
            else:
                _encode(file, encoding, frames)
            file.close()
    finally:
        with suppress(OSError):
            file.close()


@dataclass(frozen=True, slots=True)
class _Frames:
    """The frames of an animation, as often as they are wanted.

    Attributes:
        encoding: of the segments.
        segments: where they are.
        showings: which of them are shown, and when.
        clock: seconds per tick of that.
        cancel: asked before each whether to stop.
    """

    encoding: Encoding
    segments: Sequence[Segment]
    showings: Sequence[Showing]
    clock: Fraction
    cancel: Callable[[], bool]

    def __iter__(self) -> Iterator[av.VideoFrame]:
        """Yield them in order.

        Raises:
            CancelledError: someone asked to stop.
        """
        showings = iter(self.showings)
        showing = next(showings, None)
        for place, frame in enumerate(kept_frames(self.encoding, self.segments, self.cancel)):
            if showing is not None and showing.place == place:
                frame.pts, frame.duration, frame.time_base = showing.start, showing.length, self.clock
                yield frame
                showing = next(showings, None)


def _encode(file: GuardedFile, encoding: Encoding, frames: _Frames) -> None:
    """Encode and mux a GIF or an animated PNG."""
    pixels, is_gif = encoding.pixels, encoding.form is forms.ANIMATED_GIF
    form = "pal8" if is_gif else "rgba" if pixels.pixel_format == PACKED else "rgb24"
    codec, options = ("gif", {}) if is_gif else ("apng", {"pred": "mixed"})
    last = frames.showings[-1].length
    final = str(last) if is_gif else _delay(last * frames.clock)
    settings = {"fflags": "+bitexact", "loop" if is_gif else "plays": "0", "final_delay": final}
    with closing(av.open(file, "w", format=encoding.form.writer, container_options=settings)) as output:
        rate = encoding.frame_rate.limit_denominator(_FINEST_RATE)
        stream = cast(VideoStream, output.add_stream(codec, rate=rate, options=options))
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = pixels.width, pixels.height, form
        context.time_base = frames.clock
        for frame in in_colours(frames, common_palette(frames)) if is_gif else _converted(frames, form):
            output.mux(list(stream.encode_lazy(frame)))
        output.mux(list(stream.encode_lazy(None)))


def _delay(seconds: Fraction) -> str:
    """Return a time as the nearest fraction of two numbers of 16 bits, of which animated PNG makes its times."""
    seconds = min(seconds, Fraction(_MOST_OF_DELAY))
    return str(seconds.limit_denominator(int(_MOST_OF_DELAY / max(seconds, Fraction(1)))))


def _converted(frames: _Frames, form: str) -> Iterator[av.VideoFrame]:
    """Yield frames in another pixel format, with their times."""
    for frame in frames:
        result = frame.reformat(format=form)
        result.pts, result.duration, result.time_base = frame.pts, frame.duration, frames.clock
        yield result
