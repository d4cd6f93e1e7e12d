"""Swappers that tint the target's crop with a colour that depends on the source."""

from __future__ import annotations

import numpy as np

from generated.builder import NetworkBuilder

TINT = 0.35
"""Share of the colour in the result."""
_IMAGENET = (np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]))


def embedding_swapper(size, *, matrix=False, imagenet=False, signed=False, batch="batch", seed=3):
    """A network that takes an identity vector of 512 numbers.

    With `matrix` it holds one of 512 × 512, as inswapper does; with `imagenet` its input is normalised so, but not its
    output; with `signed` both are from -1 to 1.
    """
    build = NetworkBuilder(seed)
    target, source = build.input("target", [batch, 3, size, size]), build.input("source", [batch, 512])
    if matrix:
        build.constant(build.random.normal(0, 1, (512, 512)).astype(np.float32), "other")
        build.constant(build.random.normal(0, 1 / 8, (512, 512)).astype(np.float32), "emap")
    colour = _colour(build, build.dense(source, 512, 3), 4.0)
    _tinted(build, target, colour, [batch, 3, size, size], imagenet=imagenet, signed=signed)
    return build.model()


def portrait_swapper(size, source_size, *, signed=False, batch="batch", seed=4):
    """A network that takes a picture of the source, 0 to 1."""
    build = NetworkBuilder(seed)
    target = build.input("target", [batch, 3, size, size])
    source = build.input("source", [batch, 3, source_size, source_size])
    colour = _colour(build, build.pooled(source), None)
    _tinted(build, target, colour, [batch, 3, size, size], signed=signed)
    return build.model()


def converter(seed=5, batch="batch"):
    """A network that makes a vector of another."""
    build = NetworkBuilder(seed)
    build.output("output", build.dense(build.input("input", [batch, 512]), 512, 512), [batch, 512])
    return build.model()


def _colour(build, values, gain):
    """Three numbers of each source, 0 to 1, as [batch, 3, 1, 1]."""
    if gain is not None:
        values = build.node("Sigmoid", build.node("Mul", values, build.constant(np.float32(gain))))
    return build.node("Reshape", values, build.constant(np.array([0, 3, 1, 1], np.int64)))


def _tinted(build, target, colour, shape, *, imagenet=False, signed=False):
    if imagenet:
        mean, std = (build.constant(each.astype(np.float32).reshape(1, 3, 1, 1)) for each in _IMAGENET)
        target = build.node("Add", build.node("Mul", target, std), mean)
    if signed:
        colour = build.node(
            "Sub", build.node("Mul", colour, build.constant(np.float32(2))), build.constant(np.float32(1))
        )
    kept = build.node("Mul", target, build.constant(np.float32(1 - TINT)))
    tint = build.node("Mul", colour, build.constant(np.float32(TINT)))
    build.output("output", build.node("Add", kept, tint), shape)
