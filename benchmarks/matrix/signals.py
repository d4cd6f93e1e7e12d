"""Between R'G'B' and what files store, as ITU-T H.273 has it; nothing of the product is used."""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import Interpolation

from benchmarks.matrix.drawing import Signals
from benchmarks.matrix.samples import depth, largest, plane_of
from benchmarks.matrix.tags import Tags

LEFT = (0.0, 0.5)
"""The usual place of chroma in video: beside the left one of two pixels, halfway between two rows."""
_BILINEAR = Interpolation.BILINEAR | Interpolation.ACCURATE_RND
_ORDER = {"rgb": (0, 1, 2), "bgr": (2, 1, 0), "gbr": (1, 2, 0)}


def stored(picture: Signals, alpha: Signals | None, name: str, tags: Tags) -> av.VideoFrame:
    """Return a frame of a pixel format that shows a picture."""
    height, width = picture.shape[:2]
    form = av.VideoFormat(name)
    frame = av.VideoFrame(width, height, name)
    if form.is_rgb:
        _fill_rgb(frame, picture, alpha)
    else:
        channels = _yuv(picture, name, tags)[: min(3, len(frame.planes))]
        for index, channel in enumerate(channels):
            plane = plane_of(frame, index)
            plane[:] = _rounded(_smaller(channel, plane.shape) if index else channel, name)
    if alpha is not None and len(frame.planes) == 4:
        plane_of(frame, 3)[:] = np.rint(alpha * largest(name))
    frame.colorspace, frame.color_primaries, frame.color_trc = tags.matrix, tags.primaries, tags.transfer
    frame.color_range = {None: 0, False: 1, True: 2}[tags.is_full]
    return frame


def signals(frame: av.VideoFrame, tags: Tags | None = None, place: tuple[float, float] = LEFT) -> Signals:
    """Return the R'G'B' values of a decoded frame.

    Args:
        frame: as it was decoded.
        tags: what its numbers mean; what it says where None.
        place: of the first chroma sample.
    """
    name, tags = frame.format.name, tags or Tags.of(frame)
    if name == "pal8":
        return np.asarray(frame.to_ndarray(format="rgb24")) / 255.0
    if frame.format.is_rgb:
        return _rgb_of(frame)
    planes = [plane_of(frame, index).astype(np.float64) for index in range(min(3, len(frame.planes)))]
    black, span, middle, chroma_span = _scale(name, tags)
    luma = (planes[0] - black) / span
    if len(planes) < 3:
        return np.repeat(luma[..., None], 3, axis=2)
    cb, cr = ((_larger(plane, luma.shape, place) - middle) / chroma_span for plane in planes[1:])
    kr, kb = tags.weights(min(frame.width, frame.height))
    red, blue = luma + (2 - 2 * kr) * cr, luma + (2 - 2 * kb) * cb
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return np.stack([red, green, blue], axis=-1).clip(0, 1)


def chroma_place(frame: av.VideoFrame) -> tuple[float, float]:
    """Return how far right of and below the first pixel the first chroma sample lies, as a decoded frame says.

    libav shows it in what its scaler does alone, so a ramp with the frame's properties is scaled. Where a frame does
    not say, chroma lies in the middle in JPEG, and to the left in all else.
    """
    name = frame.format.name
    if len(frame.planes) < 3 or frame.format.is_rgb or frame.planes[1].width == frame.width:
        return LEFT
    form = "yuv420p" if frame.planes[1].height < frame.height else "yuv422p"
    probe = frame.reformat(width=32, height=32, format=form, threads=1)
    plane_of(probe, 0)[:] = 128
    across, down = plane_of(probe, 1), plane_of(probe, 2)
    across[:] = 8 * np.arange(across.shape[1])
    down[:] = (8 if form == "yuv420p" else 4) * np.arange(down.shape[0])[:, None]
    fine = probe.reformat(format="yuv444p", interpolation=_BILINEAR, threads=1)
    x, y = (round(2 * (16 - float(plane_of(fine, index)[16, 16]) / 4)) / 2 for index in (1, 2))
    said = (x, y if form == "yuv420p" else 0.5)
    return LEFT if said == (0.5, 0.5) and not name.startswith("yuvj") else said


