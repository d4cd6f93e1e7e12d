"""Telling a container of the screen that a video was graded on.

libav's muxers write what a stream says of that, but there is no way to make a stream say it. A stream that was read
from a file whose header says it does: so the header of a Matroska file is made in memory, told, and read.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction

import av
from av.video.stream import VideoStream

from facefusion.media.ebml import children, element
from facefusion.media.hdr import ContentLight, HdrMetadata, Mastering

_SEGMENT, _TRACKS, _TRACK, _VIDEO, _COLOUR = 0x18538067, 0x1654AE6B, 0xAE, 0xE0, 0x55B0
_MASTERING, _FIRST_VALUE, _BRIGHTEST, _DARKEST = 0x55D0, 0x55D1, 0x55D9, 0x55DA
_MOST, _AVERAGE = 0x55BC, 0x55BD

_EMPTY_CLUSTER = bytes.fromhex("1f43b675 83 e7 81 00")  # without one, a header is not taken for whole


@contextmanager
def graded(template: VideoStream, hdr: HdrMetadata) -> Iterator[VideoStream]:
    """Give a stream like `template` that also says how the video was graded.

    It says nothing of the pixel format; that is in `template`.

    Args:
        template: of a codec that Matroska holds.
        hdr: what it is to say.
    """
    header = io.BytesIO()
    with av.open(header, "w", format="matroska", container_options={"fflags": "+bitexact"}) as output:
        output.add_stream_from_template(template, opaque=True)
        output.start_encoding()
    told = _told(header.getvalue(), b"".join(_elements(hdr)))
    with av.open(io.BytesIO(told), "r", format="matroska") as container:
        yield container.streams.video[0]


def _told(data: bytes, extra: bytes) -> bytes:
    """Add elements to the colours of the first track of a Matroska file; return its header alone."""
    kept = []
    for number, content, _ in children(data):
        if number == _SEGMENT:
            tracks = [element(n, c) for n, c, _ in children(content) if n == _TRACKS]
            told = _added(b"".join(tracks), (_TRACKS, _TRACK, _VIDEO, _COLOUR), extra)
            kept.append(element(_SEGMENT, told + _EMPTY_CLUSTER))
        else:
            kept.append(element(number, content))
    return b"".join(kept)


def _added(data: bytes, path: Sequence[int], extra: bytes) -> bytes:
    """Add to the element that lies at the end of a path of identifiers; it is made where it is missing."""
    if not path:
        return data + extra
    made, found = [], False
    for number, content, _ in children(data):
        is_on_path = number == path[0] and not found
        found |= is_on_path
        made.append(element(number, _added(content, path[1:], extra) if is_on_path else content))
    if not found:
        made.append(element(path[0], _added(b"", path[1:], extra)))
    return b"".join(made)


def _elements(hdr: HdrMetadata) -> Iterator[bytes]:
    """Yield the elements that say it, in the units of Matroska: those of the standards, as numbers."""
    if hdr.mastering is not None:
        yield element(_MASTERING, b"".join(_screen(hdr.mastering)))
    if hdr.light is not None:
        yield from _light(hdr.light)


def _screen(mastering: Mastering) -> Iterator[bytes]:
    points = (mastering.red, mastering.green, mastering.blue, mastering.white)
    for place, value in enumerate(number for point in points for number in point):
        yield element(_FIRST_VALUE + place, _number(value))
    yield element(_BRIGHTEST, _number(mastering.brightest))
    yield element(_DARKEST, _number(mastering.darkest))


def _light(light: ContentLight) -> Iterator[bytes]:
    yield element(_MOST, light.most.to_bytes(4))
    yield element(_AVERAGE, light.average.to_bytes(4))


def _number(value: Fraction) -> bytes:
    return struct.pack(">d", float(value))
