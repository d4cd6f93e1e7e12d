"""The size that the header of a picture states, without a decoder.

Some decoders set up their canvas as soon as they are opened, so a limit on sizes must be held against the header.
"""

from __future__ import annotations

import struct

from facefusion.media import forms
from facefusion.media.forms import Form

HEADER_BYTES = 30
"""How much of a file says how large it is."""


def stated_size(head: bytes, form: Form) -> tuple[int, int] | None:
    """Return width and height of a PNG, GIF or WebP; None for another form, or where the header is damaged.

    Args:
        head: the first `HEADER_BYTES` of the file.
        form: what they show.
    """
    if len(head) < HEADER_BYTES:
        return None
    if form in (forms.PNG, forms.ANIMATED_PNG):
        width, height = struct.unpack(">2I", head[16:24])
        return width, height
    if form in (forms.GIF, forms.ANIMATED_GIF):
        width, height = struct.unpack("<2H", head[6:10])
        return width, height
    return _webp_size(head[12:16], head[20:30]) if form in (forms.WEBP, forms.ANIMATED_WEBP) else None


def _webp_size(kind: bytes, data: bytes) -> tuple[int, int] | None:
    """Read the first chunk of a WebP (RFC 9649, 2.5 to 2.7)."""
    if kind == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
    return None
