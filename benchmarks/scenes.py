"""What is hard about a border between two segments, put together from clips so that it happens just there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.common import assets
from facefusion.faces.analyser import FaceAnalyser
from facefusion.media.frame import Image
from facefusion.media.open import open_reader
from facefusion.options import FaceSelectionOptions, LimitOptions

SEAM: Final = 100
"""The frame with which the second segment begins."""
FRAMES: Final = 150
SIZE: Final = (480, 360)
"""Width and height."""
_SPEAKER, _OTHER = "video/speaker_frontal_obama.mp4", "talk/talk-d3.mp4"
_TURNING: Final = "video/head_turning_female.mp4"
_HEAD: Final = 150
"""Side of a head that is cut out, in pixels."""
_AROUND: Final = 2.1
"""The same in widths of its face."""
_INNER: Final = 34
"""Half of the middle of such a head, in which the new face is to be seen."""
_PACE: Final = 1.6
"""Pixels from frame to frame of those who cross."""
_SLIDE: Final = 12
"""The same of those who come or leave."""
_RESTS: Final = 30
"""Frames before a head turns."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A clip, and who is in it.

    Attributes:
        frames: RGB uint8 (H, W, 3).
        people: a picture of each who is named, for the map; nobody is when empty.
        places: of each of these the middle of the face in each frame; None where it is not to be seen.
    """

    frames: Sequence[Image]
    people: tuple[Image, ...] = ()
    places: tuple[Sequence[Box | None], ...] = field(default=())


def _frames(file: str, count: int = FRAMES) -> list[Image]:
    """Return so many frames of a clip, in the size of a scene; a shorter one goes to and fro."""
    path = assets(*file.split("/"))
    with open_reader(path, limits=LimitOptions()) as reader:
        found = [_fitted(frame.image) for frame, _ in zip(reader, range(count), strict=False)]
    return [found[place] for place in to_and_fro(len(found), count)]


def to_and_fro(length: int, count: int) -> list[int]:
    """Return so many places of a list, from its first to its last and back again, none twice in a row."""
    if length == 1:
        return [0] * count
    period = 2 * (length - 1)
    return [min(number % period, period - number % period) for number in range(count)]


def _fitted(image: Image) -> Image:
    """Return the middle of a picture in the size of a scene."""
    width, height = SIZE
    scale = max(width / image.shape[1], height / image.shape[0])
    large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width])


def _cut(at: int) -> Scene:
    """One person, and from a frame on another."""
    return Scene([*_frames(_SPEAKER)[: SEAM + at], *_frames(_OTHER)[SEAM + at :]])


def _slides(*, comes: bool) -> Scene:
    """Somebody comes into the frame, or leaves it, and is half in where the segments meet."""
    made = []
    for number, frame in enumerate(_frames(_OTHER)):
        step = SEAM - number if comes else number - SEAM
        shift = float(np.clip(SIZE[0] / 2 + _SLIDE * step, 0, SIZE[0]))
        move = np.array([[1, 0, shift], [0, 1, 0]])
        made.append(np.asarray(cv2.warpAffine(frame, move, SIZE, borderValue=(96, 100, 104)), np.uint8))
    return Scene(made)


def _crossing(*, is_cut: bool) -> Scene:
    """Two people cross, one in front of the other where the segments meet; or they change places there by a cut."""
    analyser = FaceAnalyser.create(FaceSelectionOptions())
    heads = [_heads(analyser, _frames(file)) for file in (_SPEAKER, _OTHER)]
    made: list[Image] = []
    places: tuple[list[Box | None], list[Box | None]] = ([], [])
    for number in range(FRAMES):
        way = (-110.0 if number < SEAM else 110.0) if is_cut else _PACE * (number - SEAM)
        middles = [(round(SIZE[0] / 2 + sign * way), SIZE[1] // 2) for sign in (1, -1)]
        canvas = _backdrop(128 if is_cut and number >= SEAM else 90)
        for head, middle in reversed(list(zip(heads, middles, strict=True))):
            _paste(canvas, head[number], middle)
        made.append(canvas)
        is_clear = abs(middles[0][0] - middles[1][0]) > _HEAD * 0.7
        places[0].append(_middle_of(middles[0]))
        places[1].append(_middle_of(middles[1]) if is_clear else None)
    return Scene(made, _portraits(), places)


def _turned() -> Scene:
    """Somebody turns the head before the second segment's lead begins, and keeps it turned."""
    analyser, views = FaceAnalyser.create(FaceSelectionOptions()), _frames(_TURNING, 1000)
    views = views[: len({view.tobytes() for view in views})]
    found = [analyser.find(view)[:1] for view in views]
    yaws = [abs(faces[0].pose.yaw) if faces else np.nan for faces in found]
    front, side = int(np.nanargmin(yaws)), int(np.nanargmax(yaws))
    way = list(range(front, side, 1 if side > front else -1))
    last = [side, *way[:-4:-1]]
    stays = [last[place] for place in to_and_fro(len(last), FRAMES)]
    order = [*([front] * _RESTS), *way, *stays][:FRAMES]
    boxes: list[Box | None] = []
    for place in order:
        box = found[place][0].box.round().astype(int).tolist() if found[place] else None
        boxes.append(None if box is None else (box[0], box[1], box[2], box[3]))
    portraits = (views[front], _portraits()[0])
    return Scene([views[place] for place in order], portraits, (boxes, [None] * FRAMES))


