"""Motion: where the skin of a face was in the frame before.

What the head does as a whole is taken from the landmarks, the rest is found by dense optical flow. Source: Kroeger et
al., "Fast optical flow using dense inverse search", 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, blur, enlarge, lookup, median, planes_of, smoothstep
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.state import State

_LEAST_GRID = 16
"""Rows and columns below which the mesh alone is believed: of less, OpenCV's flow fails or reads beyond the end."""
_STEPS, _REFINEMENTS = 8, 2
"""Steps of the search for each patch, and of the smoothing after it; twice as many change a hundredth of a pixel."""
_REMAINDER = (6.0, 20.0)
"""Difference of grey levels that the motion leaves unexplained: below the first it is trusted, above the second not."""
_REMAINDER_BLUR = 2.0
"""Smoothing of that difference, in pixels of the grid."""
_SOME = 4
"""One in so many rows and columns is enough to tell how light the whole has grown."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A face as it was seen in one frame.

    Attributes:
        grey: the region on its grid, uint8 (H, W).
        to_frame: from pixels of the grid to those of the frame, float64 (3, 3).
        mesh: landmarks in pixels of the frame, float32 (468, 2).
    """

    grey: npt.NDArray[np.uint8]
    to_frame: npt.NDArray[np.float64]
    mesh: Points

    @classmethod
    def of(cls, grid: npt.NDArray[np.uint8], region: FaceRegion, mesh: Points) -> Self:
        """Look at a face.

        Args:
            grid: the region on its grid, RGB uint8 (H, W, 3).
            region: where it lies.
            mesh: float32 (468, 3), in pixels of the frame.
        """
        grey = np.asarray(cv2.cvtColor(grid, cv2.COLOR_RGB2GRAY), np.uint8)
        return cls(grey, region.to_frame(), np.ascontiguousarray(mesh[:, :2]))

    def state(self) -> State:
        """Return all of it; see `facefusion.state`."""
        return {field.name: getattr(self, field.name).copy() for field in fields(self)}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return what was saved."""
        return cls(**{field.name: state[field.name].copy() for field in fields(cls)})


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where each pixel of a grid was on the grid of the frame before.

    Attributes:
        place: column and row there, float32 (H, W, 2).
        trust: how surely, 0 to 1, float32 (H, W).
        lighter: by how many grey levels the whole has grown lighter.
    """

    place: Field
    trust: Field
    lighter: float

    @classmethod
    def between(cls, then: Seen, now: Seen) -> Self:
        """Find where each pixel of a face was one frame before."""
        back = np.linalg.inv(then.to_frame) @ _carrying(now.mesh, then.mesh) @ now.to_frame
        height, width = now.grey.shape
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        laid = cv2.warpAffine(then.grey, back[:2], (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        x, y = planes_of(_flow(now.grey, np.asarray(laid, np.uint8)))
        x += np.arange(width, dtype=np.float32)
        y += np.arange(height, dtype=np.float32)[:, None]
        trust, lighter = _trust(
            now.grey, np.asarray(cv2.remap(laid, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        )
        a, b = back[:2].astype(np.float32)
        x, y = a[0] * x + a[1] * y + a[2], b[0] * x + b[1] * y + b[2]
        trust *= (x >= 0) & (y >= 0) & (x <= then.grey.shape[1] - 1) & (y <= then.grey.shape[0] - 1)
        return cls(np.asarray(cv2.merge([x, y]), np.float32), trust, lighter)

    def carry(self, *fields: Field) -> list[Field]:
        """Return fields of the frame before, float32 (H, W) or (H, W, K), as they lie now."""
        planes = [plane for field in fields for plane in (planes_of(field) if field.ndim == 3 else [field])]
        # OpenCV reads four planes as fast as one, and faster than two or three.
        fours = (planes[first : first + 4] for first in range(0, len(planes), 4))
        moved = iter([plane for four in fours for plane in planes_of(self._carried(four))])
        return [_laid([next(moved) for _ in range(field[0, 0].size)], field.ndim) for field in fields]

    def _carried(self, planes: Sequence[Field]) -> Field:
        filled = [*planes, *([planes[0]] * (4 - len(planes)))]
        return lookup(np.asarray(cv2.merge(filled), np.float32), self.place)


def _laid(planes: Sequence[Field], dimensions: int) -> Field:
    return planes[0] if dimensions == 2 else np.asarray(cv2.merge(planes), np.float32)


def _flow(now: npt.NDArray[np.uint8], then: npt.NDArray[np.uint8]) -> Field:
    """Return by how much pixels moved beyond what the mesh says, float32 (H, W, 2)."""
    height, width = now.shape
    if min(height, width) < _LEAST_GRID:
        return np.zeros((height, width, 2), np.float32)
    # Told to end its search at half the size OpenCV finds the same, but readies the whole for it.
    half = (width // 2, height // 2)
    a, b = (np.asarray(cv2.resize(each, half, interpolation=cv2.INTER_AREA), np.uint8) for each in (now, then))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(0)
    search.setGradientDescentIterations(_STEPS)
    search.setVariationalRefinementIterations(_REFINEMENTS)
    flow = np.asarray(search.calc(a, b, np.zeros((*half[::-1], 2), np.float32)), np.float32)
    return enlarge(flow, (height, width)) * np.float32(2)


def _trust(now: npt.NDArray[np.uint8], carried: npt.NDArray[np.uint8]) -> tuple[Field, float]:
    """Return how well the motion explains what is seen, and by how much all of it grew lighter, no fault of it."""
    left = now.astype(np.float32) - carried
    lighter = median(left[::_SOME, ::_SOME].ravel())
    return 1 - smoothstep(blur(np.abs(left - lighter), _REMAINDER_BLUR), *_REMAINDER), float(lighter)


def _carrying(mesh: Points, to: Points) -> npt.NDArray[np.float64]:
    """Return the movement, turn in the picture and scaling that carry a mesh (468, 2) onto another, float64 (3, 3)."""
    middles = mesh.mean(0, dtype=np.float64), to.mean(0, dtype=np.float64)
    a, b = mesh - middles[0], to - middles[1]
    spread = max(float((a * a).sum()), 1e-6)
    along, across = (a * b).sum() / spread, (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / spread
    matrix = np.array([[along, -across, 0], [across, along, 0], [0, 0, 1]])
    matrix[:2, 2] = middles[1] - matrix[:2, :2] @ middles[0]
    return matrix
