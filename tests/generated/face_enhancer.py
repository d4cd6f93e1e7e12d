"""Face enhancers that raise the contrast; one that can be told brightens by its weight."""

from __future__ import annotations

import numpy as np

from generated.builder import NetworkBuilder

CONTRAST = 1.25


def restorer(size, *, weight=None, batch="batch"):
    """A network that maps -1 to 1 to -1 to 1; `weight` is the shape of a further input, float64."""
    build = NetworkBuilder()
    value = build.input("input", [batch, 3, size, size])
    value = build.node("Mul", value, build.constant(np.float32(CONTRAST)))
    if weight is not None:
        told = build.node("Cast", build.input("weight", weight, "float64"), to=1)
        value = build.node("Add", value, build.node("Mul", told, build.constant(np.float32(0.5))))
    build.output("output", value, [batch, 3, size, size])
    return build.model()
