"""What the structure of an animation says: how many pictures there are, and how long each is shown."""

from __future__ import annotations

import io
import math
import os
import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import FileIO
from pathlib import Path
from typing import IO

from facefusion.errors import InputLimitError
from facefusion.media import forms
from facefusion.media.forms import Form

_PNG_SIGNATURE_BYTES, _RIFF_HEADER_BYTES, _GIF_SCREEN_BYTES = 8, 12, 13
_HAS_TABLE = 0x80
_EXTENSION, _IMAGE, _TRAILER, _CONTROL = b"!", b",", b";", b"\xf9"
_CLEARED = 2
_DEFAULT_DELAY = Fraction(1, 10)
_LEAST_GIF_DELAY = Fraction(2, 100)
_FINEST_TICKS, _USUAL_TICKS, _NANO = 1_000_000, 1000, 1_000_000_000
_MOST_PIECES = 2_000_000  # of a GIF of the usual pieces, half a gigabyte
_ANIMATED = {forms.PNG: forms.ANIMATED_PNG, forms.WEBP: forms.ANIMATED_WEBP, forms.GIF: forms.ANIMATED_GIF}


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of an animation.

    Attributes:
        delay: seconds for which it is shown; 0 where nothing is said.
        clears: whether its place is made transparent afterwards.
    """

    delay: Fraction = Fraction(0)
    clears: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """When the pictures of an animation are shown.

    Attributes:
        time_base: seconds per tick.
        times: presentation time of each picture in ticks, and last the end.
        clears: whether places are made transparent between pictures.
        is_whole: whether the file has its end.
    """

    time_base: Fraction
    times: array[int]
    clears: bool
    is_whole: bool

    @property
    def frames(self) -> int:
        """How many pictures there are."""
        return len(self.times) - 1

    @property
    def duration(self) -> Fraction:
        """From the first picture to the end, in seconds."""
        return self.times[-1] * self.time_base


class _Pieces(io.BufferedReader):
    """A file that may be read piece by piece so many times and no more."""

    def __init__(self, file: FileIO, path: Path) -> None:
        super().__init__(file)
        self._path = path
        self._left = _MOST_PIECES

    def read(self, size: int | None = -1, /) -> bytes:
        """Read bytes.

        Raises:
            InputLimitError: for the last time.
        """
        self._left -= 1
        if self._left < 0:
            raise InputLimitError(f"The file {self._path} is made of more than {_MOST_PIECES} pieces", "Save it anew")
        return super().read(size)


def moving_form(file: FileIO, path: Path, form: Form) -> Form:
    """Return the animated form where a PNG, WebP or GIF shows more than one picture, else `form` itself.

    Leaves the file at its start. Damage ends the search; it is told of when the pictures are decoded.

    Args:
        file: the open file.
        path: its name, for messages only.
        form: what its first bytes are.

    Raises:
        InputLimitError: the file is chopped up so finely that to look through it takes seconds.
    """
    if form not in _ANIMATED:
        return form
    file.seek(0)
    buffered = _Pieces(file, path)
    try:
        pictures = (shown for shown in _SCANS[_ANIMATED[form]](buffered) if shown is not None)
        moves = any(number > 0 for number, _ in enumerate(pictures))
    finally:
        buffered.detach()
        file.seek(0)
    return _ANIMATED[form] if moves else form


def timing(file: IO[bytes], form: Form) -> Timing:
    """Walk through an animation, without decoding.

    A picture of a GIF that is shown for less than 0.02 s, and one of another form that is shown for no time, is shown
    for 0.1 s, as by all players.

    Args:
        file: the file.
        form: one of `forms.ANIMATIONS`.
    """
    file.seek(0)
    delays: array[int] = array("Q")
    clears = is_whole = False
    ticks = 1
    for shown in _SCANS[form](file):
        if shown is None:
            is_whole = True
            continue
        delay = shown.delay
        if delay == 0 or (form is forms.ANIMATED_GIF and delay < _LEAST_GIF_DELAY):
            delay = _DEFAULT_DELAY
        delays.extend((delay.numerator, delay.denominator))
        ticks = math.lcm(ticks, delay.denominator) if ticks <= _FINEST_TICKS else ticks
        clears |= shown.clears
    is_exact = ticks <= _FINEST_TICKS
    ticks = ticks if is_exact else _USUAL_TICKS
    return Timing(Fraction(1, ticks), _added(delays, ticks, ticks if is_exact else _NANO), clears, is_whole)


def _added(delays: array[int], ticks: int, steps: int) -> array[int]:
    """Return the times, in so many ticks a second, at which delays (fractions, flat) add up, counted in steps.

    Whole numbers alone: the common denominator of thousands of hostile ones would be a number of thousands of digits.
    """
    times, now = array("Q", [0]), 0
    for place in range(0, len(delays), 2):
        numerator, denominator = delays[place], delays[place + 1]
        now += (numerator * steps + denominator // 2) // denominator
        times.append(max(times[-1] + 1, (now * ticks + steps // 2) // steps))
    return times


def _png_pictures(file: IO[bytes]) -> Iterator[Shown | None]:
    """Yield what each fcTL chunk says (PNG 3rd edition, 11.3.6.2) if acTL comes before IDAT; None at the end."""
    file.seek(_PNG_SIGNATURE_BYTES)
    announced = False
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        announced |= kind == b"acTL"
        if kind == b"IEND" or (kind == b"IDAT" and not announced):
            yield None
            return
        if kind == b"fcTL" and length == 26 and len(data := file.read(26)) == 26:
            delay, per, disposal = struct.unpack(">HHB", data[20:25])
            yield Shown(Fraction(delay, per or 100), disposal != 0)
            length = 0
        file.seek(length + 4, os.SEEK_CUR)


def _webp_pictures(file: IO[bytes]) -> Iterator[Shown | None]:
    """Yield what each ANMF chunk says (RFC 9649, 2.7.1.1); None at the end."""
    stated = struct.unpack("<I", file.read(8)[4:])[0] + 8
    if file.seek(0, os.SEEK_END) >= stated:
        yield None
    file.seek(_RIFF_HEADER_BYTES)
    while len(head := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        length += length % 2
        if kind == b"ANMF" and len(data := file.read(16)) == 16:
            yield Shown(Fraction(int.from_bytes(data[12:15], "little"), 1000), bool(data[15] & 1))
            length -= 16
        file.seek(max(0, length), os.SEEK_CUR)


def _gif_pictures(file: IO[bytes]) -> Iterator[Shown | None]:
    """Yield what the graphic control before each image descriptor says (GIF89a, 20 and 23); None at the end."""
    screen = file.read(_GIF_SCREEN_BYTES)
    if len(screen) == _GIF_SCREEN_BYTES:
        _skip_table(file, screen[10])
    shown = Shown()
    while mark := file.read(1):
        if mark == _EXTENSION:
            if file.read(1) == _CONTROL and len(data := file.read(5)) == 5:
                flags, delay = data[1], int.from_bytes(data[2:4], "little")
                shown = Shown(Fraction(delay, 100), flags & 1 == 1 and flags >> 2 & 7 == _CLEARED)
                file.seek(-5, os.SEEK_CUR)
        elif mark == _IMAGE and len(place := file.read(9)) == 9:
            yield shown
            shown = Shown()
            _skip_table(file, place[8])
            file.seek(1, os.SEEK_CUR)
        else:
            break
        while (length := file.read(1)) not in (b"", b"\0"):
            file.seek(length[0], os.SEEK_CUR)
        if not length:
            return
    if mark in (b"", _TRAILER):  # some writers leave the trailer out
        yield None


_SCANS: dict[Form, Callable[[IO[bytes]], Iterator[Shown | None]]] = {
    forms.ANIMATED_PNG: _png_pictures,
    forms.ANIMATED_WEBP: _webp_pictures,
    forms.ANIMATED_GIF: _gif_pictures,
}


def _skip_table(file: IO[bytes], flags: int) -> None:
    """Pass over the colour table that the flags announce."""
    if flags & _HAS_TABLE:
        file.seek(3 << ((flags & 7) + 1), os.SEEK_CUR)
