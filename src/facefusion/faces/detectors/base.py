"""What a detector is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Detection

Images = Sequence[npt.NDArray[np.uint8]]
"""RGB pictures, uint8 (H, W, 3), of any sizes."""


class Detector(Protocol):
    """Finds faces."""

    @property
    def side(self) -> int:
        """Longer side, in pixels, at which it looks at a picture."""
        ...

    def detect(self, images: Images) -> list[list[Detection]]:
        """Return the faces of each picture, best first."""
        ...


class DetectorModel(Protocol):
    """What a model of task `face_detector` is: a detector once it is said from which score on there is a face."""

    def detector(self, *, score: float, size: int | None = None) -> Detector:
        """Return a detector.

        Args:
            score: score above which a detection is a face, 0 to 1.
            size: side in pixels at which it looks at pictures; as the model has it when None. Of a network whose input
                is fixed it changes nothing.
        """
        ...


def group_overlapping(detections: Sequence[Detection], overlap: float) -> list[list[Detection]]:
    """Group detections of the same face, best first in each group and between groups.

    Args:
        detections: from one picture.
        overlap: share of overlap, 0 to 1, above which two boxes are one face.
    """
    rest = sorted(detections, key=lambda detection: detection.score, reverse=True)
    groups = []
    while rest:
        shares = [box_overlap(rest[0].box, other.box) for other in rest]
        groups.append([other for other, share in zip(rest, shares, strict=True) if share > overlap])
        rest = [other for other, share in zip(rest, shares, strict=True) if share <= overlap]
    return groups


def suppress(detections: Sequence[Detection], overlap: float) -> list[Detection]:
    """Merge detections of the same face into one with the best score and the mean box and points.

    The mean is weighted by score, which BlazeFace (Bazarevsky et al. 2019) proposes against jitter.
    """
    result = []
    for group in group_overlapping(detections, overlap):
        weights = np.array([member.score for member in group], np.float32)
        weights /= weights.sum()
        box = np.tensordot(weights, np.stack([member.box for member in group]), 1)
        landmarks5 = np.tensordot(weights, np.stack([member.landmarks5 for member in group]), 1)
        result.append(Detection(box.astype(np.float32), group[0].score, landmarks5.astype(np.float32)))
    return result


def box_overlap(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """Return how much two boxes overlap, 0 to 1: intersection over union, or nearly that over the smaller box."""
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min(np.prod(a[2:] - a[:2]), np.prod(b[2:] - b[:2]))
    union = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - width * height
    # A box inside another is the same face seen at two scales.
    return float(max(width * height / union, 0.75 * width * height / smaller))
