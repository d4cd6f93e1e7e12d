"""What is done to marked clips before their mark is read: encoders, sizes, cuts, turns, light."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import av
import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]
Picture = tuple[Plane, Plane, Plane]
"""Luma, and two planes of chroma of half its size."""
Clip = list[Picture]
Attack = Callable[[Clip], Clip]
_CODECS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "libx264": {"preset": "medium"},
        "libx265": {"preset": "fast", "x265-params": "log-level=none:pools=1"},
        "libsvtav1": {"preset": "8"},
    }
)


def planes(path: Path | io.BytesIO, most: int) -> Clip:
    """Return the first frames of a clip, YUV 4:2:0."""
    clip: Clip = []
    with av.open(str(path) if isinstance(path, Path) else path) as container:
        for frame in container.decode(video=0):
            whole = frame.reformat(frame.width // 2 * 2, frame.height // 2 * 2, format=_form(frame))
            clip.append((_plane(whole, 0), _plane(whole, 1), _plane(whole, 2)))
            if len(clip) == most:
                break
    return clip


def encoded(codec: str, crf: int) -> Attack:
    """Return an attack: encode at a constant rate factor and decode."""

    def attack(clip: Clip) -> Clip:
        buffer = io.BytesIO()
        clip = each(lambda plane, _: plane)(clip)
        with av.open(buffer, "w", format="matroska") as container:
            stream = container.add_stream(codec, rate=Fraction(25))
            stream.height, stream.width, stream.pix_fmt = *clip[0][0].shape, "yuv420p"
            stream.options = {**_CODECS[codec], "crf": str(crf)}
            for picture in clip:
                container.mux(stream.encode(_frame(picture)))
            container.mux(stream.encode(None))
        buffer.seek(0)
        return planes(buffer, len(clip))

    return attack


def each(change: Callable[[Plane, int], Plane]) -> Attack:
    """Return an attack that changes each plane, given its number; sizes are made even."""

    def attack(clip: Clip) -> Clip:
        return [_even(change(y, 0), change(u, 1), change(v, 2)) for y, u, v in clip]

    return attack


def then(*attacks: Attack) -> Attack:
    """Return one attack after the other."""

    def attack(clip: Clip) -> Clip:
        for every in attacks:
            clip = every(clip)
        return clip

    return attack


def scaled(across: float, down: float) -> Attack:
    """Return an attack that changes the size."""
    return each(lambda plane, _: _array(cv2.resize(plane, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)))


def cut(left: float, top: float, right: float, bottom: float) -> Attack:
    """Return an attack that cuts parts of the width and height off each side."""

    def change(plane: Plane, _: int) -> Plane:
        height, width = plane.shape
        return plane[
            round(height * top) : round(height * (1 - bottom)), round(width * left) : round(width * (1 - right))
        ]

    return each(change)


def rotated(degrees: float) -> Attack:
    """Return an attack that turns the picture in its frame: corners are lost, and black ones come."""

    def change(plane: Plane, number: int) -> Plane:
        height, width = plane.shape
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
        border = 128 if number else 16
        return _array(cv2.warpAffine(plane, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=border))

    return each(change)


def lit(gain: float, offset: float = 0) -> Attack:
    """Return an attack on brightness: codes above black times a gain, and an offset."""

    def change(plane: Plane, number: int) -> Plane:
        return plane if number else _array(np.clip((plane - 16.0) * gain + 16 + offset, 0, 255).round())

    return each(change)


def jpeg(quality: int) -> Attack:
    """Return an attack: each frame a JPEG of its own (luma alone is read, so it alone is encoded)."""

    def change(plane: Plane, number: int) -> Plane:
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
        return plane if number else _array(cv2.imdecode(cv2.imencode(".jpg", plane, options)[1], cv2.IMREAD_GRAYSCALE))

    return each(change)


_LIGHTLY = encoded("libx264", 23)
ATTACKS: Mapping[str, Attack] = MappingProxyType(
    {
        "none": lambda clip: clip,
        "H.264, CRF 23": _LIGHTLY,
        "H.264, CRF 28": encoded("libx264", 28),
        "HEVC, CRF 28": encoded("libx265", 28),
        "AV1, CRF 35": encoded("libsvtav1", 35),
        "three times: H.264 23, HEVC 28, H.264 23": then(_LIGHTLY, encoded("libx265", 28), _LIGHTLY),
        "half size": scaled(0.5, 0.5),
        "half size, H.264 CRF 28": then(scaled(0.5, 0.5), encoded("libx264", 28)),
        "JPEG 50, one frame": lambda clip: jpeg(50)(clip[:1]),
        "10 % cut off, off-centre *": then(cut(0.07, 0.03, 0.03, 0.07), _LIGHTLY),
        "turned by 5° *": then(rotated(5), _LIGHTLY),
        "brightness + 20 % *": then(lit(1.2), _LIGHTLY),
        "brightness − 20 % *": then(lit(0.8), _LIGHTLY),
        "20 % lighter, by an offset *": then(lit(1, 44), _LIGHTLY),
        "stretched from 16:9 to 4:3 *": then(scaled(0.75, 1), _LIGHTLY),
        "cut from 16:9 to 4:3 *": then(cut(0.125, 0, 0.125, 0), _LIGHTLY),
        "mirrored *": then(each(lambda plane, _: np.ascontiguousarray(plane[:, ::-1])), _LIGHTLY),
    }
)
"""Those with a star are encoded by H.264 at CRF 23 afterwards."""


def _form(frame: av.VideoFrame) -> str:
    return "yuvj420p" if frame.format.name == "yuvj420p" else "yuv420p"


def _plane(frame: av.VideoFrame, number: int) -> Plane:
    plane = frame.planes[number]
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width].copy()


def _frame(picture: Picture) -> av.VideoFrame:
    height, width = picture[0].shape
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, content in zip(frame.planes, picture, strict=True):
        np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width] = content
    return frame


def _even(y: Plane, u: Plane, v: Plane) -> Picture:
    """Return planes whose sizes belong together."""
    height, width = (side // 2 * 2 for side in y.shape)
    half = (width // 2, height // 2)
    small = [plane if plane.shape == half[::-1] else _array(cv2.resize(plane, half)) for plane in (u, v)]
    return np.ascontiguousarray(y[:height, :width]), small[0], small[1]


def _array(plane: npt.ArrayLike) -> Plane:
    return np.asarray(plane, np.uint8)
