"""Moving and numbered pictures, made by Pillow and OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow

from benchmarks.matrix.case import Case
from benchmarks.matrix.clip import Clip, Pictures

_MILLISECONDS = Fraction(1, 1000)
_REGULAR = tuple(range(0, 480, 40))
_UNEVEN = (0, 40, 100, 120, 250, 270, 400, 440, 460, 600, 620, 700)
_LAST = 40


def _pictures(times: Sequence[int] = _REGULAR, *, alpha: bool = False, deep: bool = False) -> Pictures:
    form = "rgba" if alpha else "rgb48le" if deep else "rgb24"
    return Pictures("", form, times=times, clock=_MILLISECONDS, alpha=alpha)


def _animation(pictures: Pictures, path: Path) -> None:
    """Write an animated picture by Pillow."""
    images = []
    for number in range(len(pictures.times)):
        picture, alpha = pictures.upright(number)
        values = np.rint(picture * 255).astype(np.uint8)
        if alpha is not None:
            opaque = alpha > 0.5 if path.suffix == ".gif" else alpha
            values = np.dstack([values, np.rint(opaque * 255.0).astype(np.uint8)])
        images.append(Pillow.fromarray(values))
    durations = [int(end - start) for start, end in zip(pictures.times, pictures.times[1:], strict=False)] + [_LAST]
    options = {".webp": {"lossless": True}, ".gif": {"disposal": 2}}.get(path.suffix, {})
    images[0].save(path, save_all=True, append_images=images[1:], duration=durations, loop=0, **options)


def _sequence(pictures: Pictures, path: Path) -> None:
    """Write numbered pictures."""
    path.parent.mkdir()
    top, kind = (65535, np.uint16) if "48" in pictures.form else (255, np.uint8)
    for number in range(len(pictures.times)):
        picture, alpha = pictures.upright(number)
        values = picture[..., ::-1] if alpha is None else np.dstack([picture[..., ::-1], alpha])
        cv2.imwrite(str(path) % (number + 1), np.rint(values * top).astype(kind))


def moving_cases() -> list[Case]:
    """Return all of them."""

    def case(name: str, file: str, to: str, pictures: Pictures, **rest: Any) -> Case:
        make = _sequence if "%" in file else _animation
        group = "Moving and numbered pictures"
        return Case(group, name, file, to, Clip(pictures), lambda path: make(pictures, path), **rest)

    dither: dict[str, Any] = {"remark": "256 colours in the file already"}
    palette: dict[str, Any] = {"colour_limit": 5.0, "remark": "256 colours, chosen anew", "lost": frozenset(("alpha",))}
    lossy: dict[str, Any] = {"options": {"output_video_quality": 2}, "remark": "4:2:0, lossy"}
    return [
        case("GIF", "moving.gif", ".mp4", _pictures(), **dither),
        case("GIF, uneven, to GIF", "uneven.gif", ".gif", _pictures(_UNEVEN), **palette),
        case("GIF, transparent", "clear.gif", ".webm", _pictures(alpha=True)),
        case("animated WebP", "moving.webp", ".mp4", _pictures(_UNEVEN)),
        case("animated WebP, transparent, to WebP", "clear.webp", ".webp", _pictures(_UNEVEN, alpha=True), **lossy),
        case("animated PNG", "moving.png", ".mkv", _pictures(_UNEVEN)),
        case("animated PNG, transparent, to PNG", "clear.png", ".apng", _pictures(_UNEVEN, alpha=True)),
        case("numbered PNG", "shots/%04d.png", ".mp4", _pictures()),
        case("numbered PNG, 16 bits", "deep/%04d.png", "/%04d.png", _pictures(deep=True), is_painted=True),
        case("numbered PNG, transparent", "clear/%03d.png", ".mov", _pictures(alpha=True)),
        case("numbered TIFF, 16 bits", "scans/scan-%02d.tiff", ".mov", _pictures(deep=True)),
    ]
