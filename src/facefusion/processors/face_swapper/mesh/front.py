"""What is in front of a face in a single picture: hands, microphones, food, paper.

Nobody knows yet what this face looks like without them, so a small network says which pixels are not of a face; it
was trained on portraits with drawn things in front of them, `pack/cards/front.md` tells how. What it sees coarsely is
then drawn along the picture's own edges. A clip has a memory of the face; the network is asked until that has settled.
"""

from __future__ import annotations

from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import RotatedSquare, crop
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.mesh import OVAL, pose_of
from facefusion.faces.types import Points
from facefusion.inference.session import Session
from facefusion.processors.face_swapper.mesh.filters import Field, enlarge, lookup, shrink, smoothstep
from facefusion.processors.face_swapper.mesh.pieces import pieces_reaching
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.state import State

SIZE = 96
SHARE = 0.84
"""Side of the crop as a share of that of the landmarker, which is half as long again as the mesh."""

_SMALL = 40.0
"""Side of the crop in pixels of the picture below which nothing is looked for."""
_TURNED = 40.0
"""Turn of the head in degrees past which nothing is looked for: there, much is beside the cheek."""
_DARK = (28.0, 44.0)
"""Mean of the crop, 0 to 255: from one whose noise tells nothing to one that is believed."""
_LIKELY, _SURE = 0.4, 0.9
"""How likely a piece is in front everywhere, and in its core."""
_LEAST_AREA, _LEAST_CORE = 0.006, 0.003
"""Share of the face that a piece must exceed, and its core."""
_WINDOW, _SMOOTH = 0.044, 20.0
"""Of the guided filter: the side of its window beside the longer side of the grid, and the contrast, 0 to 255,
that makes an edge."""
_EDGE = (0.3, 0.7)
"""How likely pixels are in front after that, from where they belong to the face to where not at all."""
_LOOKS = 8
"""Frames of a track that are looked at in any case."""
_CLEAR_LOOKS = 3
"""Looks in a row that find nothing, after which none is taken any more."""
_PERSISTENCE = np.float32(0.5)
"""Share of what was likely in the last frame."""


class FrontFinder:
    """Asks the network.

    Args:
        session: `front`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def likely(self, image: npt.NDArray[np.uint8], mesh: Points) -> Field:
        """Return how likely each pixel of a face's crop is in front of it, float32 (SIZE, SIZE), 0 to 1.

        Args:
            image: RGB uint8 (H, W, 3).
            mesh: the face in it, float32 (468, 3).
        """
        picture = crop(image, square_of(mesh).to_crop(SIZE), SIZE)
        answer = self._session.run((picture.transpose(2, 0, 1) * np.float32(1 / 255))[None])["front"]
        return np.asarray(answer[0, 0] * smoothstep(np.float32(picture.mean()), *_DARK), np.float32)


class FrontWatch:
    """Looks at one face: once at a single picture, and in a clip until it is known that nothing is in front of it."""

    def __init__(self) -> None:
        self._looks = 0
        self._clear = 0
        self._likely = np.zeros((SIZE, SIZE), np.float32)

    def share(
        self, finder: FrontFinder, image: npt.NDArray[np.uint8], mesh: Points, region: FaceRegion
    ) -> Field | None:
        """Return the share of what is in front in each pixel of the region's grid; None where nothing is.

        Args:
            finder: asks the network.
            image: RGB uint8 (H, W, 3).
            mesh: the face in it, float32 (468, 3).
            region: of the face.

        Returns:
            float32 (H, W), 0 to 1.
        """
        if self._looks >= _LOOKS and self._clear >= _CLEAR_LOOKS:
            return None
        square = square_of(mesh)
        if square.side < _SMALL or abs(pose_of(mesh).yaw) > _TURNED:
            return None
        now = finder.likely(image, mesh)
        self._likely = now if self._looks == 0 else now + _PERSISTENCE * (self._likely - now)
        self._looks += 1
        pieces = _pieces(self._likely, mesh, square)
        self._clear = 0 if pieces is not None else self._clear + 1
        return None if pieces is None else _drawn_finely(pieces, region, image, square)

    def state(self) -> State:
        """Return what is known; see `facefusion.state`."""
        return {"looks": self._looks, "clear": self._clear, "likely": self._likely.copy()}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return a watch that goes on from a state."""
        watch = cls()
        watch._looks, watch._clear, watch._likely = state["looks"], state["clear"], state["likely"].copy()
        return watch


