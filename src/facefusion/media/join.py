"""Joining segments: the finished file, with the frames' own times and everything that is copied from the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from io import BufferedRandom, BufferedReader, BufferedWriter
from itertools import chain
from pathlib import Path
from typing import IO, Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from facefusion.errors import CancelledError, InputDamagedError, OutputTypeError
from facefusion.media.encoding.choose import Encoding
from facefusion.media.encoding.final import FinalPackets, final_packets
from facefusion.media.encoding.segment import Segment, packed_times
from facefusion.media.faults import writing
from facefusion.media.files import NAMED, Files
from facefusion.media.guard import GuardedFile
from facefusion.media.mastering import graded
from facefusion.media.muxing import BUFFER, container_options, holds_tracks, is_ebml, is_iso, muxing, open_output
from facefusion.media.select import Trimmed
from facefusion.media.shape import ROOM, tell_shape
from facefusion.media.source import explain
from facefusion.media.stamps import Stamps, usual_ticks
from facefusion.media.tracks.source import SourceTracks, has_tracks
from facefusion.media.tracks.speech import SpeechTrack
from facefusion.options import OutputOptions

_FINEST_RATE = 100_000


def join(
    output: Path,
    *,
    encoding: Encoding,
    segments: Sequence[Segment],
    source: Path | None,
    options: OutputOptions,
    range: Trimmed | None = None,  # noqa: A002 - what the readers call it
    speech: Path | None = None,
    cancel: Callable[[], bool] = bool,
    progress: Callable[[int], None] | None = None,
    files: Files = NAMED,
) -> None:
    """Write the finished file of a video.

    Packets of the segments are put one after the other with the times that their frames had when they were read, and
    beside them, once and in the order in which they are needed, the packets of everything else that the source holds.
    MP4 and QuickTime hold all times exactly, Matroska and WebM to the millisecond. Memory holds a second of packets.
    What begins before time 0, which is hidden in MP4, is moved as a whole to begin there.

    Args:
        output: file to write; an unfinished one is left there on failure (see `atomic_output`).
        encoding: that the segments were made with.
        segments: all of them, in order.
        source: where sound, subtitles, chapters and tags come from; only pictures are written where None.
        options: which of these are wanted.
        range: the part of the source that they are cut to; its start is time 0 of the frames.
        speech: file whose sound takes the place of the source's, from the first frame on; where the sound is wanted.
        cancel: asked between packets whether to stop.
        progress: told now and then how many frames are written.
        files: opens the output, the segments and the source.

    Raises:
        CancelledError: `cancel` said so.
        OutputTypeError: the form does not hold this picture or this sound.
        OutputUnwritableError: the file cannot be made.
        DiskFullError: no space is left.
        InputError: the source or the speech cannot be read, or its sound is damaged.
        ValueError: there are no segments, or their packets are not those of their frames.
    """
    with ExitStack() as stack:
        pictures = stack.enter_context(final_packets(encoding, segments, cancel=cancel, files=files))
        times = packed_times(chain.from_iterable(segment.times for segment in segments))
        early = min(0, times[0]) if times else 0
        beside = _Beside(encoding, segments, early, files)
        voice = stack.enter_context(beside.speech(speech, options))
        kept = options if speech is None else options.model_copy(update={"keep_audio": False})
        tracks = stack.enter_context(beside.tracks(source, kept, range))
        with writing(output):
            file = GuardedFile(BufferedWriter(files.open(output, "wb"), BUFFER))
        stack.callback(_let_go, file)
        with muxing(output, file):
            again = partial(_opened_again, files, output)
            joint = stack.enter_context(_joint(file, again, encoding, pictures, tracks, voice=voice))
            stamps = _stamps(pictures, encoding, times, segments)
            _put_all(joint, _stamped(pictures, stamps, encoding.time_base, early), cancel, progress)
            file.close()
            if _wants_shape(encoding):
                with BufferedRandom(files.open(output, "r+b")) as finished:
                    tell_shape(finished, (encoding.pixels.width, encoding.pixels.height), encoding.sample_aspect)


def _put_all(
    joint: _Joint,
    packets: Iterator[Packet[Any]],
    cancel: Callable[[], bool],
    progress: Callable[[int], None] | None,
) -> None:
    """Write all packets of the picture, and whatever goes with them.

    Raises:
        CancelledError: `cancel` said so.
    """
    for count, packet in enumerate(packets, 1):
        if cancel():
            raise CancelledError("The job was stopped")
        joint.put(packet)
        if progress is not None:
            progress(count)
    joint.finish()


@dataclass(frozen=True, slots=True)
class _Beside:
    """What goes beside the pictures of a video.

    Attributes:
        encoding: that the segments were made with.
        segments: all of them, in order.
        early: ticks before time 0 at which the first frame begins; 0 or less.
        files: opens the source and the speech.
    """

    encoding: Encoding
    segments: Sequence[Segment]
    early: int
    files: Files

    def speech(self, path: Path | None, options: OutputOptions) -> AbstractContextManager[SpeechTrack | None]:
        """Open speech that begins and ends with the frames, where it is wanted; nothing else."""
        if path is None or not options.keep_audio or not holds_tracks(self.encoding.form):
            return nullcontext()
        tick = self.encoding.time_base
        first, end = (self.segments[0].times[0], self.segments[-1].end) if self.segments else (0, 0)
        begin, length = (first - self.early) * tick, (end - first) * tick
        return closing(SpeechTrack(path, self.files.source(path), self.encoding.form, begin=begin, length=length))

    def tracks(
        self, path: Path | None, options: OutputOptions, cut: Trimmed | None
    ) -> AbstractContextManager[SourceTracks | None]:
        """Open everything else that the source holds, where there is any; nothing else."""
        if path is None or not holds_tracks(self.encoding.form) or not has_tracks(path, self.files.source(path)):
            return nullcontext()
        if self.early and cut is None:
            cut = Trimmed(self.early * self.encoding.time_base)
        return closing(SourceTracks(path, self.files.source(path), self.encoding.form, options, cut))


class _Joint:
    """An output that is being written: pictures on one side, all other tracks on the other."""

    def __init__(
        self,
        file: GuardedFile,
        output: OutputContainer,
        stream: VideoStream,
        tracks: SourceTracks | None,
        voice: SpeechTrack | None,
    ) -> None:
        self._file = file
        self._output = output
        self._stream = stream
        self._tracks = tracks
        self._voice = voice

    def put(self, packet: Packet[Any]) -> None:
        """Write a packet of the picture after whatever is due before it."""
        self._copy((packet.dts or 0) * packet.time_base)
        packet.stream = self._stream
        with self._blamed_on_sound():  # libav holds sound back until pictures are due, and looks at it only then
            self._output.mux_one(packet)

    def finish(self) -> None:
        """Write what is left of the tracks, and the index."""
        self._copy(None)
        with self._blamed_on_sound():
            self._output.close()

    def _copy(self, until: Fraction | None) -> None:
        """Write the packets of the tracks that are due before a moment, or all of them."""
        for tracks in (self._tracks, self._voice):
            for packet in tracks.until(until) if tracks else ():
                with self._blamed_on_sound():
                    self._output.mux_one(packet)

    @contextmanager
    def _blamed_on_sound(self) -> Iterator[None]:
        """Tell of packets that libav refuses, where there are any but our own, which it takes.

        Raises:
            InputDamagedError: it refuses one.
        """
        try:
            yield
        except av.FFmpegError as error:
            self._file.check()
            if self._tracks is None or not self._tracks.chosen.carriers:
                raise
            raise InputDamagedError(
                f"The sound of the target is damaged: {explain(error)}",
                "Copy the file again, or leave the sound out with --no-keep-audio",
            ) from error


@contextmanager
def _joint(
    file: GuardedFile,
    again: Callable[[], IO[bytes]],
    encoding: Encoding,
    pictures: FinalPackets,
    tracks: SourceTracks | None,
    *,
    voice: SpeechTrack | None,
) -> Iterator[_Joint]:
    """Open the output with all its streams and write its header."""
    any_tag = tracks is not None and tracks.chosen.tags.any_name
    rates = (*(tracks.clock_rates if tracks else ()), *((voice.rate,) if voice else ()))
    settings = container_options(encoding.form, encoding.time_base, rates, any_tag=any_tag)
    output = open_output(file, encoding.form, settings, again)
    try:
        rate = encoding.frame_rate.limit_denominator(_FINEST_RATE)
        stream = _add_picture(output, pictures.template, encoding)
        stream.codec_context.framerate = rate
        stream.time_base = encoding.time_base
        stream.codec_context.sample_aspect_ratio = encoding.sample_aspect.limit_denominator(_FINEST_RATE)
        if tracks:
            tracks.describe_picture(stream, frame_rate=rate)
            tracks.add_to(output)
        if voice:
            voice.add_to(output)
        if _wants_shape(encoding):
            stream.metadata["title"] = stream.metadata.get("title", "") + ROOM
        _start(output, encoding)
        yield _Joint(file, output, stream, tracks, voice)
    except BaseException:
        _let_go(file)  # before the output: libav then cannot write an index into it
        raise
    finally:
        with suppress(av.FFmpegError, OSError, ValueError):
            output.close()


def _add_picture(output: OutputContainer, template: VideoStream, encoding: Encoding) -> VideoStream:
    """Add a stream like those of the segments, which says how the video was graded where that is known."""
    with ExitStack() as stack:
        told = template if encoding.hdr is None else stack.enter_context(graded(template, encoding.hdr))
        stream = output.add_stream_from_template(told, opaque=True)
    context = stream.codec_context
    context.pix_fmt = encoding.pixels.pixel_format
    if is_iso(encoding.form) and context.name == "hevc":
        context.codec_tag = "hvc1"  # libav's own choice, hev1, is not played by Apple's players
    return stream


def _wants_shape(encoding: Encoding) -> bool:
    """Whether pixels are not square, and the container has to be told so in its own way."""
    return is_ebml(encoding.form) and encoding.sample_aspect != 1


def _start(output: OutputContainer, encoding: Encoding) -> None:
    """Write the header, which is where libav refuses what it cannot do."""
    try:
        output.start_encoding()
    except (av.FFmpegError, ValueError) as error:
        raise OutputTypeError(
            f"{encoding.form.name} files cannot hold this video ({explain(error)})", "Choose another form"
        ) from error


def _stamps(packets: FinalPackets, encoding: Encoding, times: Sequence[int], segments: Sequence[Segment]) -> Stamps:
    """Return the times of all packets.

    Raises:
        ValueError: there are no segments, or their times do not rise.
    """
    end = segments[-1].end if segments else 0
    usual = usual_ticks(encoding.frame_rate, encoding.time_base)
    return Stamps(times, end, delay=packets.delay, usual=usual, is_summed=is_iso(encoding.form))


def _stamped(packets: FinalPackets, stamps: Stamps, time_base: Fraction, early: int) -> Iterator[Packet[Any]]:
    """Give the packets their times; where frames begin before time 0, they are moved to begin with it.

    Raises:
        ValueError: there are fewer or other packets than frames.
    """
    for packet in packets:
        stamp = stamps.next(packet.pts)
        packet.pts, packet.dts, packet.duration = stamp.pts - early, stamp.dts - early, stamp.duration
        packet.time_base = time_base
        yield packet
    stamps.check_end()


def _opened_again(files: Files, output: Path) -> IO[bytes]:
    return BufferedReader(files.open(output, "rb"), BUFFER)


def _let_go(file: GuardedFile) -> None:
    with suppress(OSError):
        file.close()
