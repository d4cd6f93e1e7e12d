"""Detectors: a picture goes in, values for each cell of three grids come out."""

from __future__ import annotations

import numpy as np

from generated.builder import NetworkBuilder

STRIDES = (8, 16, 32)
BLIND = -30.0
"""Moves scores to where no face is seen."""
BGR_MEAN = (104, 117, 123)


def _grid(build, value, stride, channels, gain, *, shift=0.0):
    """Values of each cell, [batch, channels, rows, columns], seeded, of about the size of `gain`, moved by `shift`."""
    value = build.node("AveragePool", value, kernel_shape=[stride, stride], strides=[stride, stride])
    spread = gain / np.sqrt(3)
    weights = build.random.normal(0, spread, (channels, 3, 1, 1)).astype(np.float32)
    bias = np.resize(np.float32(shift), channels)
    return build.node("Conv", value, build.constant(weights), build.constant(bias), kernel_shape=[1, 1])


def _rows(build, value, size, *, batched=True):
    """Cells in rows, [batch, anchors, size], or [anchors, size] of a network that knows no batch."""
    value = build.node("Transpose", value, perm=[0, 2, 3, 1])
    shape = np.array([0, -1, size] if batched else [-1, size], np.int64)
    return build.node("Reshape", value, build.constant(shape))


def _input(build, name, size, batch):
    return build.input(name, [batch, 3, size or "height", size or "width"])


def anchor_distance(*, batched=True, size=None, batch="batch", seed=2, name="input.1", sees=True):
    """Nine outputs, two anchors for each cell; `scrfd` and `retinaface`."""
    build = NetworkBuilder(seed)
    value = _input(build, name, size, batch)
    numbers = iter(range(9))
    for channels, gain, shift in ((1, 3.0, 0.0 if sees else BLIND), (4, 0.3, 1.5), (10, 0.5, 0.0)):
        for stride in STRIDES:
            rows = _rows(build, _grid(build, value, stride, 2 * channels, gain, shift=shift), channels, batched=batched)
            rows = build.node("Sigmoid", rows) if channels == 1 else rows
            shape = [batch, None, channels] if batched else [None, channels]
            build.output(f"out{next(numbers)}", rows, shape)
    return build.model()


def yunet(*, size=None, batch="batch", seed=3, sees=True):
    """Twelve outputs, one anchor for each cell."""
    build = NetworkBuilder(seed)
    value = build.node("Mul", _input(build, "input", size, batch), build.constant(np.float32(1 / 255)))
    for kind, channels, gain in (("cls", 1, 4.0), ("obj", 1, 4.0), ("bbox", 4, 1.0), ("kps", 10, 1.0)):
        for stride in STRIDES:
            rows = _rows(build, _grid(build, value, stride, channels, gain, shift=0.0 if sees else BLIND), channels)
            rows = build.node("Sigmoid", rows) if channels == 1 else rows
            build.output(f"{kind}_{stride}", rows, [batch, None, channels])
    return build.model()


def prior_box(*, size=None, batch="batch", seed=4, sees=True):
    """Three outputs: boxes, two classes, landmarks; two prior boxes for each cell."""
    build = NetworkBuilder(seed)
    value = build.node("Mul", _input(build, "input0", size, batch), build.constant(np.float32(1 / 128)))
    for name, channels, gain in (("loc", 4, 2.0), ("conf", 2, 4.0), ("landms", 10, 2.0)):
        shift = (0.0, BLIND) if name == "conf" and not sees else 0.0
        parts = [
            _rows(build, _grid(build, value, stride, 2 * channels, gain, shift=shift), channels) for stride in STRIDES
        ]
        rows = build.node("Concat", *parts, axis=1)
        rows = build.node("Softmax", rows, axis=2) if name == "conf" else rows
        build.output(name, rows, [batch, None, channels])
    return build.model()


def yolo_v8(*, size=None, batch="batch", seed=5, sees=True):
    """One output [batch, 20, anchors] in pixels."""
    build = NetworkBuilder(seed)
    value = _input(build, "images", size, batch)
    parts = []
    for stride in STRIDES:
        centre = _grid(build, value, stride, 2, 100.0, shift=100.0)
        extent = _grid(build, value, stride, 2, 5.0, shift=3.0 * stride)
        score = build.node("Sigmoid", _grid(build, value, stride, 1, 4.0, shift=0.0 if sees else BLIND))
        points = _grid(build, value, stride, 15, 50.0, shift=100.0)
        grid = build.node("Concat", centre, extent, score, points, axis=1)
        parts.append(build.node("Reshape", grid, build.constant(np.array([0, 20, -1], np.int64))))
    build.output("output0", build.node("Concat", *parts, axis=2), [batch, 20, None])
    return build.model()


def yolo_v5(*, decoded, size=None, batch="batch", seed=6, sees=True):
    """Raw values of three grids with three anchors for each cell, or one output of boxes in pixels."""
    build = NetworkBuilder(seed)
    value = _input(build, "input", size, batch)
    if decoded:
        value = build.node("Mul", value, build.constant(np.float32(1.5)))
        parts = [_rows(build, _grid(build, value, stride, 16, 0.7, shift=0.5), 16) for stride in STRIDES]
        scale = np.array([200, 200, 50, 50, float(sees), *[200] * 10, 1], np.float32)
        rows = build.node("Mul", build.node("Abs", build.node("Concat", *parts, axis=1)), build.constant(scale))
        build.output("output", rows, [batch, None, 16])
        return build.model()
    for stride in STRIDES:
        grid = _grid(build, value, stride, 48, 3.0, shift=0.0 if sees else BLIND)
        shape = build.constant(np.array([0, 3, 16, -1], np.int64))
        flat = build.node("Transpose", build.node("Reshape", grid, shape), perm=[0, 1, 3, 2])
        rows = build.node("Shape", grid)
        sides = build.node("Slice", rows, *(build.constant(np.array([each], np.int64)) for each in (2, 4)))
        parts = (build.constant(np.array([0, 3], np.int64)), sides, build.constant(np.array([16], np.int64)))
        whole = build.node("Concat", *parts, axis=0)
        build.output(f"raw{stride}", build.node("Reshape", flat, whole), [batch, 3, None, None, 16])
    return build.model()


FAMILIES = {
    "scrfd": ("scrfd", anchor_distance, {"paddings": [0.0, 0.25]}),
    "scrfd without a batch": ("scrfd", lambda **kind: anchor_distance(batched=False, **kind), {}),
    "retinaface": ("retinaface", lambda **kind: anchor_distance(seed=7, **kind), {}),
    "retinaface with priors": ("retinaface_priors", prior_box, {}),
    "yunet": ("yunet", yunet, {}),
    "yunet, product": ("yunet", yunet, {"scoring": "product"}),
    "yolo v8": ("yolo_face_v8", yolo_v8, {}),
    "yolo v5": ("yolo_face_v5", lambda **kind: yolo_v5(decoded=False, **kind), {}),
    "yolo v5, decoded": ("yolo_face_v5", lambda **kind: yolo_v5(decoded=True, **kind), {"decoded": True}),
}
"""Family, network and settings by a name for the test."""
