"""Trials in memory of what a form holds: libav refuses some streams with the header, some only with the index."""

from __future__ import annotations

import io
from contextlib import suppress
from fractions import Fraction
from typing import Any

import av
from av.packet import Packet

from facefusion.media.forms import Form
from facefusion.media.guard import GuardedFile
from facefusion.media.muxing import container_options, open_output
from facefusion.media.tracks.carriers import Carrier, copied


def holds(form: Form, carrier: Carrier, first: Packet[Any] | None = None) -> bool:
    """Try whether a form holds a stream.

    Args:
        form: of the output.
        carrier: of the stream; it must be added to its real output afterwards.
        first: its first packet. The index tells of a stream only where it has one.
    """
    file = GuardedFile(io.BytesIO())
    try:
        with open_output(file, form, _options(form)) as trial:
            carrier.add_to(trial, {})
            trial.start_encoding()
            packet = None if first is None else copied(first)
            if packet is not None:
                with suppress(av.FFmpegError):  # that would be damage to the packet, found out when it is copied
                    carried = carrier.carry(packet)
                    if carried is not None:
                        trial.mux_one(carried)
    except (av.FFmpegError, ValueError):
        return False
    return True


def _options(form: Form) -> dict[str, str]:
    """Return the settings of a real output, but for the moving of the index, for which there is no file."""
    return {key: value for key, value in container_options(form, Fraction(1, 1000)).items() if key != "movflags"}
