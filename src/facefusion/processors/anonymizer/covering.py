"""Covering: a part of a picture, and what is seen there in place of what was.

Blur and squares both keep no more than the mean colours of a few cells across the face, laid out with the face, so that
what is lost does not depend on how large it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image

Cover = Literal["blur", "pixelate", "mask"]
"""What is seen in place of a face whose features are taken away."""

CELLS: Final[dict[Cover, float]] = {"blur": 4.0, "pixelate": 6.0, "mask": 1.0}
"""Cells across a covered face at strength 1; measured by `benchmarks/anonymizer.py`."""
_AROUND_MESH: Final = 1.22
"""How much wider than the mesh, which ends at the brows' height above and at the cheeks, what is covered is."""
_AROUND_BOX: Final = 1.5
"""The same of a box that stands for a face that is not known better."""
_HIGHER: Final = 0.1
"""By how much of its height what is covered lies higher than its box: foreheads are above."""
_SOFT: Final = 0.05
"""Softness of the edge, as a share of the width; it lies outside of what is covered."""


@dataclass(frozen=True, slots=True)
class Oval:
    """A part of a picture, turned with the face.

    Attributes:
        x: of the middle, in pixels.
        y: of the middle.
        width: in pixels.
        height: in pixels.
        angle: clockwise, in degrees.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float

    @classmethod
    def of_face(cls, face: Face) -> Self:
        """Return what covers a face whose mesh is known."""
        roll = np.radians(face.pose.roll)
        turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
        upright = face.mesh[:, :2].astype(np.float64) @ turn.T
        low, high = upright.min(0), upright.max(0)
        width, height = (high - low) * _AROUND_MESH
        middle = (low + high) / 2 - np.array([0, height * _HIGHER / 2])
        x, y = middle @ turn
        return cls(float(x), float(y), float(width), float(height * (1 + _HIGHER)), float(face.pose.roll))

    @classmethod
    def of_box(cls, box: Vector) -> Self:
        """Return what covers a face of which only the box is known: left, top, right, bottom."""
        width, height = (float(box[k + 2] - box[k]) * _AROUND_BOX for k in (0, 1))
        x, y = (float(box[k] + box[k + 2]) / 2 for k in (0, 1))
        return cls(x, y - height * _HIGHER / 2, width, height * (1 + _HIGHER), 0.0)

    def box(self) -> Vector:
        """Return the upright box around it, float32 (4,)."""
        turn = np.radians(self.angle)
        half = (
            np.hypot(
                [self.width * np.cos(turn), self.width * np.sin(turn)],
                [self.height * np.sin(turn), self.height * np.cos(turn)],
            )
            / 2
        )
        return np.array([self.x - half[0], self.y - half[1], self.x + half[0], self.y + half[1]], np.float32)


def cover(image: Image, oval: Oval, how: Cover, strength: float, share: float = 1.0) -> None:
    """Cover a part of a picture, in place; the mean colours beside it go into nothing that is seen.

    Args:
        image: RGB uint8 (H, W, 3), writable.
        oval: which part.
        how: what is seen there.
        strength: 1 as measured; more leaves fewer cells.
        share: of that in the result, 0 to 1.
    """
    margin = max(2.0, _SOFT * oval.width)
    left, top, right, bottom = oval.box() + np.array([-1, -1, 1, 1]) * (2 * margin + 1)
    columns = slice(max(0, int(np.floor(left))), min(image.shape[1], int(np.ceil(right)) + 1))
    rows = slice(max(0, int(np.floor(top))), min(image.shape[0], int(np.ceil(bottom)) + 1))
    if columns.stop <= columns.start or rows.stop <= rows.start:
        return
    part = image[rows, columns]
    hidden = _hidden(part, oval, (columns.start, rows.start), how, strength)
    mask = _mask(oval, (columns.start, rows.start), part.shape[:2], margin) * np.float32(share)
    part[:] = cv2.blendLinear(hidden, np.ascontiguousarray(part), mask, 1 - mask)


def _mask(oval: Oval, origin: tuple[int, int], size: tuple[int, ...], margin: float) -> npt.NDArray[np.float32]:
    """Return 1 within the oval, and less outside of it down to 0, float32 (H, W)."""
    y, x = np.ogrid[: size[0], : size[1]]
    dx, dy = x + np.float32(origin[0] - oval.x), y + np.float32(origin[1] - oval.y)
    turn = np.radians(oval.angle)
    along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    radius = np.hypot(along / (oval.width / 2), across / (oval.height / 2))
    outside = (radius - 1) * (min(oval.width, oval.height) / 2)
    return np.asarray(np.clip(1 - outside / margin, 0, 1), np.float32)


def _hidden(part: Image, oval: Oval, origin: tuple[int, int], how: Cover, strength: float) -> Image:
    """Return a part of a picture as it is seen when it is covered, RGB uint8 (H, W, 3)."""
    across = max(1, round(CELLS[how] / strength))
    down = max(1, round(across * oval.height / max(oval.width, 1e-3)))
    scale = np.diag([oval.width / across, oval.height / down])
    turn = np.radians(oval.angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    # From cells, whose middles lie at whole numbers, to pixels of the part.
    to_part = rotation @ scale
    middle = np.array([oval.x - origin[0], oval.y - origin[1]])
    beyond = 1  # a ring of cells around, for the softness
    cells = (across + 2 * beyond, down + 2 * beyond)
    shift = middle - to_part @ np.array([(cells[0] - 1) / 2, (cells[1] - 1) / 2])
    affine = np.column_stack([to_part, shift])
    small = _means(part, affine, cells)
    if how == "mask":
        small[:] = small.mean((0, 1))
    flags = cv2.INTER_NEAREST if how == "pixelate" else cv2.INTER_CUBIC
    laid = cv2.warpAffine(small, affine, part.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(np.rint(laid), 0, 255).astype(np.uint8)


_SAMPLES: Final = 12
"""Points of the picture, along each side of a cell, that its colour is the mean of."""


def _means(part: Image, affine: npt.NDArray[np.float64], cells: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Return the mean colour of each cell, float32 (rows, columns, 3).

    Args:
        part: RGB uint8 (H, W, 3).
        affine: from cells to its pixels.
        cells: across and down.
    """
    fine = affine @ np.array(
        [[1 / _SAMPLES, 0, 0.5 / _SAMPLES - 0.5], [0, 1 / _SAMPLES, 0.5 / _SAMPLES - 0.5], [0, 0, 1]]
    )
    size = (cells[0] * _SAMPLES, cells[1] * _SAMPLES)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    step = float(np.sqrt(abs(np.linalg.det(fine[:, :2]))))
    smooth = cv2.GaussianBlur(part, (0, 0), step / 2) if step > 1 else part
    sampled = cv2.warpAffine(smooth, fine, size, flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    return np.asarray(cv2.resize(sampled, cells, interpolation=cv2.INTER_AREA), np.float32)
