"""Landmarkers: a crop goes in, coordinates come out."""

from __future__ import annotations

import numpy as np

from generated.builder import NetworkBuilder


def _rows(build, value, size, length, *, low=0.2, high=0.8):
    """Values from `low` to `high` that depend on the crop, [batch, length]."""
    cells = 4
    value = build.node("AveragePool", value, kernel_shape=[size // cells] * 2, strides=[size // cells] * 2)
    rows = build.node("Sigmoid", build.dense(build.node("Flatten", value, axis=1), 3 * cells * cells, length))
    scaled = build.node("Mul", rows, build.constant(np.float32(high - low)))
    return build.node("Add", scaled, build.constant(np.float32(low)))


def regressed(points, size, *, extra=0, further=(), batch="batch", seed=1):
    """One row of coordinates, after rows of other lengths."""
    build = NetworkBuilder(seed)
    value = build.input("input", [batch, 3, size, size])
    for place, length in enumerate(further):
        build.output(f"further{place}", _rows(build, value, size, length), [batch, length])
    length = 2 * points + extra
    build.output("output", _rows(build, value, size, length), [batch, length])
    return build.model()


def fan(*, batch="batch", seed=2):
    """68 points in pixels of the heat maps, and the maps."""
    build = NetworkBuilder(seed)
    value = build.input("input", [batch, 3, 256, 256])
    flat = _rows(build, value, 256, 68 * 3, low=5, high=60)
    shaped = build.node("Reshape", flat, build.constant(np.array([0, 68, 3], np.int64)))
    build.output("landmarks", shaped, [batch, 68, 3])
    small = build.node("AveragePool", value, kernel_shape=[4, 4], strides=[4, 4])
    build.output("heatmaps", build.node("Sigmoid", build.conv(small, 3, 68, 3, scale=1.0)), [batch, 68, 64, 64])
    return build.model()


def peppa(*, flat=False, batch="batch", seed=3):
    """68 points in pixels of a grid of 64, each with a score."""
    build = NetworkBuilder(seed)
    value = build.input("input", [batch, 3, 256, 256])
    rows = _rows(build, value, 256, 68 * 3)
    scale = np.tile(np.array([64, 64, 1], np.float32), 68)
    rows = build.node("Mul", rows, build.constant(scale))
    shaped = rows if flat else build.node("Reshape", rows, build.constant(np.array([0, 68, 3], np.int64)))
    build.output("output", shaped, [batch, 204] if flat else [batch, 68, 3])
    return build.model()


def from_five(*, batch="batch", seed=4):
    """68 points from five, both from 0 to 1."""
    build = NetworkBuilder(seed)
    value = build.node("Flatten", build.input("input", [batch, 5, 2]), axis=1)
    rows = build.node("Reshape", build.dense(value, 10, 136), build.constant(np.array([0, 68, 2], np.int64)))
    build.output("output", rows, [batch, 68, 2])
    return build.model()
