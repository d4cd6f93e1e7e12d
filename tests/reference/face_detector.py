"""Detectors, in plain NumPy."""

from __future__ import annotations

import math

import numpy as np

STRIDES = (8, 16, 32)
ANCHORS = {
    8: ((4, 5), (8, 10), (13, 16)),
    16: ((23, 29), (43, 55), (73, 105)),
    32: ((146, 217), (231, 300), (335, 433)),
}
PRIORS = {8: (16, 32), 16: (64, 128), 32: (256, 512)}
PIXELS = {
    "scrfd": lambda x: (x - 127.5) / 128,
    "retinaface": lambda x: (x - 127.5) / 128,
    "retinaface_priors": lambda x: x[..., ::-1] - np.array([104, 117, 123]),
    "yunet": lambda x: x[..., ::-1],
    "yolo_face_v8": lambda x: x / 255,
    "yolo_face_v5": lambda x: x / 255,
}


def blob(image, family, size, padding=0.0):
    """The input for a picture that needs no shrinking, or is twice as large as the canvas; its scale and offset."""
    height, width = image.shape[:2]
    margin = padding * max(height, width)
    scale = min(1.0, size / (max(height, width) + 2 * margin))
    if scale == 0.5:
        blocks = image[: height // 2 * 2, : width // 2 * 2].reshape(height // 2, 2, width // 2, 2, 3)
        image = np.floor(blocks.mean((1, 3)) + 0.5)
    else:
        assert scale == 1.0
    offset = round(margin * scale)
    canvas = np.zeros((size, size, 3))
    canvas[offset : offset + image.shape[0], offset : offset + image.shape[1]] = image
    return PIXELS[family](canvas).transpose(2, 0, 1)[None], scale, offset


def cells(size, stride, repeat):
    for row in range(size // stride):
        for column in range(size // stride):
            for anchor in range(repeat):
                yield column, row, anchor


def decode(family, outputs, size, settings):
    """Every candidate as (score, box, five points) in pixels of the canvas; outputs of one picture, as a list."""
    return list(globals()[f"_{family}"](outputs, size, settings))


def _scrfd(outputs, size, settings):
    outputs = [np.asarray(each).reshape(-1, each.shape[-1]) for each in outputs]
    for level, stride in enumerate(STRIDES):
        scores, sides, points = outputs[level], outputs[level + 3], outputs[level + 6]
        for place, (column, row, _) in enumerate(cells(size, stride, 2)):
            x, y = column * stride, row * stride
            left, top, right, bottom = sides[place] * stride
            five = [(x + points[place][2 * i] * stride, y + points[place][2 * i + 1] * stride) for i in range(5)]
            yield scores[place][0], (x - left, y - top, x + right, y + bottom), five


_retinaface = _scrfd


def _retinaface_priors(outputs, size, settings):
    loc, conf, points = (each[0] for each in outputs)
    place = 0
    for stride in STRIDES:
        for column, row, anchor in cells(size, stride, 2):
            x, y, side = (column + 0.5) * stride, (row + 0.5) * stride, PRIORS[stride][anchor]
            cx, cy = x + loc[place][0] * 0.1 * side, y + loc[place][1] * 0.1 * side
            w, h = side * math.exp(loc[place][2] * 0.2), side * math.exp(loc[place][3] * 0.2)
            five = [
                (x + points[place][2 * i] * 0.1 * side, y + points[place][2 * i + 1] * 0.1 * side) for i in range(5)
            ]
            yield conf[place][1], (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), five
            place += 1


def _yunet(outputs, size, settings):
    outputs = [each[0] for each in outputs]
    for level, stride in enumerate(STRIDES):
        cls, obj, box, points = (outputs[level + 3 * kind] for kind in range(4))
        for place, (column, row, _) in enumerate(cells(size, stride, 1)):
            product = cls[place][0] * obj[place][0]
            score = product if settings.get("scoring") == "product" else math.sqrt(product)
            cx, cy = (column + box[place][0]) * stride, (row + box[place][1]) * stride
            w, h = math.exp(box[place][2]) * stride, math.exp(box[place][3]) * stride
            five = [
                ((column + points[place][2 * i]) * stride, (row + points[place][2 * i + 1]) * stride) for i in range(5)
            ]
            yield score, (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), five


def _yolo_face_v8(outputs, size, settings):
    for cx, cy, w, h, score, *points in outputs[0][0].T:
        five = [(points[3 * i], points[3 * i + 1]) for i in range(5)]
        yield score, (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), five


def _sigmoid(x):
    return 1 / (1 + math.exp(-x))


def _yolo_face_v5(outputs, size, settings):
    if settings.get("decoded"):
        for cx, cy, w, h, there, *rest in outputs[0][0]:
            five = [(rest[2 * i], rest[2 * i + 1]) for i in range(5)]
            yield there * rest[10], (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), five
        return
    for stride, raw in zip(STRIDES, outputs, strict=True):
        for anchor, (wide, high) in enumerate(ANCHORS[stride]):
            for column, row, _ in cells(size, stride, 1):
                values = raw[0, anchor, row, column]
                cx = (_sigmoid(values[0]) * 2 - 0.5 + column) * stride
                cy = (_sigmoid(values[1]) * 2 - 0.5 + row) * stride
                w, h = (_sigmoid(values[2]) * 2) ** 2 * wide, (_sigmoid(values[3]) * 2) ** 2 * high
                five = [
                    (values[5 + 2 * i] * wide + column * stride, values[6 + 2 * i] * high + row * stride)
                    for i in range(5)
                ]
                score = _sigmoid(values[4]) * _sigmoid(values[15])
                yield score, (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), five


def overlap(a, b):
    """Intersection over union."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    inside = max(width, 0) * max(height, 0)
    return inside / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inside)
