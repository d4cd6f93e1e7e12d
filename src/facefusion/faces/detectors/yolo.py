"""YOLO with five landmarks: the heads of version 5 and version 8.

Source: Qi et al., "YOLO5Face: Why Reinventing a Face Detector", 2021; Jocher et al., Ultralytics YOLOv8, 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from facefusion.faces.detectors.network import (
    Candidates,
    DetectorSettings,
    NetworkDetectorModel,
    Values,
    cells,
    picture_input,
    sigmoid,
)
from facefusion.faces.tensors import Channels
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, Model

STRIDES: Final = (8, 16, 32)
_FULL: Final[Channels] = (255.0, 255.0, 255.0)
_ROW: Final = 16
"""Of version 5: box, objectness, landmarks, class."""
Anchors = tuple[tuple[tuple[float, float], ...], ...]


class YoloV8Settings(DetectorSettings):
    """What sets the networks of the family apart."""

    std: Channels = _FULL


class YoloV8Head:
    """One tensor with a row for box, score and each number of the landmarks, in pixels."""

    def decode(self, outputs: Mapping[str, Values], height: int, width: int) -> Candidates:
        """Return the candidates; see `Head`."""
        rows = outputs["output"].transpose(0, 2, 1)
        points = rows[..., 5:].reshape(*rows.shape[:2], 5, 3)[..., :2]
        return Candidates(rows[..., 4], _boxes(rows[..., :2], rows[..., 2:4]), points)


class YoloV5Settings(DetectorSettings):
    """What sets the networks of the family apart.

    Attributes:
        anchors: width and height of the anchors of each grid in pixels.
        decoded: whether the file ends in one tensor of boxes in pixels; else in one of raw values for each grid.
    """

    std: Channels = _FULL
    anchors: Anchors = (
        ((4, 5), (8, 10), (13, 16)),
        ((23, 29), (43, 55), (73, 105)),
        ((146, 217), (231, 300), (335, 433)),
    )
    decoded: bool = False


class YoloV5Head:
    """Three anchors for each cell, or what a file has made of them.

    Args:
        settings: the anchors.
    """

    def __init__(self, settings: YoloV5Settings) -> None:
        self._settings = settings

    def decode(self, outputs: Mapping[str, Values], height: int, width: int) -> Candidates:
        """Return the candidates; see `Head`."""
        if self._settings.decoded:
            rows = outputs["output"]
        else:
            levels = zip(STRIDES, self._settings.anchors, strict=True)
            parts = [self._level(outputs[f"raw_{stride}"], stride, anchors) for stride, anchors in levels]
            rows = np.concatenate(parts, 1)
        points = rows[..., 5:15].reshape(*rows.shape[:2], 5, 2)
        return Candidates(rows[..., 4] * rows[..., 15], _boxes(rows[..., :2], rows[..., 2:4]), points)

    def _level(self, raw: Values, stride: int, anchors: tuple[tuple[float, float], ...]) -> Values:
        """Return the values of one grid (N, anchors, rows, columns, 16) in pixels, float32 (N, A, 16)."""
        grid = cells(raw.shape[2] * stride, raw.shape[3] * stride, stride).reshape(*raw.shape[2:4], 2)
        sizes = np.array(anchors, np.float32)[:, None, None]
        centres = (sigmoid(raw[..., :2]) * 2 - np.float32(0.5) + grid) * stride
        extents = (sigmoid(raw[..., 2:4]) * 2) ** 2 * sizes
        points = raw[..., 5:15] * np.tile(sizes, 5) + np.tile(grid * stride, 5)
        parts = [centres, extents, sigmoid(raw[..., 4:5]), points, sigmoid(raw[..., 15:])]
        return np.concatenate(parts, -1).reshape(len(raw), -1, _ROW)


def _boxes(centres: Values, sizes: Values) -> Values:
    return np.concatenate([centres - sizes / 2, centres + sizes / 2], -1)


def _contract_v8(_: YoloV8Settings) -> Contract:
    return Contract((picture_input(),), (TensorSpec("output", ("batch", 20, "anchors"), aliases=("output0",)),))


def _contract_v5(settings: YoloV5Settings) -> Contract:
    if settings.decoded:
        return Contract((picture_input(),), (TensorSpec("output", ("batch", "anchors", _ROW)),))
    raw = [
        TensorSpec(f"raw_{stride}", ("batch", len(anchors), f"rows_{stride}", f"columns_{stride}", _ROW))
        for stride, anchors in zip(STRIDES, settings.anchors, strict=True)
    ]
    return Contract((picture_input(),), tuple(raw))


def _create_v8(model: Model[YoloV8Settings]) -> NetworkDetectorModel:
    return NetworkDetectorModel(model, YoloV8Head())


def _create_v5(model: Model[YoloV5Settings]) -> NetworkDetectorModel:
    return NetworkDetectorModel(model, YoloV5Head(model.settings))


V8 = Family("yolo_face_v8", "face_detector", YoloV8Settings, _contract_v8, _create_v8)
"""YOLO with the head of version 8."""
V5 = Family("yolo_face_v5", "face_detector", YoloV5Settings, _contract_v5, _create_v5)
"""YOLO with the head of version 5."""
