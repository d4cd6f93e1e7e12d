"""What a video is, gathered from its container and its first frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from facefusion.errors import InputTypeError
from facefusion.media.colour import UNSPECIFIED, ColourTags
from facefusion.media.hdr import HdrMetadata
from facefusion.media.info import AudioTrack, FieldOrder, SubtitleTrack, VideoInfo
from facefusion.media.orientation import Orientation
from facefusion.media.shown import shown
from facefusion.media.source import VideoSource

_USUAL_RATE = Fraction(25)
_DV_LINES = 576
_FASTEST = 1000  # frames a second; what containers state above that is the rate of their clock
# libav's AVFieldOrder: 2 top first; 3 bottom first; 4 and 5 are stored in one order and shown in the other.
_FIELD_ORDERS: dict[int, FieldOrder] = {2: "top", 3: "bottom", 4: "bottom", 5: "top"}


def describe(source: VideoSource, stream: VideoStream, first: av.VideoFrame) -> VideoInfo:
    """Gather what the container and the first frame say.

    Raises:
        InputTypeError: the colours are coded in a way that is not converted.
    """
    orientation = Orientation.of(first)
    width, height = (first.height, first.width) if orientation.swaps_sides else (first.width, first.height)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    time_base = stream.time_base or 1 / _USUAL_RATE
    rate = _rate(stream)
    duration = _duration(source, stream)
    container = source.container
    extra = len(source.moving_streams()) - 1
    return VideoInfo(
        path=source.path,
        container=source.form.name,
        codec=stream.codec_context.codec.canonical_name,
        width=width,
        height=height,
        frame_rate=rate,
        time_base=time_base,
        start=(first.pts or 0) * time_base,
        frames=_frames(stream, duration, rate),
        duration=duration,
        orientation=orientation,
        pixel_aspect=1 / aspect if orientation.swaps_sides else aspect,
        colour=_colour(source, first),
        pixel_format=first.format.name,
        stored_format=first.format.name,
        bit_depth=max(component.bits for component in first.format.components),
        has_alpha=any(component.is_alpha for component in first.format.components),
        field_order=_field_order(stream, first),
        hdr=HdrMetadata.of(first),
        audio=tuple(_track(sound) for sound in container.streams.audio),
        subtitles=tuple(_subtitles(source)),
        chapters=len(container.chapters()),
        timecode=_timecode(source),
        extra_video=extra,
        attachments=len(container.streams.attachments),
        metadata=dict(container.metadata),
        notes=tuple(_notes(source, extra)),
    )


def _colour(source: VideoSource, first: av.VideoFrame) -> ColourTags:
    """Return how the numbers are to be read.

    Raises:
        InputTypeError: by a matrix that is no linear map of RGB.
    """
    colour = ColourTags.of(first)
    if first.format.is_rgb:
        # RGB has no matrix to carry over; what is written is YUV, with a matrix of its own.
        return replace(colour, matrix=UNSPECIFIED, full_range=None)
    if not colour.is_known:
        raise InputTypeError(
            f"The colours of {source.path} use matrix {colour.matrix} of ITU-T H.273, which is not read",
            "Convert it to BT.709 first",
        )
    return colour


def _rate(stream: VideoStream) -> Fraction:
    """Return the frames a second on average."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and rate <= _FASTEST:
            return rate
    return _USUAL_RATE


def _field_order(stream: VideoStream, first: av.VideoFrame) -> FieldOrder:
    """Tell whether frames are interlaced: the container or the codec says so, or the first frame does."""
    stated = _FIELD_ORDERS.get(int(stream.codec_context.field_order))
    if stated is None and first.interlaced_frame:  # nobody says which; the standards of DV and of the others do
        return "bottom" if stream.codec_context.name == "dvvideo" and first.height <= _DV_LINES else "top"
    return stated or "progressive"


def _frames(stream: VideoStream, duration: Fraction | None, rate: Fraction) -> int | None:
    """Return how many frames there are, as far as the container says; those that an edit list hides do not count."""
    shown = None if duration is None else round(duration * rate)
    if stream.duration is None or shown is None:
        return stream.frames or shown
    return min(stream.frames or shown, max(1, shown))


def _duration(source: VideoSource, stream: VideoStream) -> Fraction | None:
    """Return the length that the stream or else the container states, in seconds."""
    if stream.duration is not None and stream.time_base is not None:
        return stream.duration * stream.time_base
    whole = source.container.duration
    return None if whole is None else Fraction(whole, av.time_base)


def _track(stream: AudioStream) -> AudioTrack:
    """Describe one stream of sound."""
    context = stream.codec_context
    if context is None:
        return AudioTrack("unknown", 0, 0, shown(stream.language or ""))
    return AudioTrack(context.codec.canonical_name, context.sample_rate, context.channels, shown(stream.language or ""))


def _subtitles(source: VideoSource) -> Iterator[SubtitleTrack]:
    for stream in source.container.streams.subtitles:
        context = stream.codec_context
        yield SubtitleTrack(
            "unknown" if context is None else context.codec.canonical_name, shown(stream.language or "")
        )


def _timecode(source: VideoSource) -> str:
    """Return the timecode of the first frame, from wherever the container keeps it."""
    container = source.container
    places = [stream.metadata for stream in (*container.streams.video, *container.streams.data)]
    for place in (*places, container.metadata):
        for name, value in place.items():
            if name.lower() == "timecode":  # Matroska has tags in capitals
                return shown(value)
    return ""


def _notes(source: VideoSource, extra: int) -> Iterator[str]:
    """Say what is not there, and what is there but not carried on."""
    if source.missing_bytes:
        yield f"Its last {source.missing_bytes} bytes are missing"
    if extra == 1:
        yield "A further stream of moving pictures is left out"
    elif extra:
        yield f"{extra} further streams of moving pictures are left out"
    for number, sound in enumerate(source.container.streams.audio, start=1):
        context = sound.codec_context
        if context is None or not context.sample_rate or not context.channels:
            yield f"Stream {number} of sound cannot be read: nothing in it says how it is coded"
