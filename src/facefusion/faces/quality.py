"""Whether a face can be used, measured."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.errors import FaceBlurredError, FaceError, FaceTooSmallError, FaceTurnedError
from facefusion.faces.align import Affine, apply_affine, crop, invert_affine
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.types import Face
from facefusion.options import FaceSelectionOptions

_SIZE = 160
_SPAN = 9
_WIDE_ENOUGH = 256
"""Width of a face in pixels from which more is of no use."""
_EYES = ((159, 145, 33, 133), (386, 374, 362, 263))
"""Of each eye: middle of the upper and the lower lid, and its corners."""
_MOUTH = (13, 14, 78, 308)
"""The same of the mouth's opening."""
_LIDS = (0.1, 0.26)
"""Height of an eye over its width: shut, and open."""
_LIPS = (0.1, 0.5)
"""Height of the mouth over its width: shut, and wide open."""
_LEAST_SHUT, _LEAST_WIDE = 0.25, 0.65
"""Merit of a face with its eyes shut, or its mouth wide open, beside that of one at rest."""


def sharpness(image: npt.NDArray[np.uint8], face: Face) -> float:
    """Return how sharp a face is, 0 (blurred) to 1 (crisp), whatever its size and contrast.

    A blurred picture changes little when it is blurred again. Source: Crete et al., "The blur effect: perception and
    estimation with a new no-reference perceptual blur metric", 2007.

    Args:
        image: RGB uint8 (H, W, 3).
        face: a face in it.
    """
    affine = region_of_mesh(face.mesh).to_crop(_SIZE)
    grey = cv2.cvtColor(crop(image, affine, _SIZE), cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside = _inside(affine, image.shape)
    return 1 - max(_blur_along(grey, inside), _blur_along(grey.T.copy(), inside.T.copy()))


def _inside(affine: Affine, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Return 1 where the crop shows the picture and 0 beyond its border, uint8 (_SIZE, _SIZE)."""
    y, x = np.mgrid[:_SIZE, :_SIZE]
    places = apply_affine(invert_affine(affine), np.stack([x.ravel(), y.ravel()], 1))
    within = ((places >= 0) & (places <= [shape[1] - 1, shape[0] - 1])).all(1)
    return within.reshape(_SIZE, _SIZE).astype(np.uint8)


def _blur_along(grey: npt.NDArray[np.float32], inside: npt.NDArray[np.uint8]) -> float:
    again = cv2.blur(grey, (_SPAN, 1))
    # The border of the picture is a sharp edge that says nothing about the face.
    sure = cv2.erode(inside, np.ones((1, 2 * _SPAN + 1), np.uint8))[:, 1:]
    before, after = np.abs(np.diff(grey)) * sure, np.abs(np.diff(again)) * sure
    total = float(before.sum())
    return 1.0 if total == 0 else 1 - float(np.maximum(before - after, 0).sum()) / total


def merit(face: Face, sharp: float) -> float:
    """Return how well a picture serves as a source beside others of the person, 0 to 1.

    It does where the face looks into the camera, is large and sharp, its eyes open and its mouth shut.

    Args:
        face: the face.
        sharp: how sharp it is, see `sharpness`.
    """
    frontal = np.cos(np.radians(face.pose.yaw)) * np.cos(np.radians(face.pose.pitch))
    lids = min(_opening(face, eye) for eye in _EYES)
    calm = _between(lids, _LIDS, _LEAST_SHUT, 1) * _between(_opening(face, _MOUTH), _LIPS, 1, _LEAST_WIDE)
    return float(frontal**2 * min(face.width / _WIDE_ENOUGH, 1.0) * sharp * calm)


def _opening(face: Face, vertices: tuple[int, int, int, int]) -> float:
    """Return height over width of an eye or of the mouth."""
    upper, lower, left, right = face.mesh[list(vertices)]
    return float(np.linalg.norm(upper - lower) / max(float(np.linalg.norm(left - right)), 1e-6))


def _between(value: float, limits: tuple[float, float], low: float, high: float) -> float:
    """Return what lies between `low` and `high` as the value does between its limits."""
    return float(np.interp(value, limits, (low, high)))


def check_source(image: npt.NDArray[np.uint8], face: Face, name: str, options: FaceSelectionOptions) -> None:
    """Make sure that a face can serve as a source.

    Args:
        image: the picture, RGB uint8 (H, W, 3).
        face: the face.
        name: the picture's name for messages.
        options: the limits.

    Raises:
        FaceTooSmallError: too few pixels.
        FaceTurnedError: turned too far.
        FaceBlurredError: too blurred.
    """
    error = _size_problem(face, name, options) or _turn_problem(face, name, options)
    if error is None:
        error = _blur_problem(image, face, name, options)
    if error is not None:
        raise error


def _size_problem(face: Face, name: str, options: FaceSelectionOptions) -> FaceError | None:
    if face.width >= options.source_face_min_size:
        return None
    return FaceTooSmallError(
        f"The face in {name} is {face.width:.0f} pixels wide, the least is {options.source_face_min_size}",
        "Use a larger picture, or allow it with --source-face-min-size",
    )


def _turn_problem(face: Face, name: str, options: FaceSelectionOptions) -> FaceError | None:
    yaw = abs(face.pose.yaw)
    if yaw <= options.source_face_max_yaw:
        return None
    return FaceTurnedError(
        f"The face in {name} is turned {yaw:.0f}° from the camera, the most is {options.source_face_max_yaw:.0f}°",
        "Use a picture from the front, or allow it with --source-face-max-yaw",
    )


def _blur_problem(
    image: npt.NDArray[np.uint8], face: Face, name: str, options: FaceSelectionOptions
) -> FaceError | None:
    value = sharpness(image, face)
    if value >= options.source_face_min_sharpness:
        return None
    return FaceBlurredError(
        f"The face in {name} has sharpness {value:.2f}, the least is {options.source_face_min_sharpness:.2f}",
        "Use a sharper picture, or allow it with --source-face-min-sharpness",
    )
