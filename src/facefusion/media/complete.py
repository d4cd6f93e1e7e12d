"""Whether a video file holds all the bytes that its own headers declare.

A copy that broke off would otherwise be found out only after hours of work, or not at all.
"""

from __future__ import annotations

import struct
from io import FileIO
from pathlib import Path

from facefusion.errors import InputDamagedError
from facefusion.media import forms
from facefusion.media.forms import Form

_SEGMENT = b"\x18\x53\x80\x67"
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_TRAILING = frozenset((b"free", b"skip", b"wide", b"udta", b"uuid"))


def check_complete(file: FileIO, path: Path, form: Form) -> bool:
    """Compare the sizes that MP4, QuickTime, Matroska, AVI and MXF headers declare with the bytes there are.

    Files of other forms, and Matroska, AVI and MXF of undeclared length (as live recorders write them), pass: they end
    where they end. Leaves the file at its start.

    Returns:
        whether the headers declare a size, which the file then has.

    Raises:
        InputDamagedError: bytes are missing, or an MP4 or QuickTime file has no index.
    """
    size = file.seek(0, 2)
    if form in (forms.MP4, forms.MOV):
        declared = _end_of_atoms(file, path, size)
    elif form is forms.MATROSKA:
        declared = _end_of_segment(file)
    elif form is forms.AVI:
        declared = _end_of_riff(file, size)
    elif form is forms.MXF:
        declared = _end_of_partitions(file)
    else:
        declared = 0
    file.seek(0)
    if declared > size:
        raise InputDamagedError(
            f"The {form.name} video {path} breaks off: {size} of {declared} bytes are there", "Copy it again"
        )
    return declared > 0


def missing_bytes(file: FileIO, form: Form) -> int:
    """Return how many bytes an ASF file has less than its header states; 0 for files of other forms.

    Unlike those of other forms, ASF files are played as far as they go, and editors of tags leave the size as it was.
    Leaves the file at its start.
    """
    if form is not forms.ASF:
        return 0
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    # File Properties Object (Microsoft's ASF specification, 3.2): GUID, size (8 bytes), file id (16), file size (8).
    at = head.find(_ASF_FILE_PROPERTIES) + 40
    return max(0, int.from_bytes(head[at : at + 8], "little") - size) if at >= 40 else 0


def _end_of_atoms(file: FileIO, path: Path, size: int) -> int:
    """Walk the top-level atoms; return where the last one that matters ends."""
    position, has_index = 0, False
    while position + 8 <= size:
        file.seek(position)
        head = file.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        elif length == 0:
            length = size - position
        if length < 8 or (position + length > size and kind in _TRAILING):
            break
        has_index |= kind == b"moov"
        position += length
    if not has_index and position <= size:
        raise InputDamagedError(
            f"The video {path} has no index (moov): its recording broke off", "Repair or copy it again"
        )
    return position


def _end_of_segment(file: FileIO) -> int:
    """Return where the first Matroska segment says that it ends; 0 where it does not say."""
    file.seek(0)
    head = file.read(4096)
    start = head.find(_SEGMENT)
    if start < 0 or len(head) < start + 12:
        return 0
    first = head[start + 4]
    width = 9 - first.bit_length()
    if not 1 <= width <= 8:
        return 0
    value = int.from_bytes(head[start + 4 : start + 4 + width]) & ((1 << 7 * width) - 1)
    unknown = (1 << 7 * width) - 1
    return 0 if value == unknown else start + 4 + width + value


def _end_of_riff(file: FileIO, size: int) -> int:
    """Walk the RIFF chunks (a long AVI has several); return where the last ends, 0 where one does not say."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        kind, length = struct.unpack("<4sI", file.read(8))
        if kind != b"RIFF":
            break
        if length in (0, 0xFFFFFFFF):
            return 0
        position += 8 + length + length % 2
    # The last chunk's padding may be left out.
    return position if position != size + 1 else size


def _end_of_partitions(file: FileIO) -> int:
    """Return where the footer partition of an MXF file begins, plus one; 0 where the header does not say.

    The header partition pack (SMPTE ST 377-1, 7.1) has a 16-byte key and a length, then versions (4 bytes), the size
    of the KLV alignment grid (4), and the offsets of this, of the previous and of the footer partition (8 each).
    """
    file.seek(16)
    head = file.read(64)
    lead = 1 + (head[0] & 0x7F if head and head[0] & 0x80 else 0)
    footer = head[lead + 24 : lead + 32]
    offset = int.from_bytes(footer) if len(footer) == 8 else 0
    return offset + 1 if offset else 0
