"""Occluders that take what is blue for something in front, and parsers that go by colour."""

from __future__ import annotations

import numpy as np

from generated.builder import NetworkBuilder


def occluder(size=256, *, hides="blue", batch="batch"):
    """A network of the XSeg family: channel last, blue first."""
    build = NetworkBuilder()
    value = build.input("input", [batch, size, size, 3])
    weights = {"blue": [-20, 10, 10], "green": [10, -20, 10]}[hides]
    score = build.node("MatMul", value, build.constant(np.array(weights, np.float32).reshape(3, 1)))
    shifted = build.node("Add", score, build.constant(np.float32(5)))
    build.output("output", build.node("Sigmoid", shifted), [batch, size, size, 1])
    return build.model()


def parser(size=512, *, batch="batch", seed=6):
    """A network of the BiSeNet family: 19 classes, each of colours of its own."""
    build = NetworkBuilder(seed)
    value = build.input("input", [batch, 3, size, size])
    build.output("output", build.conv(value, 3, 19, kernel=1, scale=1.0), [batch, 19, size, size])
    return build.model()
