"""Lip syncers whose mouths get brighter with the speech, and a voice extractor that keeps what is low."""

from __future__ import annotations

import numpy as np

from generated.builder import NetworkBuilder

LOWEST, STEPS = -4.0, 8.0
KEPT = 0.5


def loudness(mel):
    """What the networks make of levels (80, 16): 0 for silence at the moment itself, 1 for the loudest."""
    return ((mel[:, 0] - LOWEST) / STEPS).mean()


def wav2lip(side=96, *, batch="batch", names=("source", "target", "output")):
    """A network that draws the face at half its brightness, and as much brighter as the speech is loud.

    What is zeroed of the first three channels shows as a tenth of the face more.
    """
    build = NetworkBuilder()
    speech = build.input(names[0], [batch, 1, 80, 16])
    target = build.input(names[1], [batch, 6, side, side])
    upper, whole = (_channels(build, target, first) for first in (0, 3))
    missing = build.node("Mul", build.node("Sub", whole, upper), _number(build, 0.1))
    half = build.node("Mul", whole, _number(build, KEPT))
    value = build.node("Add", build.node("Add", half, missing), _loudness(build, speech, 0.4))
    build.output(names[2], value, [batch, 3, side, side])
    return build.model()


def edtalk(size=256, *, batch="batch"):
    """A network that draws the face at half its brightness; the speech brightens it by the weight."""
    build = NetworkBuilder()
    speech = build.input("source", [batch, 1, 80, 16])
    target = build.input("target", [batch, 3, size, size])
    weight = build.input("weight", [1])
    brighter = build.node("Mul", _loudness(build, speech, 0.5), weight)
    value = build.node("Add", build.node("Mul", target, _number(build, KEPT)), brighter)
    build.output("output", value, [batch, 3, size, size])
    return build.model()


def mdx_net(bins, frames, *, kept, batch="batch"):
    """A network that keeps the `kept` lowest of its frequencies."""
    build = NetworkBuilder()
    shape = [batch, 4, bins, frames]
    share = np.zeros((1, 1, bins, 1), np.float32)
    share[:, :, :kept] = 1
    build.output("output", build.node("Mul", build.input("input", shape), build.constant(share)), shape)
    return build.model()


def _loudness(build, speech, factor):
    now = build.node(
        "Slice", speech, *(build.constant(np.array([number], np.int64)) for number in (0, 1, 3))
    )  # the first of 16
    level = build.node("Sub", build.node("ReduceMean", now, axes=[2, 3], keepdims=1), _number(build, LOWEST))
    return build.node("Mul", level, _number(build, factor / STEPS))


def _channels(build, value, first):
    return build.node("Slice", value, *(build.constant(np.array([n], np.int64)) for n in (first, first + 3, 1)))


def _number(build, value):
    return build.constant(np.float32(value))
