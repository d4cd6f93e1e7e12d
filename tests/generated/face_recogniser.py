"""Recognisers: an aligned crop goes in, one vector comes out."""

from __future__ import annotations

from generated.builder import NetworkBuilder


def arcface(dimensions=512, size=112, batch="batch", seed=1, name="input"):
    """A network of the ArcFace family."""
    build = NetworkBuilder(seed)
    value = build.input(name, [batch, 3, size, size])
    value = build.conv(value, 3, 8, kernel=5, strides=[4, 4])
    value = build.node("Relu", value)
    value = build.node("Flatten", build.node("AveragePool", value, kernel_shape=[7, 7], strides=[7, 7]), axis=1)
    side = (size - 1) // 4 + 1
    cells = (side - 7) // 7 + 1
    build.output("output", build.dense(value, 8 * cells * cells, dimensions), [batch, dimensions])
    return build.model()
