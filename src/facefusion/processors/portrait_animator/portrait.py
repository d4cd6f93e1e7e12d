"""The portrait: a picture at the size of the result, and the face in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from facefusion.faces.types import Face, Points
from facefusion.media.frame import Image, resized


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """What is moved.

    Attributes:
        image: RGB uint8 (H, W, 3), sides even.
        face: the face in it.
    """

    image: Image
    face: Face

    @classmethod
    def of(cls, image: Image, face: Face, most: int) -> Self:
        """Return a picture and its face at the size of the result.

        Args:
            image: RGB uint8 (H, W, 3).
            face: the face in it.
            most: longest side of the result in pixels.
        """
        height, width = image.shape[:2]
        size = portrait_size(width, height, most)
        return cls(resized(image, *size), _scaled(face, size[0] / width, size[1] / height))


def portrait_size(width: int, height: int, most: int) -> tuple[int, int]:
    """Return width and height of a result, which are even: no smaller number of colours fits every video otherwise.

    Args:
        width: of the picture in pixels.
        height: likewise.
        most: longest side of the result.
    """
    scale = min(1.0, most / max(width, height))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def _scaled(face: Face, across: float, down: float) -> Face:
    """Return a face as it lies in its picture at another size; coordinates count pixel centres."""
    scale = np.array([across, down, (across + down) / 2], np.float32)
    offset = np.array([(across - 1) / 2, (down - 1) / 2, 0], np.float32)

    def of(points: Points | None) -> Points | None:
        if points is None:
            return None
        columns = points.shape[1]
        return np.asarray(points * scale[:columns] + offset[:columns], np.float32)

    mesh, five = of(face.mesh), of(face.landmarks5)
    assert mesh is not None and five is not None
    box = np.asarray(face.box * np.tile(scale[:2], 2) + np.tile(offset[:2], 2), np.float32)
    return replace(
        face,
        box=box,
        mesh=mesh,
        landmarks5=five,
        irises=of(face.irises),
        landmarks68=of(face.landmarks68),
        landmarks=of(face.landmarks),
    )
