"""One face that is followed, and what is known of where it will be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import RotatedSquare
from facefusion.faces.appearance import ANOTHER, LEAST_WIDTH, PARTLY, appearance, changed_share
from facefusion.faces.irises import IrisFilter
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.mesh import bounding_box, five_landmarks, pose_of
from facefusion.faces.saved import face_state, restored_face
from facefusion.faces.smooth import OneEuroFilter
from facefusion.faces.types import Face, Vector
from facefusion.state import State

_SETTLING = 0.5
"""Share of the last step in the movement that is expected of the next."""
_NEAR = 2.2
"""Side of the square in which a lost face is looked for, as a multiple of the landmarker's."""
_SAME_PLACE = 0.6
"""Distance, in sizes of the face, from where it is expected within which a face is the lost one."""
_FURTHER = 0.3
"""By which share this grows for each frame since it was lost."""
_SAME_SIZE = 1.5
_HIDDEN = 0.5
"""What is left of the confidence in a face that a neighbour hides."""
_SURE = 0.9
"""Presence from which the landmarker is sure of a face."""
_JUMP = 0.3
"""Step, in widths of the face, beyond which a mesh is not smoothed with that before."""


@dataclass(slots=True)
class Track:
    """One face through time.

    Attributes:
        number: of the track.
        face: as measured, not smoothed.
        filter: smooths the mesh; its output is what others see.
        irises: smooths the irises.
        step: movement of the middle from frame to frame as it is expected, pixels, float32 (2,).
        missed: frames since it was seen.
        looks: brightness at its vertices in the last frame; None where there was none, or it was too small.
        change: share of it that changed in the last frame.
        is_hidden: whether a neighbour is in front of it, so that its mesh is not to be relied on.
    """

    number: int
    face: Face
    filter: OneEuroFilter
    irises: IrisFilter
    step: Vector = field(default_factory=lambda: np.zeros(2, np.float32))
    missed: int = 0
    looks: Vector | None = None
    change: float = 0.0
    is_hidden: bool = False

    @classmethod
    def start(cls, number: int, face: Face, time: float) -> Self:
        """Begin with a face that was found."""
        irises = IrisFilter()
        irises.update(face.irises, face.mesh)
        return cls(number, face, OneEuroFilter(face.mesh, time), irises)

    def see(self, face: Face, time: float) -> None:
        """Take over where the face is in the next frame in which it is seen."""
        step = (_middle(face) - _middle(self.face)) / np.float32(self.missed + 1)
        if self.missed and float(np.linalg.norm(_middle(face) - _middle(self.face))) > _JUMP * self.face.width:
            self.filter = OneEuroFilter(face.mesh, time)
        else:
            self.filter.update(face.mesh, time)
        self.irises.update(face.irises, face.mesh)
        self.step += np.float32(_SETTLING) * (step - self.step)
        self.face, self.missed = face, 0

    def expected(self) -> RotatedSquare:
        """Return the landmarker's square for the next frame; where it lies on the face, landmarks are at their best."""
        region = region_of_mesh(self.face.mesh)
        return replace(region, x=region.x + float(self.step[0]), y=region.y + float(self.step[1]))

    def surprise(self, face: Face) -> float:
        """Return how unlike what was expected of the next frame a fit is, in widths of the face."""
        place = float(np.linalg.norm(_middle(face) - _middle(self.face) - self.step)) / max(self.face.width, 1.0)
        return place + abs(float(np.log(max(face.height, 1.0) / max(self.face.height, 1.0))))

    def is_again(self, face: Face) -> bool:
        """Whether a face that was found is this one, which was lost."""
        expected = _middle(self.face) + self.step * np.float32(self.missed + 1)
        distance = float(np.linalg.norm(_middle(face) - expected))
        ratio = max(face.height, 1.0) / max(self.face.height, 1.0)
        reach = _SAME_PLACE * (1 + _FURTHER * self.missed) * max(self.face.width, self.face.height)
        return distance < reach and 1 / _SAME_SIZE < ratio < _SAME_SIZE

    def around(self) -> RotatedSquare:
        """Return the square in which the face is looked for after it was lost."""
        region = region_of_mesh(self.face.mesh)
        x, y = self.step * np.float32(self.missed + 1)
        return replace(region, x=region.x + float(x), y=region.y + float(y), side=region.side * _NEAR)

    def is_another(self, image: npt.NDArray[np.uint8], face: Face) -> bool:
        """Whether what was fitted in the frame after the last is somebody else's face; remembers what it looks like."""
        large = min(face.width, self.face.width) >= LEAST_WIDTH
        before, self.looks = self.looks, appearance(image, face) if large else None
        self.change = 0.0 if before is None or self.looks is None else changed_share(before, self.looks)
        return self.change > ANOTHER

    @property
    def is_clear(self) -> bool:
        """Whether the face is followed well: the landmarker is sure of it, and nothing is in front."""
        return self.face.presence > _SURE and not self.is_hidden and self.change < PARTLY

    def touch(self, *, touching: bool) -> None:
        """Find out whether a neighbour is in front: that one touches this face, and this one's looks change."""
        self.is_hidden = touching and (self.is_hidden or self.change > PARTLY)

    def smoothed(self) -> Face:
        """Return the face as others see it."""
        mesh = self.filter.value
        return replace(
            self.face,
            mesh=mesh,
            box=bounding_box(mesh),
            landmarks5=five_landmarks(mesh),
            pose=pose_of(mesh),
            track_id=self.number,
            irises=self.irises.on(mesh),
            presence=self.face.presence * (_HIDDEN if self.is_hidden else 1),
        )

    def state(self) -> State:
        """Return all of it; see `facefusion.state`."""
        return {
            "number": self.number,
            "face": face_state(self.face),
            "filter": self.filter.state(),
            "irises": self.irises.state(),
            "step": self.step.copy(),
            "missed": self.missed,
            "looks": None if self.looks is None else self.looks.copy(),
            "change": self.change,
            "is_hidden": self.is_hidden,
        }

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return a track that goes on from a state."""
        face = restored_face(state["face"])
        smooth = OneEuroFilter(face.mesh, 0.0)
        smooth.restore(state["filter"])
        looks = None if state["looks"] is None else state["looks"].copy()
        counts = state["step"].copy(), state["missed"], looks, state["change"], state["is_hidden"]
        return cls(state["number"], face, smooth, IrisFilter.of_state(state["irises"]), *counts)


def _middle(face: Face) -> Vector:
    return np.asarray((face.box[:2] + face.box[2:]) / 2, np.float32)
