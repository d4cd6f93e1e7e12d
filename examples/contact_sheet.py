"""Finds the hard moments of a clip by its truth and lays them out before and after, one above the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.picture import read_picture
from facefusion.media.reader import VideoReader
from facefusion.options import LimitOptions

Image = npt.NDArray[np.uint8]
Truth = Mapping[str, npt.NDArray[Any]]
_TILE = 380
_LABEL = 34


def hard_moments(truth: Truth) -> dict[str, int]:
    """Return frame numbers by name, in the order of time.

    Args:
        truth: what `TruthLog.save` writes, of one person or more; the first is looked at.
    """
    yaw, eye, mouth, light = (truth[key][:, 0] for key in ("yaw", "eye_openness", "mouth_opening", "light_gain"))
    facing, lit = np.abs(yaw) < 12, light > 0.98
    moments = {
        "turned right": int(np.argmax(yaw)),
        "turned left": int(np.argmin(yaw)),
        "eyes closed": int(np.argmin(eye + 9 * ~facing)),
        "mouth open": int(np.argmax(mouth - 9 * ~(facing & lit))),
        "dim light": int(np.argmin(light)),
        "hand in front": int(np.argmax(_covered(truth))),
    }
    return dict(sorted(moments.items(), key=lambda moment: moment[1]))


def write_sheet(path: Path, *, before: Path, after: Path, truth: Path, source: Path) -> tuple[str, ...]:
    """Write a picture with the source and every hard moment before and after.

    Args:
        path: PNG to write.
        before: the clip as it was.
        after: the same clip with another face.
        truth: what is known of the clip.
        source: picture of the other face.

    Returns:
        The names of the moments.
    """
    with np.load(truth) as known:
        moments, landmarks = hard_moments(known), known["landmarks"][:, 0]
    wanted = set(moments.values())
    clips = [_frames(clip, wanted) for clip in (before, after)]
    picture = read_picture(source, LimitOptions()).image
    columns = [np.vstack([_label("the new face", _fit(picture)), _caption("above: before", "below: after")])]
    for name, number in moments.items():
        tiles = [_around(frames[number], landmarks[number]) for frames in clips]
        columns.append(np.vstack([_label(name, tiles[0]), tiles[1]]))
    sheet = np.hstack(columns)
    if not cv2.imwrite(str(path), sheet[..., ::-1]):
        raise OSError(f"{path} cannot be written")
    return tuple(moments)


def _covered(truth: Truth) -> npt.NDArray[np.float64]:
    """Return in each frame how much of the face the hand's box overlaps, in pixels."""
    points = truth["landmarks"][:, 0].astype(np.float64)
    low, high = points.min(1), points.max(1)
    box = truth["hand_box"][:, 0].astype(np.float64)
    overlap = np.minimum(high, box[:, 2:]) - np.maximum(low, box[:, :2])
    return np.asarray(np.clip(overlap, 0, None).prod(axis=1))


def _frames(clip: Path, wanted: set[int]) -> dict[int, Image]:
    with VideoReader(clip, LimitOptions()) as reader:
        return {frame.index: frame.image for frame in reader if frame.index in wanted}


def _around(image: Image, landmarks: npt.NDArray[np.float32]) -> Image:
    """Cut the square around the head."""
    middle = (landmarks.min(0) + landmarks.max(0)) / 2
    half = 0.85 * np.ptp(landmarks[:, 1])
    scale = _TILE / (2 * half)
    matrix = np.array([[scale, 0, _TILE / 2 - scale * middle[0]], [0, scale, _TILE / 2 - scale * middle[1]]])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.warpAffine(image, matrix, (_TILE, _TILE), flags=flags), dtype=np.uint8)


def _fit(image: Image) -> Image:
    """Scale a whole picture into a tile."""
    scale = _TILE / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.full((_TILE, _TILE, 3), 24, np.uint8)
    top, left = ((_TILE - side) // 2 for side in small.shape[:2])
    tile[top : top + small.shape[0], left : left + small.shape[1]] = small
    return tile


def _label(text: str, tile: Image) -> Image:
    """Put a line of text above a tile."""
    return np.vstack([_write(np.full((_LABEL, tile.shape[1], 3), 24, np.uint8), text, 24), tile])


def _caption(first: str, second: str) -> Image:
    """Fill a tile with two lines of text."""
    return _write(_write(np.full((_TILE, _TILE, 3), 24, np.uint8), first, 40), second, 76)


def _write(image: Image, text: str, baseline: int) -> Image:
    cv2.putText(image, text, (8, baseline), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (235, 235, 235), 1, cv2.LINE_AA)
    return image
