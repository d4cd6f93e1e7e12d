"""The MediaPipe networks of the pack: body from the TensorFlow Lite file, heads with a dynamic batch dimension."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import ModelProto

from models.onnx_graph import GraphBuilder
from models.tflite_reader import read_tflite
from models.tflite_to_onnx import TfliteTranslator

_BOX_VALUES = 16


def convert_blazeface_short_range(content: bytes) -> ModelProto:
    """BlazeFace short range: `input` [N, 3, 128, 128] to `boxes` [N, 896, 16] and `scores` [N, 896] (logits)."""
    builder, values = _translate("blazeface_short_range", content)
    _rows(builder, [values["regressor_8"], values["regressor_16"]], (0, -1, _BOX_VALUES), "boxes")
    _rows(builder, [values["classificator_8"], values["classificator_16"]], (0, -1), "scores")
    return _detector(builder, size=128, anchors=896)


def convert_blazeface_full_range(content: bytes) -> ModelProto:
    """BlazeFace full range: `input` [N, 3, 192, 192] to `boxes` [N, 2304, 16] and `scores` [N, 2304] (logits)."""
    builder, values = _translate("blazeface_full_range", content)
    _rows(builder, [values["regressor_face_4"]], (0, -1, _BOX_VALUES), "boxes")
    _rows(builder, [values["classifier_face_4"]], (0, -1), "scores")
    return _detector(builder, size=192, anchors=2304)


def convert_face_mesh(content: bytes) -> ModelProto:
    """Face mesh: `input` [N, 3, 192, 192] to `landmarks` [N, 468, 3] and `presence` [N] (a logit)."""
    builder, values = _translate("face_mesh", content)
    _points(builder, values["conv2d_20"], 468, "landmarks")
    _reshape(builder, values["conv2d_30"], (-1,), "presence")
    return builder.model({"input": ("batch", 3, 192, 192)}, {"landmarks": ("batch", 468, 3), "presence": ("batch",)})


def convert_iris(content: bytes) -> ModelProto:
    """Iris: `input` [N, 3, 64, 64] to `eye` [N, 71, 3] (lids and brow) and `iris` [N, 5, 3]."""
    builder, values = _translate("iris", content)
    _points(builder, values["conv_eyes_contours_and_brows"], 71, "eye")
    _points(builder, values["conv_iris"], 5, "iris")
    return builder.model({"input": ("batch", 3, 64, 64)}, {"eye": ("batch", 71, 3), "iris": ("batch", 5, 3)})


def _translate(name: str, content: bytes) -> tuple[GraphBuilder, dict[str, str]]:
    builder = GraphBuilder(name)
    return builder, TfliteTranslator(read_tflite(content), builder).translate("input")


def _detector(builder: GraphBuilder, *, size: int, anchors: int) -> ModelProto:
    return builder.model(
        {"input": ("batch", 3, size, size)}, {"boxes": ("batch", anchors, _BOX_VALUES), "scores": ("batch", anchors)}
    )


def _points(builder: GraphBuilder, value: str, count: int, output: str) -> None:
    _reshape(builder, value, (0, count, 3), output)


def _rows(builder: GraphBuilder, maps: Sequence[str], shape: Sequence[int], output: str) -> None:
    """Flatten maps to one row per anchor: cells in reading order, the anchors of a cell next to each other."""
    channels_last = [builder.node("Transpose", [value], perm=(0, 2, 3, 1)) for value in maps]
    if len(maps) == 1:
        _reshape(builder, channels_last[0], shape, output)
    else:
        builder.node("Concat", [_reshape(builder, value, shape) for value in channels_last], output, axis=1)


def _reshape(builder: GraphBuilder, value: str, shape: Sequence[int], output: str | None = None) -> str:
    """Reshape; a zero in the shape copies the input's dimension, which keeps the batch dynamic."""
    return builder.node("Reshape", [value, builder.constant(np.array(shape, np.int64))], output)
