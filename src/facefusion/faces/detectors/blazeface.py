"""BlazeFace, short and full range.

Source: Bazarevsky et al., "BlazeFace: Sub-millisecond neural face detection on mobile GPUs", 2019; MediaPipe's model
cards for the two ranges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.detectors.base import Images, suppress
from facefusion.faces.shrink import shrunk
from facefusion.faces.types import Detection
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.inference.session import Session


@dataclass(frozen=True, slots=True)
class BlazeFaceLayout:
    """Geometry of one of the two networks.

    Attributes:
        size: side of the square input in pixels.
        grids: cells along a side and anchors in each cell, one pair for each grid.
    """

    size: int
    grids: tuple[tuple[int, int], ...]

    def anchors(self) -> npt.NDArray[np.float32]:
        """Return the anchors' centres, 0 to 1, float32 (A, 2)."""
        parts = []
        for cells, repeat in self.grids:
            y, x = np.mgrid[:cells, :cells]
            centres = (np.stack([x, y], -1).reshape(-1, 2) + 0.5) / cells
            parts.append(np.repeat(centres, repeat, 0))
        return np.concatenate(parts).astype(np.float32)


SHORT_RANGE = BlazeFaceLayout(128, ((16, 2), (8, 6)))
FULL_RANGE = BlazeFaceLayout(192, ((48, 1),))
BUNDLED: Final = {"blazeface_short_range": SHORT_RANGE, "blazeface_full_range": FULL_RANGE}
"""The networks of the bundled pack by name."""


class BlazeFaceSettings(FamilySettings):
    """What sets the two networks apart.

    Attributes:
        range: which of the two it is.
    """

    range: Literal["short", "full"]

    @property
    def layout(self) -> BlazeFaceLayout:
        """The network's geometry."""
        return SHORT_RANGE if self.range == "short" else FULL_RANGE


class BlazeFace:
    """A detector for faces that take about a twentieth (full range) or tenth (short range) of the longer side, or more.

    Args:
        session: `blazeface_short_range` or `blazeface_full_range`.
        layout: the network's geometry.
        score: score above which a detection is a face, 0 to 1.
    """

    def __init__(self, session: Session, layout: BlazeFaceLayout, *, score: float) -> None:
        self._session = session
        self._size = layout.size
        self._anchors = layout.anchors()
        self._logit = float(np.log(score / (1 - score)))

    @property
    def side(self) -> int:
        """Longer side, in pixels, at which it looks at a picture."""
        return self._size

    def detect(self, images: Images) -> list[list[Detection]]:
        """Return the faces of each picture, best first."""
        if not images:
            return []
        batch, scales = zip(*(self._letterbox(image) for image in images), strict=True)
        outputs = self._session.run(np.stack(batch))
        rows = zip(outputs["boxes"], outputs["scores"], scales, strict=True)
        return [suppress(self._decode(*row), 0.3) for row in rows]

    def _letterbox(self, image: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], float]:
        """Shrink or grow the picture into the top-left of the square; also return pixels per input pixel."""
        height, width = image.shape[:2]
        scale = max(height, width) / self._size
        size = (max(1, round(width / scale)), max(1, round(height / scale)))
        small = shrunk(image, size) if scale > 1 else cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        canvas = np.zeros((self._size, self._size, 3), np.uint8)
        canvas[: size[1], : size[0]] = small
        return canvas.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1, scale

    def _decode(self, boxes: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], scale: float) -> list[Detection]:
        keep = np.flatnonzero(logits > self._logit)
        raw = boxes[keep].reshape(-1, 8, 2)
        anchors = self._anchors[keep] * self._size
        centres = raw[:, 0] + anchors
        points = raw[:, 2:6] + anchors[:, None]
        scores = 1 / (1 + np.exp(-np.clip(logits[keep], -80, 80)))
        corners = np.concatenate([centres - raw[:, 1] / 2, centres + raw[:, 1] / 2], 1) * scale
        five = _five_points(points * scale)
        return [
            Detection(box, float(score), five_points)
            for box, score, five_points in zip(corners, scores, five, strict=True)
        ]


def _five_points(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Turn eyes, nose and mouth centre into the usual five; the mouth's corners lie along the line of the eyes.

    Args:
        points: image-left eye, image-right eye, nose tip, mouth centre, (N, 4, 2).
    """
    half = (points[:, 1] - points[:, 0]) * 0.36
    return np.stack([points[:, 0], points[:, 1], points[:, 2], points[:, 3] - half, points[:, 3] + half], 1)


@dataclass(frozen=True, slots=True, eq=False)
class BlazeFaceModel:
    """A BlazeFace as its family makes it; see `DetectorModel`.

    Attributes:
        model: of the family.
    """

    model: Model[BlazeFaceSettings]

    def detector(self, *, score: float, size: int | None = None) -> BlazeFace:
        """Return a detector; its size is fixed."""
        return BlazeFace(self.model.session, self.model.settings.layout, score=score)


def _contract(settings: BlazeFaceSettings) -> Contract:
    layout = settings.layout
    anchors = sum(side * side * repeat for side, repeat in layout.grids)
    outputs = (TensorSpec("boxes", ("batch", anchors, 16)), TensorSpec("scores", ("batch", anchors)))
    return Contract((TensorSpec("input", ("batch", 3, layout.size, layout.size)),), outputs)


FAMILY = Family("blazeface", "face_detector", BlazeFaceSettings, _contract, BlazeFaceModel)
"""BlazeFace, short and full range."""
