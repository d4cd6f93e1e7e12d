"""Segments: encoded frames on the disk, packets only, to be joined later."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol, Self

import av
from av.codec.context import Flags
from av.packet import Packet
from av.video.stream import VideoStream

from facefusion.media import forms
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.stream import add_stream
from facefusion.media.faults import writing
from facefusion.media.frame import Frame
from facefusion.media.guard import GuardedFile
from facefusion.media.marking import Mark, put_mark
from facefusion.media.muxing import muxing
from facefusion.media.planes.chain import Chain
from facefusion.media.planes.fit import FrameFitter

_BUFFER = 256 * 1024
_COUNT = Fraction(1, 1000)
"""Clock of the segment files: a tick for each frame. Their container counts in milliseconds and nothing else."""
_FIELDS = {"top": "setfield=tff", "bottom": "setfield=bff"}
AHEAD = 1000
"""Tick of the first frame, more than any encoder's delay: decoding may so be counted from 0."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A finished segment.

    Attributes:
        path: its file.
        frames: how many it holds.
        times: pts of each in presentation order, in ticks of the encoding; from `packed_times`, as they are kept for as
            long as the job takes.
        end: pts at which the last of them ends.
        bytes: length of the file.
        sha256: of the file.
        delay: the most places by which a packet comes later than its frame's turn to be shown.
    """

    path: Path
    frames: int
    times: Sequence[int]
    end: int
    bytes: int
    sha256: str
    delay: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; the file by its name."""
        return {
            "name": self.path.name,
            "times": list(self.times),
            "end": self.end,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "delay": self.delay,
        }

    @classmethod
    def of_json(cls, folder: Path, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned.

        Raises:
            KeyError, TypeError, ValueError: this is something else.
        """
        name, times = str(values["name"]), packed_times(int(time) for time in values["times"])
        if Path(name).name != name:
            raise ValueError(f"{name!r} is no file name")
        return cls(
            path=folder / name,
            frames=len(times),
            times=times,
            end=int(values["end"]),
            bytes=int(values["bytes"]),
            sha256=str(values["sha256"]),
            delay=int(values["delay"]),
        )


def packed_times(times: Iterable[int]) -> Sequence[int]:
    """Return times in 8 bytes each, a fifth of what a tuple of them takes."""
    return array("q", times)


class SegmentSink(Protocol):
    """Writes the frames of one segment."""

    def write(self, frame: Frame) -> None:
        """Write the next frame, as often as it is shown.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        ...

    def close(self) -> Segment:
        """Finish the segment; only now its file is there, and on the disk.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        ...

    def abort(self) -> None:
        """Let go of an unfinished segment; nothing is left of it."""
        ...


class PacketFile:
    """Encodes the frames of one segment into a file.

    The encoder is opened anew for each segment, with the same parameters: each begins with a key frame and refers to
    no frame of another. The file counts frames instead of time; their times are kept beside it.

    Args:
        path: the file; it appears when the segment is finished.
        encoding: how.
        flags: further flags of the encoder.

    Raises:
        OutputTypeError: the encoder refuses.
        OutputError: the file cannot be made.
    """

    def __init__(self, path: Path, encoding: Encoding, flags: Flags | None = None) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._tagger = _Tagger(encoding)
        self._times: list[int] = []
        self._end = 0
        self._places: dict[int, int] = {}
        self._packets = 0
        self._delay = 0
        with writing(path):
            self._file = GuardedFile(self._part.open("wb", buffering=_BUFFER))
        try:
            self._output = av.open(
                self._file,
                "w",
                format=forms.MATROSKA.writer,
                container_options={"fflags": "+bitexact", "avoid_negative_ts": "disabled"},
            )
            self._stream: VideoStream = add_stream(self._output, encoding, flags=flags)
        except BaseException:
            self._discard()
            raise

    def encode(self, picture: av.VideoFrame) -> None:
        """Encode a frame that has its time and duration.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        start = picture.pts or 0
        self._places[start] = len(self._times)
        self._times.append(start)
        self._end = start + picture.duration
        with muxing(self._path, self._file):
            self._put(self._stream.encode_lazy(self._tagger.tagged(picture)))

    def close(self) -> Segment:
        """Finish the segment.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        try:
            with muxing(self._path, self._file):
                self._put(self._stream.encode_lazy(None))
                self._output.close()
                self._file.close()
            with writing(self._path), self._part.open("r+b") as file:
                os.fsync(file.fileno())
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.seek(0, os.SEEK_END)
                self._part.replace(self._path)
        except BaseException:
            self.abort()
            raise
        return Segment(self._path, len(self._times), packed_times(self._times), self._end, size, digest, self._delay)

    def abort(self) -> None:
        """Let go of everything."""
        self._discard()
        with suppress(av.FFmpegError, OSError, ValueError):
            self._output.close()

    def _put(self, packets: Iterator[Packet[Any]]) -> None:
        """Write packets, with the place of their frame for a time."""
        for packet in packets:
            place = self._places.pop(packet.pts or 0)
            self._delay = max(self._delay, self._packets - place)
            packet.pts, packet.dts, packet.duration = place + AHEAD, self._packets, 1
            packet.time_base = _COUNT
            packet.stream = self._stream
            self._output.mux_one(packet)
            self._packets += 1

    def _discard(self) -> None:
        """Close the file, before the output: libav then writes nothing more into it; and remove it."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


class _Tagger:
    """Says on each frame what some encoders want to hear there, whatever they were opened with."""

    def __init__(self, encoding: Encoding) -> None:
        self._colour = encoding.pixels.colour
        self._fields = _FIELDS.get(encoding.field_order)
        self._chain: Chain | None = None

    def tagged(self, picture: av.VideoFrame) -> av.VideoFrame:
        """Return a frame that says what its colours mean (ProRes) and which field comes first (all)."""
        if self._fields is not None:
            picture = self._with_fields(picture, self._fields)
        picture.colorspace, picture.color_range = self._colour.matrix, self._colour.range_code
        picture.color_primaries, picture.color_trc = self._colour.primaries, self._colour.transfer
        return picture

    def _with_fields(self, picture: av.VideoFrame, fields: str) -> av.VideoFrame:
        if self._chain is None:
            self._chain = Chain(picture, fields)
        result = self._chain(picture)
        result.pts, result.duration, result.time_base = picture.pts, picture.duration, picture.time_base
        result.pict_type = 0
        return result


class SegmentWriter:
    """Fits frames to an encoder and encodes them; see `PacketFile`.

    Args:
        path: the file; it appears when the segment is finished.
        encoding: how.
        mark: put into every frame; none when None.
    """

    def __init__(self, path: Path, encoding: Encoding, mark: Mark | None = None) -> None:
        self._fitter = FrameFitter(encoding.pixels)
        self._mark = mark
        self._file = PacketFile(path, encoding.kept())

    def write(self, frame: Frame) -> None:
        """Encode a frame, as often as it is shown.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        picture = self._fitter.fit(frame)
        if self._mark is not None:
            picture = put_mark(self._mark, picture)
        for copy in range(frame.copies):
            start, end = (frame.pts + place * frame.duration // frame.copies for place in (copy, copy + 1))
            picture.pts, picture.duration, picture.time_base = start, end - start, frame.time_base
            self._file.encode(picture)

    def close(self) -> Segment:
        """Finish the segment.

        Raises:
            OutputError: the disk is full, or refuses.
        """
        return self._file.close()

    def abort(self) -> None:
        """Let go of everything."""
        self._file.abort()


def open_segment(path: Path, encoding: Encoding, mark: Mark | None = None) -> SegmentSink:
    """Return what writes a segment of an encoding.

    Args:
        path: the file; it appears when the segment is finished.
        encoding: how.
        mark: put into every frame; none when None.

    Raises:
        OutputError: the file cannot be made, or the encoder refuses.
    """
    if encoding.form.kind == "picture":
        from facefusion.media.sequence_writer import SequenceSegmentWriter  # noqa: PLC0415 - it needs this module

        return SequenceSegmentWriter(path, encoding, mark)
    return SegmentWriter(path, encoding, mark)
