"""A sheet that shows what is in a face file: the face, and which view each part of it is from."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from facefusion.engine.facefile.file import FaceFile
from facefusion.faces.draw import write
from facefusion.media.frame import Image
from facefusion.media.output import atomic_output, check_output
from facefusion.media.picture import Picture, write_picture
from facefusion.options import OutputOptions
from facefusion.processors.face_swapper.mesh.portrait import map_of, portrait
from facefusion.processors.face_swapper.mesh.saved import restored_model

_HEIGHT = 640
"""Of the two pictures, in pixels."""
_LINE = 24
"""Height of a line of text, in pixels."""
_MIRROR = (150, 150, 150)
"""Colour of what is from the other half of the face."""
_UNIT = 0.62


def face_sheet(face: FaceFile) -> Image:
    """Return the sheet: the texture, the same with each view's part in a colour of its own, and the figures."""
    model = restored_model(dict(face.models["mesh"]))
    texture = portrait(model)
    colours = np.array([*(_colour(place, len(face.views)) for place in range(len(face.views))), _MIRROR], np.float32)
    shares = map_of(model, np.ascontiguousarray(model.origins.T))
    tint = shares @ colours
    grey = texture.mean(2, keepdims=True) / 160
    parts = np.clip(tint * grey, 0, 255).astype(np.uint8)
    pictures = np.hstack([_sized(texture), _sized(parts)])
    rows = [_row(pictures.shape[1], text, None) for text in head_lines(face)]
    rows += [
        _row(pictures.shape[1], text, tuple(colour))
        for text, colour in zip([*map(" ".join, view_lines(face)), _mirror_line(face)], colours.tolist(), strict=True)
    ]
    return np.vstack([pictures, *rows])


def write_sheet(face: FaceFile, path: Path, *, inputs: Sequence[Path], options: OutputOptions) -> None:
    """Write the sheet.

    Args:
        face: what to show.
        path: where.
        inputs: files that may not be replaced.
        options: whether another file may be, and quality.

    Raises:
        OutputError: it cannot be written.
    """
    check_output(path, inputs=inputs, overwrite=options.overwrite, kind="picture")
    with atomic_output(path) as part:
        write_picture(part, Picture(face_sheet(face)), quality=options.output_image_quality)


def head_lines(face: FaceFile) -> list[str]:
    """Return what is to be said of the face as a whole, a line each."""
    kinds = [source.kind for source in face.sources]
    counts = [f"{kinds.count(kind)} {kind}{'' if kinds.count(kind) == 1 else 's'}" for kind in dict.fromkeys(kinds)]
    width, height = face.texture_size
    return [
        f"{face.name}: from {' and '.join(counts)}, texture {width}x{height}, built {face.built} by {face.software}"
    ]


def view_lines(face: FaceFile) -> list[tuple[str, str]]:
    """Return of each view what it is, and its figures."""
    shares = view_shares(face)
    return [
        (
            f"{face.sources[view.source].kind} {view.source}{'' if view.time is None else f' at {view.time:.2f} s'}",
            f"{share:.0%} of the face, {view.width:.0f} px, yaw {round(view.yaw):+}, pitch {round(view.pitch):+}, "
            f"sharpness {view.sharpness:.2f}",
        )
        for view, share in zip(face.views, shares, strict=False)
    ]


def view_shares(face: FaceFile) -> list[float]:
    """Return how much of the face is from each view, 0 to 1, and last how much from its other half."""
    return [float(share) for share in face.models["mesh"]["origins"].mean(1)]


def _mirror_line(face: FaceFile) -> str:
    return f"{view_shares(face)[-1]:.0%} from the other half of the face"


def _colour(place: int, count: int) -> tuple[float, float, float]:
    """Return a colour of its own for each view."""
    red, green, blue = colorsys.hsv_to_rgb(place / max(count, 1), 0.55, 1.0)
    return red * 255, green * 255, blue * 255


def _sized(image: Image) -> Image:
    width = max(1, round(image.shape[1] * _HEIGHT / image.shape[0]))
    how = cv2.INTER_AREA if image.shape[0] > _HEIGHT else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, _HEIGHT), interpolation=how), np.uint8)


def _row(width: int, text: str, colour: tuple[float, ...] | None) -> Image:
    """Return a line of text, with a patch of colour before it."""
    row = np.full((_LINE, width, 3), 24, np.uint8)
    if colour is not None:
        row[4:-4, 4:_LINE] = np.asarray(colour, np.uint8)
    write(row, text, (_LINE + 4, _LINE - 2), _UNIT)
    return row