def _portraits() -> tuple[Image, ...]:
    return tuple(_frames(file, 1)[0] for file in (_SPEAKER, _OTHER))


def _heads(analyser: FaceAnalyser, frames: Sequence[Image]) -> list[Image]:
    """Cut the head out of each frame, in one size."""
    face = max(analyser.find(frames[0]), key=lambda found: found.width)
    middle = (face.box[:2] + face.box[2:]) / 2
    half = face.width * _AROUND / 2
    move = np.array([[1, 0, half - middle[0]], [0, 1, half - middle[1]]]) * (_HEAD / (2 * half))
    warped = (cv2.warpAffine(frame, move, (_HEAD, _HEAD), borderMode=cv2.BORDER_REPLICATE) for frame in frames)
    return [np.asarray(each, np.uint8) for each in warped]


def _backdrop(shade: int) -> Image:
    rows = np.linspace(-24, 24, SIZE[1])[:, None, None]
    return np.clip(shade + rows + np.zeros((SIZE[1], SIZE[0], 3)), 0, 255).astype(np.uint8)


def _paste(canvas: Image, head: Image, middle: tuple[int, int]) -> None:
    """Lay a head over a picture, in an ellipse with a soft edge."""
    left, top = middle[0] - _HEAD // 2, middle[1] - _HEAD // 2
    mask = np.zeros((_HEAD, _HEAD), np.float32)
    cv2.ellipse(mask, (_HEAD // 2, _HEAD // 2), (int(_HEAD * 0.4), int(_HEAD * 0.46)), 0, 0, 360, 1.0, -1)
    soft: npt.NDArray[np.float32] = np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.5), np.float32)[:, :, None]
    part = canvas[top : top + _HEAD, left : left + _HEAD]
    part[:] = (part * (1 - soft) + head * soft).round().astype(np.uint8)


def _middle_of(middle: tuple[int, int]) -> Box:
    return (middle[0] - _INNER, middle[1] - _INNER, middle[0] + _INNER, middle[1] + _INNER)


SCENES: Final[Mapping[str, Callable[[], Scene]]] = {
    **{f"cut {at:+d}": partial(_cut, at) for at in (-12, -3, -1, 0, 1, 3)},
    "somebody comes": partial(_slides, comes=True),
    "somebody leaves": partial(_slides, comes=False),
    "two cross": partial(_crossing, is_cut=False),
    "two change places by a cut": partial(_crossing, is_cut=True),
    "a turned head": _turned,
}
"""Scenes by name."""
