"""The H.264 encoder and the container's settings that go with it."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.stream import VideoStream

from facefusion.media import forms
from facefusion.media.forms import Form
from facefusion.media.info import VideoInfo
from facefusion.options import OutputOptions

_MOST_TICKS = 2**31 - 1
_FINEST_MOVIE_CLOCK = 100_000_000
_FINEST_RATE = 100_000
_MOST_THREADS = 8  # each further thread of x264 holds further frames in memory


def pixel_format(width: int, height: int) -> str:
    """Return how pixels are stored: 4:2:0, or 4:4:4 where a side is odd, which 4:2:0 cannot hold."""
    return "yuv444p" if width % 2 or height % 2 else "yuv420p"


def add_encoder(output: OutputContainer, like: VideoInfo, options: OutputOptions) -> VideoStream:
    """Add an x264 stream for upright frames of `like`, with its clock and colour tags."""
    stream: VideoStream = output.add_stream(
        "libx264",
        rate=like.frame_rate.limit_denominator(_FINEST_RATE),
        options={"preset": options.output_video_preset, "crf": str(options.output_video_quality), **_steady()},
    )
    context = stream.codec_context
    context.width, context.height = like.width, like.height
    context.pix_fmt = pixel_format(like.width, like.height)
    context.time_base = like.time_base
    context.sample_aspect_ratio = like.pixel_aspect
    context.colorspace = like.colour.matrix
    context.color_primaries = like.colour.primaries
    context.color_trc = like.colour.transfer
    context.color_range = like.colour.range_code
    context.flags |= Flags.frame_duration
    # Threads over frames: threads over slices, libav's other way, cost quality at equal size.
    context.thread_type = "FRAME"
    context.thread_count = min(_MOST_THREADS, os.cpu_count() or 1)
    return stream


def _steady() -> dict[str, str]:
    """Return the options that make x264 give the same file for the same frames.

    Its AVX-512 code for the macroblock tree reads past the ends of rows at many widths (192, 320, 854, …), so that what
    happens to lie in memory sways the rate control. Its AVX2 code does not, at the same speed.
    """
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    return {"x264-params": "asm=avx2"} if any(name.startswith("AVX512") for name in found) else {}


def container_options(form: Form, time_base: Fraction, audio_rates: Sequence[int]) -> dict[str, str]:
    """Return the muxer's settings that let timestamps come out exactly as they went in.

    MP4 and QuickTime count video in ticks that hold `time_base`, and the edit lists, which say when each stream
    starts, in ticks that hold those of all streams. Their index is moved to the front, so that the file plays while it
    is still being fetched. Elsewhere the muxer is kept from moving all times so that the priming of the sound, which
    comes before zero, starts at zero.

    Args:
        form: of the output.
        time_base: of the frames, in seconds.
        audio_rates: ticks per second of the streams of sound.
    """
    if form not in (forms.MP4, forms.MOV):
        return {"avoid_negative_ts": "disabled"}
    ticks = min(time_base.denominator, _MOST_TICKS)
    common = math.lcm(ticks, *audio_rates)
    movie = common if common <= _FINEST_MOVIE_CLOCK else max(ticks, 1000)
    return {"movflags": "+faststart", "video_track_timescale": str(ticks), "movie_timescale": str(movie)}
