"""Random access: places in a file from which decoding may begin without anybody noticing.

A packet that a container marks as a key frame is not enough. Frames of an open group of pictures that are shown before
its first picture are made from frames before it, and in H.264 a stream may refresh its pictures bit by bit. Only
places are taken after which, by the coding standard, every frame is what it is in an uninterrupted decoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.packet import Packet
from av.video.stream import VideoStream

from facefusion.media import forms
from facefusion.media.source import VideoSource

_SEEKABLE = (forms.MP4, forms.MOV, forms.MATROSKA)
# Seconds by which to go back while what is found is of no use. At first to the key frame before: some containers find
# them by the time at which they are decoded, which may be earlier than that at which they are shown.
_STEPS = (Fraction(0), *(Fraction(2**power) for power in range(8)))
_SEI_RECOVERY_POINT = 6
_H264_SLICE, _H264_IDR, _H264_SEI = 1, 5, 6
_HEVC_SLICES, _HEVC_RANDOM_ACCESS = range(32), range(16, 22)


def random_access(source: VideoSource, stream: VideoStream, tick: int) -> Packet[VideoStream] | None:
    """Take a demuxer to a packet from which on all frames shown at or after `tick` decode exactly.

    Returns:
        the first packet, already taken from the demuxer; None where there is no such place, or none that is certain.
    """
    if source.form not in _SEEKABLE or stream.time_base is None:
        return None
    wanted = tick
    for step in _STEPS:
        packet = _packet_at(source, stream, wanted)
        if packet is None or packet.pts is None:
            return None
        if packet.pts <= tick and is_random_access(packet, stream):
            return packet
        found = packet.pts if packet.dts is None else packet.dts
        wanted = min(wanted, found) - max(1, round(step / stream.time_base))
    return None


def is_random_access(packet: Packet[VideoStream], stream: VideoStream) -> bool:
    """Whether every frame shown from this packet's on decodes exactly when decoding begins with it."""
    if not packet.is_keyframe or packet.is_discard or packet.is_corrupt:
        return False
    codec, extradata = stream.codec_context.name, stream.codec_context.extradata or b""
    if codec == "h264":
        return _is_h264_access(_units(bytes(packet), _h264_length_size(extradata)))
    if codec == "hevc":
        return _is_hevc_access(_units(bytes(packet), _hevc_length_size(extradata)))
    return True


def _packet_at(source: VideoSource, stream: VideoStream, tick: int) -> Packet[VideoStream] | None:
    """Return the packet that the demuxer finds for a time."""
    try:
        source.container.seek(tick, stream=stream)
        return next((packet for packet in source.packets(stream) if packet.size), None)
    except (av.FFmpegError, OSError):
        return None


def _is_h264_access(units: Iterator[bytes]) -> bool:
    """An IDR picture, or a recovery point that is exact at once (ITU-T H.264, D.2.8)."""
    for unit in units:
        kind = unit[0] & 31
        if kind == _H264_IDR:
            return True
        if kind == _H264_SEI and _is_exact_recovery(unit[1:]):
            return True
        if kind == _H264_SLICE:
            return False
    return False


def _is_exact_recovery(messages: bytes) -> bool:
    """Whether one of the messages is a recovery point with recovery_frame_cnt 0 and exact_match_flag 1."""
    position = 0
    while position + 2 < len(messages):
        kind = size = 0
        while position < len(messages) and messages[position] == 255:
            kind, position = kind + 255, position + 1
        kind, position = kind + messages[position], position + 1
        while position < len(messages) and messages[position] == 255:
            size, position = size + 255, position + 1
        if position + 1 >= len(messages):
            return False
        size, position = size + messages[position], position + 1
        if kind == _SEI_RECOVERY_POINT:
            return messages[position] & 0xC0 == 0xC0  # ue(v) 0 is the one bit 1; the flag is the bit after it
        position += size
    return False


def _is_hevc_access(units: Iterator[bytes]) -> bool:
    """An IRAP picture: IDR, BLA or CRA; what a CRA's leading pictures lack is shown before it (ITU-T H.265, 3.78)."""
    kinds = ((unit[0] >> 1) & 63 for unit in units)
    return next((kind for kind in kinds if kind in _HEVC_SLICES), -1) in _HEVC_RANDOM_ACCESS


def _units(data: bytes, length_size: int) -> Iterator[bytes]:
    """Yield the NAL units of a packet: with their lengths before them, or with start codes where `length_size` is 0."""
    if not length_size:
        yield from (part for part in data.split(b"\0\0\1")[1:] if part)
        return
    position = 0
    while position + length_size < len(data):
        length = int.from_bytes(data[position : position + length_size])
        position += length_size
        if 0 < length <= len(data) - position:
            yield data[position : position + length]
        position += length


def _h264_length_size(extradata: bytes) -> int:
    return (extradata[4] & 3) + 1 if len(extradata) > 4 and extradata[0] == 1 else 0


def _hevc_length_size(extradata: bytes) -> int:
    return (extradata[21] & 3) + 1 if len(extradata) > 21 and extradata[0] == 1 else 0
