"""The times of all frames of a video, found without decoding them where that is certain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from facefusion.media import forms
from facefusion.media.clip import ClipOpener, DecodedClip, open_clip
from facefusion.media.isolation.clip import IsolatedClip
from facefusion.media.select import Selection
from facefusion.media.sniff import open_input
from facefusion.media.source import VideoSource
from facefusion.media.timeline import Timeline
from facefusion.options import LimitOptions

_SURE_FORMS = (forms.MP4, forms.MOV, forms.MATROSKA)
_SURE_CODECS = ("h264", "hevc", "av1", "vp9", "prores", "ffv1", "mjpeg", "dnxhd")
"""Codecs that make one frame of each packet; VP8, for one, has packets that are never shown."""


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When the frames are shown that a reader gives out.

    Attributes:
        pts: of each, in ticks as the reader counts them.
        keys: indexes of frames with which decoding may begin, as the container has it; empty where nothing is known.
    """

    pts: tuple[int, ...]
    keys: tuple[int, ...] = ()


def read_times(path: Path, limits: LimitOptions, selection: Selection) -> FrameTimes:
    """Go through a video.

    Its packets tell the times of H.264, HEVC, AV1, VP9 and formats for editing in MP4, QuickTime and Matroska. All
    else, and with `limits.isolate` anything, is decoded for it.

    Raises:
        InputError: it cannot be read.
        OptionsError: the selection leaves nothing.
    """
    opener: ClipOpener = IsolatedClip if limits.isolate else open_clip
    with closing(opener(path, limits, deinterlace=selection.deinterlace, file=open_input(path))) as clip:
        info = clip.info
        timeline = Timeline(selection, time_base=info.time_base, origin=clip.origin, frame_rate=info.frame_rate)
        shown = None if limits.isolate or info.codec not in _SURE_CODECS else _by_packets(path, limits, clip.origin)
        frames = _by_decoding(clip) if shown is None else iter(shown)
        selected = list(timeline.select(frames))
    keys = tuple(index for index, each in enumerate(selected) if each.picture)
    return FrameTimes(tuple(each.pts for each in selected), keys)


def _by_decoding(clip: DecodedClip) -> Iterator[tuple[bool, int, int]]:
    """Yield of each frame that none is known to be a key frame, its time and its duration."""
    for _, pts, duration in clip.frames():
        yield False, pts, duration


def _by_packets(path: Path, limits: LimitOptions, origin: int) -> list[tuple[bool, int, int]] | None:
    """Return of each frame whether it is a key frame, its time and its duration; None where that is not certain."""
    with closing(VideoSource(path, max_streams=limits.max_streams)) as source:
        if source.form not in _SURE_FORMS:
            return None
        stream = source.picture_stream()
        source.keep_only(stream)
        packets = [packet for packet in source.packets(stream) if packet.size and not packet.is_discard]
        found = [(packet.pts, packet.is_keyframe, packet.duration or 1) for packet in packets]
    times = sorted((pts, is_key, duration) for pts, is_key, duration in found if pts is not None and pts >= origin)
    if not times or any(pts is None for pts, _, _ in found):
        return None
    following = [pts for pts, _, _ in times[1:]]
    lasting = [later - pts for (pts, _, _), later in zip(times, following, strict=False)] + [times[-1][2]]
    if min(lasting) < 1:
        return None
    return [(is_key, pts, ticks) for (pts, is_key, _), ticks in zip(times, lasting, strict=True)]