def _rounded(values: Signals, name: str) -> Signals:
    return np.rint(values).clip(0, largest(name))


def _scale(name: str, tags: Tags) -> tuple[float, float, float, float]:
    """Return black, the span of luma, the middle of chroma and its span."""
    unit, top = 1 << (depth(name) - 8), largest(name)
    is_full = name.startswith(("yuvj", "gray")) if tags.is_full is None else tags.is_full
    return (0, top, 128 * unit, top) if is_full else (16 * unit, 219 * unit, 128 * unit, 224 * unit)


def _yuv(picture: Signals, name: str, tags: Tags) -> list[Signals]:
    """Return luma and chroma in full size, unrounded."""
    kr, kb = tags.weights(min(picture.shape[:2]))
    red, green, blue = np.moveaxis(picture, -1, 0)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    black, span, middle, chroma_span = _scale(name, tags)
    chroma = ((blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr))
    return [black + span * luma, *(middle + chroma_span * part for part in chroma)]


def _fill_rgb(frame: av.VideoFrame, picture: Signals, alpha: Signals | None) -> None:
    """Fill a frame of R'G'B', planar or packed."""
    name = frame.format.name
    values = np.rint(picture * largest(name))[..., _order(name)]
    if frame.format.is_planar:
        for index in range(3):
            plane_of(frame, index)[:] = values[..., index]
        return
    count = 4 if "0" in name else len(frame.format.components)
    whole = np.full((*picture.shape[:2], count), largest(name), np.float64)
    first = 1 if name.startswith(("a", "0")) else 0
    whole[..., first : first + 3] = values
    if alpha is not None:
        whole[..., 0 if first else 3] = np.rint(alpha * largest(name))
    part = frame.planes[0]
    kind = np.uint16 if depth(name) > 8 else np.uint8
    rows = np.frombuffer(memoryview(part), kind).reshape(-1, part.line_size // kind().itemsize)
    rows[: part.height, : part.width * count] = whole.reshape(part.height, -1)


def _order(name: str) -> tuple[int, int, int]:
    plain = name.lstrip("a0")
    return next(order for start, order in _ORDER.items() if plain.startswith(start))


def _rgb_of(frame: av.VideoFrame) -> Signals:
    name = frame.format.name
    if frame.format.is_planar:
        channels = [plane_of(frame, index) / largest(name) for index in range(3)]
        green, blue, red = channels
        return np.stack([red, green, blue], axis=-1)
    return np.asarray(
        frame.to_ndarray(format="rgb48le") / 65535.0 if depth(name) > 8 else frame.to_ndarray(format="rgb24") / 255.0
    )


def _smaller(channel: Signals, shape: tuple[int, ...]) -> Signals:
    """Bring chroma down; a sample lies at the left of the pixels that it is for, and halfway between their rows."""
    for axis, length in enumerate(shape):
        factor = -(-channel.shape[axis] // length)
        if factor == 1:
            continue
        padded = np.concatenate([channel, np.take(channel, [-1] * factor, axis)], axis)
        if axis == 0:
            parts = [np.take(padded, np.arange(length) * factor + step, 0) for step in range(factor)]
            channel = np.mean(parts, axis=0)
        else:
            middle = np.arange(length) * factor
            parts = [np.take(padded, np.maximum(middle + step, 0), 1) for step in (-1, 0, 0, 1)]
            channel = np.mean(parts, axis=0)
    return channel


def _larger(channel: Signals, shape: tuple[int, ...], place: tuple[float, float]) -> Signals:
    """Bring chroma up to the size of luma, by lines between its samples."""
    for axis, length in enumerate(shape):
        factor = -(-length // channel.shape[axis])
        if factor == 1:
            continue
        offset = place[1 - axis] * (factor - 1)
        at = ((np.arange(length) - offset) / factor).clip(0, channel.shape[axis] - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, channel.shape[axis] - 1)
        share = (at - low).reshape(-1, 1) if axis == 0 else (at - low).reshape(1, -1)
        channel = np.take(channel, low, axis) * (1 - share) + np.take(channel, high, axis) * share
    return channel
