"""Opening an encoder."""

from __future__ import annotations

import io
import os
from typing import cast

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.stream import VideoStream

from facefusion.errors import OutputTypeError
from facefusion.inference.machine import usable_cores
from facefusion.media import forms
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.priority import kept_priority
from facefusion.media.source import explain

_FINEST_RATE = 100_000
_MOST_THREADS = 8  # each further thread of an encoder holds further frames in memory
_FIELDS = {"top": 2, "bottom": 3}  # libav's AVFieldOrder


def add_stream(
    output: OutputContainer, encoding: Encoding, *, flags: Flags | None = None, is_live: bool = False
) -> VideoStream:
    """Add a stream with an open encoder to a container, and write the container's header.

    Args:
        output: a container that is not started yet.
        encoding: how frames are encoded.
        flags: further flags of the encoder.
        is_live: whether a frame is to come out as soon as it goes in.

    Raises:
        OutputTypeError: the encoder does not open here; the message says why.
    """
    spec, pixels = encoding.encoder, encoding.pixels
    os.environ.setdefault("SVT_LOG", "1")  # the only way to keep SVT-AV1 from printing on every opening
    try:
        rate = encoding.frame_rate.limit_denominator(_FINEST_RATE)
        stream = cast(VideoStream, output.add_stream(spec.codec, rate=rate, options=dict(encoding.codec_options)))
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = pixels.width, pixels.height, pixels.pixel_format
        context.time_base = encoding.time_base
        context.sample_aspect_ratio = encoding.sample_aspect.limit_denominator(_FINEST_RATE)
        context.colorspace = pixels.colour.matrix
        context.color_primaries = pixels.colour.primaries
        context.color_trc = pixels.colour.transfer
        context.color_range = pixels.colour.range_code
        context.flags |= Flags.frame_duration if flags is None else Flags.frame_duration | flags
        if encoding.field_order != "progressive":
            context.field_order = _FIELDS[encoding.field_order]
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        if encoding.bit_rate is not None:
            context.bit_rate = encoding.bit_rate
        # Threads over slices cost quality at equal size; threads over frames hold back as many frames.
        context.thread_type = "SLICE" if is_live else "FRAME"
        context.thread_count = encoding.threads or min(_MOST_THREADS, usable_cores())
        with kept_priority():
            output.start_encoding()
    except OSError as error:
        if not isinstance(error, av.FFmpegError):
            raise
        raise _refused(encoding, error) from error
    except (av.FFmpegError, ValueError) as error:
        raise _refused(encoding, error) from error
    return stream


def try_encoder(encoding: Encoding) -> None:
    """Make sure that an encoder opens on this machine, and the lossless one before it where there are two passes.

    Raises:
        OutputTypeError: one does not; the message says what it needs.
    """
    for each in (encoding.kept(), *([encoding] if encoding.passes > 1 else [])):
        with av.open(io.BytesIO(), "w", format=forms.MATROSKA.writer) as trial:
            add_stream(trial, each)


def _refused(encoding: Encoding, error: Exception) -> OutputTypeError:
    spec, pixels = encoding.encoder, encoding.pixels
    if spec.needs:
        return OutputTypeError(
            f"The encoder {spec.name} needs {spec.needs}, and does not open here ({explain(error)})",
            "Leave the encoder to 'auto'",
        )
    return OutputTypeError(
        f"The encoder {spec.name} refuses {pixels.width}x{pixels.height} {pixels.pixel_format} ({explain(error)})",
        "Choose another size or encoder",
    )
