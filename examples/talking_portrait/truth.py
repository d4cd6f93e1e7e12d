"""What is known about each frame because it was made that way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class FaceTruth:
    """One face in one frame.

    Attributes:
        landmarks: the 468 mesh points in pixels of the frame, float32 (468, 2).
        visible: points that nothing of the head itself hides, bool (468,).
        yaw: degrees from the portrait's own pose, positive when the nose points to the right of the picture.
        pitch: degrees, positive when the nose points up.
        roll: degrees, positive clockwise.
        eye_openness: 1 as in the portrait, 0 closed.
        mouth_opening: gap between the lips in the middle over the mouth's width at rest.
        light_gain: mean factor by which the light change multiplies the face; 1 for none.
        hand_box: left, top, right, bottom in pixels of the hand (and arm) within the frame; None when there is none.
        hand_mask: share of each pixel that the hand covers, float32 (height, width) 0..1; None when there is none.
    """

    landmarks: npt.NDArray[np.float32]
    visible: npt.NDArray[np.bool_]
    yaw: float
    pitch: float
    roll: float
    eye_openness: float
    mouth_opening: float
    light_gain: float
    hand_box: tuple[int, int, int, int] | None
    hand_mask: npt.NDArray[np.float32] | None


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """One frame.

    Attributes:
        time: seconds from the beginning of the clip.
        faces: from left to right.
    """

    time: float
    faces: tuple[FaceTruth, ...]

    @property
    def face(self) -> FaceTruth:
        """The only face.

        Raises:
            ValueError: there are several.
        """
        (face,) = self.faces
        return face


class TruthLog:
    """Gathers the truth of a clip and saves it as one .npz file; masks are left out, so that it stays small."""

    def __init__(self) -> None:
        self._frames: list[dict[str, npt.NDArray[np.generic]]] = []

    def add(self, truth: GroundTruth) -> None:
        """Take down one frame."""
        self._frames.append(_row(truth))

    def save(self, path: Path) -> None:
        """Write what was gathered.

        Keys, with F frames and P people from left to right: `time` (F,) seconds; `landmarks` (F, P, 468, 2) pixels;
        `visible` (F, P, 468); `yaw`, `pitch`, `roll` (F, P) degrees; `eye_openness`, `mouth_opening`, `light_gain`
        (F, P); `hand_box` (F, P, 4) left, top, right, bottom, -1 where there is no hand.
        """
        columns = {key: np.stack([frame[key] for frame in self._frames]) for key in self._frames[0]}
        np.savez_compressed(path, **columns)  # type: ignore[arg-type]


def _row(truth: GroundTruth) -> dict[str, npt.NDArray[np.generic]]:
    faces = truth.faces

    def numbers(name: str) -> npt.NDArray[np.float32]:
        return np.array([getattr(face, name) for face in faces], np.float32)

    names: Sequence[str] = ("yaw", "pitch", "roll", "eye_openness", "mouth_opening", "light_gain")
    return {
        "time": np.float64(truth.time),  # type: ignore[dict-item]
        "landmarks": np.stack([face.landmarks for face in faces]),
        "visible": np.stack([face.visible for face in faces]),
        **{name: numbers(name) for name in names},
        "hand_box": np.array([face.hand_box or (-1, -1, -1, -1) for face in faces], np.int32),
    }
