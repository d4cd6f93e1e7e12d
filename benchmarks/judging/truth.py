"""Clips of a portrait that is moved about, in which it is known where each vertex of the mesh has to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.common import Figures
from benchmarks.judging.motion import eye_distance, lag
from benchmarks.pairs import Portrait
from facefusion.faces.align import Affine, apply_affine, invert_affine
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Image

_WIDTH, _HEIGHT, _RATE, _SECONDS = 1280, 720, 25, 3
_FACE_WIDTH = 275
_READ_NOISE, _PHOTON_NOISE = 2.0, 0.12
"""Spread of a dark pixel in steps of 255, and by how much its square rises with each step of brightness."""
_DEMOSAIC = 0.6
"""Blur of the noise in pixels: a camera makes three colours of one measured."""


@dataclass(frozen=True, slots=True)
class Movement:
    """How a portrait is moved: everything swings, none of it in step with the rest.

    Attributes:
        shift: to the side and down, pixels, at most.
        turn: in the plane of the picture, degrees, at most.
        growth: share of the size by which it grows and shrinks, at most.
        period: seconds until the sideways movement begins anew.
        noise: whether there is noise as of a camera.
    """

    shift: tuple[float, float]
    turn: float
    growth: float
    period: float
    noise: bool = False

    def at(self, time: float, middle: npt.NDArray[np.float64]) -> Affine:
        """Return the transform from the portrait at rest to a moment, float64 (2, 3).

        Args:
            time: seconds.
            middle: what it turns and grows about.
        """
        swing = 2 * np.pi * time / self.period
        angle = np.radians(self.turn) * np.sin(0.8 * swing + 0.5)
        size = 1 + self.growth * np.sin(0.6 * swing + 1)
        place = np.array(self.shift) * (np.sin(swing), np.sin(1.3 * swing + 2))
        linear = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return np.column_stack([linear, middle + place - linear @ middle])


MOVEMENTS = {
    "moved_slowly": Movement((90.0, 30.0), 8.0, 0.08, 3.0),
    "moved_quickly": Movement((90.0, 30.0), 8.0, 0.08, 1.2),
    "moved_slowly_noise": Movement((90.0, 30.0), 8.0, 0.08, 3.0, noise=True),
}
"""The clips by name."""


@dataclass(frozen=True, slots=True)
class TruthJudgement:
    """How far the tracker is off, in pixels, mean over the vertices; its mesh of the first frame is taken as right.

    Attributes:
        frames: of the clip.
        width: of the face in the first frame, pixels.
        worst: the worst frame.
        mean: mean over all frames.
        raw_worst: that of the landmarks before they are smoothed.
        raw_mean: likewise.
        lag: frames by which the tracker is behind the truth.
    """

    frames: int
    width: float
    worst: float
    mean: float
    raw_worst: float
    raw_mean: float
    lag: float | None

    @property
    def figures(self) -> Figures:
        """All of it by name."""
        return asdict(self)


def judge_tracker(analyser: FaceAnalyser, portrait: Portrait, movement: Movement) -> TruthJudgement | None:
    """Follow a portrait that is moved; None where the tracker loses it.

    Args:
        analyser: finds and fits faces.
        portrait: a face at rest.
        movement: how it is moved.
    """
    tracker = FaceTracker(analyser)
    tracked, raw, transforms = [], [], []
    for number, (image, transform) in enumerate(moving_frames(portrait, movement)):
        faces = tracker.update(image, number / _RATE)
        fit = analyser.fit(image, [region_of_mesh(faces[0].mesh)])[0] if len(faces) == 1 else None
        if fit is None:
            return None
        tracked.append(faces[0].mesh[:, :2])
        raw.append(fit.mesh[:, :2])
        transforms.append(transform)
    errors, raw_errors = _errors(tracked, transforms), _errors(raw, transforms)
    right = [apply_affine(transform, _at_rest(tracked[0], transforms[0])) for transform in transforms]
    return TruthJudgement(
        frames=len(tracked),
        width=float(np.ptp(tracked[0][:, 0])),
        worst=float(errors.max()),
        mean=float(errors.mean()),
        raw_worst=float(raw_errors.max()),
        raw_mean=float(raw_errors.mean()),
        lag=lag(_middles(tracked), _middles(right), eye_distance(tracked[0])),
    )


def moving_frames(portrait: Portrait, movement: Movement) -> Iterator[tuple[Image, Affine]]:
    """Yield the frames of a clip, RGB uint8 (720, 1280, 3), with the transform from rest to each."""
    scale = _FACE_WIDTH / portrait.face.width
    # Made smaller without aliasing once, so that all that is left to do is to turn and to shift.
    small = cv2.resize(portrait.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    face = (portrait.face.box[:2] + portrait.face.box[2:]) / 2 * scale
    middle = np.array([_WIDTH, _HEIGHT]) / 2
    placed = np.column_stack([np.eye(2), middle - face])
    noise = np.random.default_rng(1)
    for number in range(_RATE * _SECONDS):
        transform = movement.at(number / _RATE, middle)
        whole = np.column_stack([transform[:, :2], apply_affine(transform, placed[:, 2][None])[0]])
        image = cv2.warpAffine(small, whole, (_WIDTH, _HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        yield (_noisy(np.asarray(image), noise) if movement.noise else np.asarray(image, np.uint8)), transform


def _noisy(image: Image, noise: np.random.Generator) -> Image:
    """Return the picture as a camera sees it: the brighter a pixel, the more it varies."""
    grain = cv2.GaussianBlur(noise.standard_normal(image.shape, np.float32), (0, 0), _DEMOSAIC)
    spread = np.sqrt(np.float32(_READ_NOISE**2) + np.float32(_PHOTON_NOISE) * image)
    return np.clip(np.rint(image + spread * grain / grain.std()), 0, 255).astype(np.uint8)


def _at_rest(mesh: npt.NDArray[np.float32], transform: Affine) -> npt.NDArray[np.float32]:
    return np.asarray(apply_affine(invert_affine(transform), mesh), np.float32)


def _errors(meshes: list[npt.NDArray[np.float32]], transforms: list[Affine]) -> npt.NDArray[np.float64]:
    """Return for each frame the mean distance of its vertices from where those of the first frame have moved to."""
    rest = _at_rest(meshes[0], transforms[0])
    right = [apply_affine(transform, rest) for transform in transforms]
    return np.linalg.norm(np.asarray(meshes, np.float64) - np.asarray(right), axis=2).mean(1)


def _middles(meshes: list[npt.NDArray[np.float32]]) -> npt.NDArray[np.float64]:
    return np.asarray(meshes, np.float64).mean(1)
