"""What a face is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]
"""Points in pixels of the picture, float32, shape (N, 2) or (N, 3)."""
Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face as a detector sees it.

    Attributes:
        box: left, top, right, bottom in pixels, float32 (4,).
        score: confidence, 0 to 1.
        landmarks5: image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, float32 (5, 2).
    """

    box: Vector
    score: float
    landmarks5: Points


@dataclass(frozen=True, slots=True)
class Pose:
    """Rotation of the head in degrees; all 0 when it looks into the camera.

    Attributes:
        yaw: turn; positive when the nose points to the right of the picture.
        pitch: nod; positive when the nose points up.
        roll: tilt; positive clockwise in the picture.
    """

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a classifier takes somebody for, by looks alone; it errs, most of all on ages.

    Attributes:
        age: from and to, in years, the latter not included.
        gender: `female` or `male`; None where the classifier does not say.
        race: one of the classifier's groups; None where it does not say.
    """

    age: tuple[int, int]
    gender: str | None = None
    race: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """Everything known about one face in one picture.

    Fields may also be read as `face["score"]`.

    Attributes:
        box: left, top, right, bottom in pixels, float32 (4,).
        score: detector's confidence, 0 to 1.
        landmarks5: image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, float32 (5, 2).
        mesh: 468 dense landmarks, float32 (468, 3); x and y in pixels, z in the same unit, smaller is nearer.
        presence: landmarker's confidence that the crop holds a face, 0 to 1; less where a neighbour hides it.
        pose: rotation of the head.
        embedding: identity vector, float32 (128,); None until somebody asks for it.
        track_id: number of the face's unbroken track within a video; None in single pictures.
        role: which of the job's roles it plays, for those who edit it: 0 is the only one, unless there is a map.
        share: share of an edit in the result, 0 to 1; less than 1 while a face of a video fades in or out.
        irises: centre (x, y) and radius of the iris of the image-left and of the image-right eye, float32 (2, 3), in
            pixels; a radius of 0 where the eye is too small to tell, None where nobody looked.
        landmarks68: outline, brows, nose, eyes and lips in the order of the 300-W data set, float32 (68, 2); None
            until a processor needs them.
        landmarks: what the landmarker gave that was chosen, in its own order, float32 (N, 2); None until a processor
            needs it, and where the mesh is the landmarker.
        attributes: what a classifier says; None until somebody asks for it.
    """

    box: Vector
    score: float
    landmarks5: Points
    mesh: Points
    presence: float
    pose: Pose
    embedding: Vector | None = None
    track_id: int | None = None
    role: int = 0
    share: float = 1.0
    irises: Points | None = None
    landmarks68: Points | None = None
    landmarks: Points | None = None
    attributes: Attributes | None = None

    def __getitem__(self, name: str) -> Any:
        """Read a field by its name.

        Raises:
            KeyError: there is no such field.
        """
        if name not in self.__dataclass_fields__:
            raise KeyError(name)
        return getattr(self, name)

    @property
    def width(self) -> float:
        """Width of the box in pixels."""
        return float(self.box[2] - self.box[0])

    @property
    def height(self) -> float:
        """Height of the box in pixels."""
        return float(self.box[3] - self.box[1])

    def moved(self, x: float, y: float) -> Face:
        """Return this face as it lies in a picture whose pixels lie so much further to the right and down."""
        by = np.array([x, y], np.float32)
        depthless = np.append(by, np.float32(0))
        return replace(
            self,
            box=self.box + np.tile(by, 2),
            landmarks5=self.landmarks5 + by,
            mesh=self.mesh + depthless,
            irises=None if self.irises is None else self.irises + depthless,
            landmarks68=None if self.landmarks68 is None else self.landmarks68 + by,
            landmarks=None if self.landmarks is None else self.landmarks + by,
        )

    def enlarged(self, factor: float) -> Face:
        """Return this face as it lies in the same picture at another scale; coordinates count pixel centres."""
        offset = np.float32((factor - 1) / 2)
        by = np.array([offset, offset, 0], np.float32)
        return replace(
            self,
            box=self.box * np.float32(factor) + offset,
            landmarks5=self.landmarks5 * np.float32(factor) + offset,
            mesh=self.mesh * np.float32(factor) + by,
            irises=None if self.irises is None else self.irises * np.float32(factor) + by,
            landmarks68=None if self.landmarks68 is None else self.landmarks68 * np.float32(factor) + offset,
            landmarks=None if self.landmarks is None else self.landmarks * np.float32(factor) + offset,
        )

    def with_embedding(self, embedding: Vector) -> Face:
        """Return this face with its identity vector."""
        return replace(self, embedding=embedding)

    def with_role(self, role: int) -> Face:
        """Return this face as one that plays a role."""
        return self if role == self.role else replace(self, role=role)
