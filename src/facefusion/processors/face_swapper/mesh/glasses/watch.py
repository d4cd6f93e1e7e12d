"""Watching a face for glasses: one look at a single picture, some at a video."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import pose_of
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field
from facefusion.processors.face_swapper.mesh.glasses.finding import find_glasses
from facefusion.processors.face_swapper.mesh.glasses.lines import line_strengths
from facefusion.processors.face_swapper.mesh.glasses.plane import HEIGHT, GlassesPlane
from facefusion.processors.face_swapper.mesh.glasses.tracing import Frame
from facefusion.state import State

_SURE = 1.05
"""Log-odds from which glasses are taken to be there."""
EXPECTED = -1.0
"""Log-odds from which they are, where another picture of the same person surely shows some."""
_LEAST_SCALE = 0.3
"""Pixels of the picture in one of the plane below which a frame is too thin to be told from a wrinkle."""
_MOST_YAW = 40.0
"""Turn of the head in degrees past which one rim hides behind the nose."""
_SOON, _OFTEN, _SELDOM = 40, 5, 50
"""Frames during which a look is taken every few frames, every how many, and every how many from then on."""
_LEAST_RATE = 0.15
"""Share of a look in the odds, once there have been many."""


class GlassesWatch:
    """Knows whether a face wears glasses, and where they are; show it every frame in which the face is seen.

    Args:
        sure: log-odds from which glasses are taken to be there.
    """

    def __init__(self, *, sure: float = _SURE) -> None:
        self._sure = sure
        self._frames = 0
        self._looks = 0
        self._odds = 0.0
        self._best = sure
        self._frame: Frame | None = None

    def share(
        self,
        image: npt.NDArray[np.uint8],
        mesh: Points,
        corner: tuple[int, int],
        size: tuple[int, int],
        rotation: npt.NDArray[np.float64] | None = None,
    ) -> Field | None:
        """Return the share of the glasses in each pixel of a part of the picture; None when there are none for sure.

        Args:
            image: RGB uint8 (H, W, 3).
            mesh: the face in it, float32 (468, 3).
            corner: column and row of the part's first pixel.
            size: its height and width.
            rotation: of the face, where it is known already; see `rotation_of`.

        Returns:
            float32 (H, W), 0 to 1.
        """
        due = self._frames % (_OFTEN if self._frames < _SOON else _SELDOM) == 0
        self._frames += 1
        if not due and (self._frame is None or self._odds <= _SURE):
            return None
        plane = GlassesPlane.of(mesh, rotation)
        looking = due and plane.scale > _LEAST_SCALE and abs(pose_of(mesh).yaw) < _MOST_YAW
        if not looking and (self._frame is None or self._odds <= self._sure):
            return None
        rows = slice(HEIGHT) if looking or self._frame is None else self._frame.extent()[1][0]
        lightness = plane.read(image, rows)
        if looking:
            self._look(lightness)
        if self._frame is None or self._odds <= self._sure:
            return None
        return plane.lay_back(self._frame.share(lightness), corner, size)

    def state(self) -> State:
        """Return what is known; see `facefusion.state`."""
        frame = self._frame
        traced = {} if frame is None else {"band": frame.band, "depth": frame.depth, "lenses": frame.lenses}
        return {"frames": self._frames, "looks": self._looks, "odds": self._odds, "best": self._best, "frame": traced}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return a watch that goes on from a state."""
        watch = cls()
        watch._frames, watch._looks = state["frames"], state["looks"]
        watch._odds, watch._best = state["odds"], state["best"]
        watch._frame = Frame(**state["frame"]) if state["frame"] else None
        return watch

    def _look(self, lightness: Field) -> None:
        """Weigh what this frame shows; of all frames, the one that shows glasses best says where they are."""
        strengths = line_strengths(lightness)
        found = find_glasses(strengths)
        self._looks += 1
        self._odds += max(_LEAST_RATE, 1 / self._looks) * (found.odds - self._odds)
        if found.odds > self._best:
            self._best = found.odds
            self._frame = Frame.trace(lightness, strengths, found.rims)