def square_of(mesh: Points) -> RotatedSquare:
    """Return the square that the network wants around a face's mesh, float32 (468, 3)."""
    wide = region_of_mesh(mesh)
    return RotatedSquare(wide.x, wide.y, wide.side * SHARE, wide.angle)


def _pieces(likely: Field, mesh: Points, square: RotatedSquare) -> Field | None:
    """Return the likelihood of pieces that are surely in front, float32 (SIZE, SIZE); None where there are none."""
    outline = cv2.convexHull(_placed(mesh[list(OVAL), :2], square))
    face = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillConvexPoly(face, np.round(outline).astype(np.int32), 1)
    within = face > 0
    whole = float(within.sum())
    core = (likely > _SURE) & within
    found = pieces_reaching((likely > _LIKELY) & within, core, least_area=_LEAST_AREA * whole)
    if (core & found).sum() <= _LEAST_CORE * whole:
        return None
    # Their soft rims belong to them.
    rims = cv2.dilate((found | ~within).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.asarray(np.where(rims, likely, 0), np.float32)


def _placed(points: npt.NDArray[np.floating], square: RotatedSquare) -> Points:
    affine = square.to_crop(SIZE)
    return np.asarray(points @ affine[:, :2].T + affine[:, 2], np.float32)


def _drawn_finely(pieces: Field, region: FaceRegion, image: npt.NDArray[np.uint8], square: RotatedSquare) -> Field:
    """Return pieces of the crop on the grid of a region, along the edges of the picture, float32 (H, W)."""
    height, width = region.grid
    to_frame = region.to_frame()[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
    places = _placed(np.stack([x, y], -1) @ to_frame[:, :2].T + to_frame[:, 2], square)
    inside = ((places > -0.5) & (places < SIZE - 0.5)).all(-1)
    coarse = np.asarray(lookup(pieces, places) * inside, np.float32)
    guide = region.on_grid(np.ascontiguousarray(region.view(image)))
    window = max(4, round(_WINDOW * max(height, width)))
    return smoothstep(guided(coarse, guide, window, _SMOOTH), *_EDGE)


def guided(values: Field, guide: npt.NDArray[np.uint8], window: int, contrast: float) -> Field:
    """Return values smoothed where a picture is smooth, with edges where it has its own, float32 (H, W).

    Source: He, Sun and Tang, "Guided image filtering", 2013; He and Sun, "Fast guided filter", 2015.

    Args:
        values: float32 (H, W).
        guide: RGB uint8 (H, W, 3).
        window: side of the square within which values follow the picture's colours, in pixels.
        contrast: 0 to 255, below which its differences are no edges.
    """
    size = (values.shape[0], values.shape[1])
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    colours, coarse = shrink(guide.astype(np.float32), half), shrink(values, half)
    side = (window // 2 | 1, window // 2 | 1)

    def mean(field: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        return np.asarray(cv2.blur(field.astype(np.float64), side), np.float64)

    middle, level = mean(colours), mean(coarse)
    pairs = mean((colours[..., :, None] * colours[..., None, :]).reshape(*half, 9))
    spread = pairs.reshape(*half, 3, 3) - middle[..., :, None] * middle[..., None, :]
    joint = mean(colours * coarse[..., None]) - middle * level[..., None]
    slope = np.linalg.solve(spread + contrast**2 * np.eye(3), joint[..., None])[..., 0]
    line = mean(np.dstack([slope, level - (slope * middle).sum(-1)]))
    # How values follow from colours changes slowly: it is found at half the size.
    fine = enlarge(line.astype(np.float32), size)
    return np.asarray((fine[..., :3] * guide).sum(-1) + fine[..., 3], np.float32)
