"""What a file really is, told from its first bytes and never from its name.

Only forms whose reader opens no second file and no network address are recognised. Playlists, manifests and scripts,
which would make a reader follow what they name, are refused by name.
"""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path

from facefusion.errors import InputDamagedError, InputMissingError, InputTypeError
from facefusion.media import forms
from facefusion.media.forms import Form, Kind
from facefusion.media.still.animated import moving_form

_HEAD = 4096
_TS_SYNC = 0x47
_TS_LAYOUTS = ((188, 0), (192, 4), (204, 0))  # bytes in a packet, bytes before the sync byte

_SIGNATURES: tuple[tuple[int, bytes, Form], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", forms.PNG),
    (0, b"\xff\xd8\xff", forms.JPEG),
    (8, b"WEBP", forms.WEBP),
    (0, b"GIF87a", forms.GIF),
    (0, b"GIF89a", forms.GIF),
    (0, b"II*\0", forms.TIFF),
    (0, b"MM\0*", forms.TIFF),
    (0, b"II+\0", forms.TIFF),
    (0, b"MM\0+", forms.TIFF),
    (0, b"\x1aE\xdf\xa3", forms.MATROSKA),
    (8, b"AVI ", forms.AVI),
    (0, b"\0\0\x01\xba", forms.MPEG_PS),
    (0, b"FLV\x01", forms.FLV),
    (0, b"OggS\0", forms.OGG),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", forms.ASF),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", forms.MXF),
    (0, b"\x1f\x07\x00\x3f", forms.DV),
    (0, b"\x1f\x07\x00\xbf", forms.DV),
)
_QUICKTIME_ATOMS = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))
_STILL_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))

_FOLLOWERS: tuple[tuple[bytes, str], ...] = (
    (b"#extm3u", "an HLS playlist"),
    (b"ffconcat", "a concat script"),
    (b"v=0", "an SDP session description"),
    (b"rtsptext", "a streaming reference"),
    (b"smilhttp", "a streaming reference"),
    (b"[playlist]", "a playlist"),
    (b"[reference]", "a streaming reference"),
)


def open_input(path: Path) -> FileIO:
    """Open a regular file for reading, without ever waiting on a pipe or a device.

    Raises:
        InputMissingError: there is nothing at `path`, or it may not be read.
        InputTypeError: a folder, a pipe, a socket or a device.
        InputDamagedError: the file is empty.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        status = path.stat()
        _refuse_special(path, status.st_mode)
        file = FileIO(os.open(path, flags), "rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        hint = "Name numbered pictures like shot.%04d.png" if "%" in path.name else "Check the path"
        raise InputMissingError(f"There is no file {path}", hint) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputMissingError(f"The file {path} cannot be read: {reason}", "Check its permissions") from error
    if status.st_size == 0:
        file.close()
        raise InputDamagedError(f"The file {path} is empty", "Copy it again from where it came")
    return file


def sniff(file: FileIO, path: Path, kind: Kind | None = None) -> Form:
    """Tell the form of an open file from its first bytes; leaves the file at its start.

    Args:
        file: the file, opened by `open_input`.
        path: its name, for messages only.
        kind: what is wanted, if only one kind is.

    Raises:
        InputTypeError: the form is not one that is read, or is of the other kind.
        InputLimitError: it is a picture in millions of pieces.
    """
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    form = _recognise(head)
    if form is not None:
        form = moving_form(file, path, form)
    wanted = [form.name for form in forms.FORMS if kind in (None, form.kind)]
    if form is None:
        raise InputTypeError(f"The file {path} is {_describe(head)}", f"Give one of {', '.join(wanted)}")
    if kind not in (None, form.kind):
        raise InputTypeError(f"The file {path} is a {form.kind} ({form.name}), not a {kind}", f"Give a {kind}")
    return form


def _refuse_special(path: Path, mode: int) -> None:
    """Accept regular files alone."""
    if stat.S_ISREG(mode):
        return
    what = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
    raise InputTypeError(f"The input {path} is {what}, not a file", "Give the path of a picture or video file")


def _recognise(head: bytes) -> Form | None:
    """Match the first bytes against all signatures."""
    for offset, signature, form in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature and (offset == 0 or head[:4] == b"RIFF"):
            return form
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        brands = {head[start : start + 4] for start in range(8, min(int.from_bytes(head[:4]), _HEAD), 4)}
        if brand in _AVIF_BRANDS or (brand in _STILL_BRANDS and brands & _AVIF_BRANDS):
            return forms.AVIF
        return None if brand in _STILL_BRANDS else forms.MOV if brand == b"qt  " else forms.MP4
    if head[4:8] in _QUICKTIME_ATOMS:
        return forms.MOV
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return forms.BMP
    return forms.MPEG_TS if _is_transport_stream(head) else None


def _is_transport_stream(head: bytes) -> bool:
    """Whether sync bytes stand where packets of a transport stream begin."""
    for size, lead in _TS_LAYOUTS:
        syncs = head[lead::size][:8]
        if len(syncs) > 1 and all(byte == _TS_SYNC for byte in syncs):
            return True
    return False


def _describe(head: bytes) -> str:
    """Say what kind of other thing the first bytes look like."""
    if head[4:8] == b"ftyp":
        return "a HEIF picture, which is not read (save it as JPEG, PNG or AVIF)"
    if head.startswith(b"facefusion face "):
        return "a face file, which serves as a source alone"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for start, name in _FOLLOWERS:
        if text.startswith(start):
            return f"{name}, which names other files and is never followed"
    if text.startswith(b"<"):
        return "an XML or HTML document (a manifest names other files and is never followed)"
    if b"\0" not in head and sum(byte < 9 for byte in head) == 0:
        return "text, not a picture or video"
    return "of a kind that is not read"
