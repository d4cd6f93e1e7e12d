"""What detectors over networks have in common: pictures on canvases, candidates, and one box for each face."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.faces.detectors.base import Images, group_overlapping
from facefusion.faces.detectors.letterbox import MULTIPLE, Letterbox
from facefusion.faces.tensors import PixelSettings
from facefusion.faces.types import Detection
from facefusion.inference.contract import TensorSpec
from facefusion.inference.family import Model
from facefusion.inference.session import Session

Values = npt.NDArray[np.float32]
_FILLS: Final = 0.4
"""Share of the picture's longer side from which a face fills it."""


class DetectorSettings(PixelSettings):
    """What detectors over networks may set.

    Attributes:
        size: side in pixels at which it looks at pictures; of a network whose input is fixed, the side of that.
        paddings: black margins around the picture, as shares of its longer side; the picture is looked at once with
            each of them, and so at as many scales.
        overlap: share of overlap from which two boxes are one face, 0 to 1.
    """

    size: int = Field(default=640, ge=MULTIPLE, multiple_of=MULTIPLE)
    paddings: tuple[float, ...] = Field(default=(0.0,), min_length=1)
    overlap: float = Field(default=0.4, gt=0, lt=1)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What a network says of each of its A anchors, for N pictures, in pixels of the canvas.

    Attributes:
        scores: 0 to 1, float32 (N, A).
        boxes: left, top, right, bottom, float32 (N, A, 4).
        points: the five landmarks, float32 (N, A, 5, 2).
    """

    scores: Values
    boxes: Values
    points: Values


class Head(Protocol):
    """How the outputs of a family are read."""

    def decode(self, outputs: Mapping[str, Values], height: int, width: int) -> Candidates:
        """Return the candidates.

        Args:
            outputs: of the network, by the names of the family's contract.
            height: of the canvas in pixels.
            width: likewise.
        """
        ...


class NetworkDetector:
    """A detector over a network.

    Args:
        session: runs it.
        settings: what sets it apart.
        head: reads its outputs.
        score: score above which a detection is a face, 0 to 1.
        size: side in pixels at which pictures are looked at; that of the settings when None.
    """

    def __init__(
        self, session: Session, settings: DetectorSettings, head: Head, *, score: float, size: int | None = None
    ) -> None:
        self._session = session
        self._settings = settings
        self._head = head
        self._score = score
        fixed = session.inputs["input"].shape[2:]
        self._is_fixed = all(isinstance(side, int) for side in fixed)
        self._side = int(fixed[0] or 0) if self._is_fixed else _whole(size or settings.size)
        self._is_single = any(len(output.shape) < 3 for output in session.outputs.values())

    @property
    def side(self) -> int:
        """Longer side, in pixels, at which it looks at a picture."""
        return self._side

    def detect(self, images: Images) -> list[list[Detection]]:
        """Return the faces of each picture, best first."""
        found: list[list[tuple[float, Detection]]] = [[] for _ in images]
        looks: dict[tuple[int, ...], list[tuple[int, float, Letterbox]]] = defaultdict(list)
        for place, image in enumerate(images):
            for padding in self._settings.paddings:
                box = Letterbox.of(image, self._side, padding=padding, square=self._is_fixed)
                looks[box.canvas.shape].append((place, padding, box))
        for same in looks.values():
            for (place, padding, _), faces in zip(same, self._look([box for *_, box in same]), strict=True):
                found[place] += [(padding, face) for face in faces]
        return [self._joined(each, max(image.shape[:2])) for image, each in zip(images, found, strict=True)]

    def _joined(self, found: Sequence[tuple[float, Detection]], longer: int) -> list[Detection]:
        """Return one detection for each face; of one that fills the picture it is that with the widest margin.

        Args:
            found: detections of one picture, each with the padding with which it was found.
            longer: longer side of the picture in pixels.
        """
        paddings = {id(detection): padding for padding, detection in found}
        joined = []
        for group in group_overlapping([detection for _, detection in found], self._settings.overlap):
            fills = float((group[0].box[2:] - group[0].box[:2]).max()) > _FILLS * longer
            best = max(group, key=lambda one: paddings[id(one)]) if fills else group[0]
            joined.append(replace(best, score=group[0].score))
        return joined

    def _look(self, boxes: Sequence[Letterbox]) -> list[list[Detection]]:
        """Run the network on canvases of one size."""
        batch = self._settings.tensor([box.canvas for box in boxes])
        height, width = batch.shape[2:]
        step = 1 if self._is_single else len(batch)
        found = []
        for start in range(0, len(batch), step):
            outputs = self._session.run({"input": batch[start : start + step]})
            seen = self._head.decode(outputs, height, width)
            rows = zip(boxes[start : start + step], seen.scores, seen.boxes, seen.points, strict=True)
            found += [self._faces(*row) for row in rows]
        return found

    def _faces(self, box: Letterbox, scores: Values, boxes: Values, points: Values) -> list[Detection]:
        """Return one detection for each face of one picture."""
        kept = np.flatnonzero(scores > self._score)
        scores, corners, points = scores[kept], boxes[kept].reshape(-1, 2, 2), points[kept]
        sizes = corners[:, 1] - corners[:, 0]
        flat = np.concatenate([corners[:, 0], sizes], 1)
        chosen = cv2.dnn.NMSBoxes(flat.tolist(), scores.tolist(), self._score, self._settings.overlap)
        return [
            Detection(box.back(corners[one]).reshape(4), float(scores[one]), box.back(points[one]))
            for one in np.asarray(chosen, int).reshape(-1)
            if sizes[one].min() > 0
        ]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkDetectorModel:
    """A detector over a network as its family makes it; see `DetectorModel`.

    Attributes:
        model: of the family.
        head: reads its outputs.
    """

    model: Model[Any]
    head: Head

    def detector(self, *, score: float, size: int | None = None) -> NetworkDetector:
        """Return a detector; see `DetectorModel`."""
        return NetworkDetector(self.model.session, self.model.settings, self.head, score=score, size=size)


def picture_input() -> TensorSpec:
    """Return the input of all detectors."""
    return TensorSpec("input", ("batch", 3, "height", "width"), aliases=("input.1", "input0", "images", "data"))


def cells(height: int, width: int, stride: int, repeat: int = 1) -> Values:
    """Return column and row of each cell of a grid, row by row, each so many times, float32 (A, 2).

    Args:
        height: of the canvas in pixels.
        width: likewise.
        stride: side of a cell in pixels.
        repeat: anchors in a cell.
    """
    rows, columns = np.mgrid[: -(-height // stride), : -(-width // stride)]
    return np.repeat(np.stack([columns, rows], -1).reshape(-1, 2), repeat, 0).astype(np.float32)


def of_batch(values: Values, channels: int) -> Values:
    """Return an output as float32 (N, A, channels), also of a network that knows no batch."""
    return values.reshape(len(values) if values.ndim > 2 else 1, -1, channels)


def sigmoid(values: Values) -> Values:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -80, 80))), np.float32)


def _whole(size: int) -> int:
    return max(MULTIPLE, round(size / MULTIPLE) * MULTIPLE)
