"""Small networks with what exporters leave in their files, and a family of no task for them."""

from __future__ import annotations

import numpy as np

from facefusion.inference.contract import Contract, TensorSpec
from generated.builder import NetworkBuilder

PICTURES = Contract(
    inputs=(TensorSpec("input", ("batch", 3, "height", "width")),),
    outputs=(TensorSpec("output", ("batch", 3, "height", "width")),),
)
"""Pictures in, pictures out."""
POINTS = Contract(
    inputs=(TensorSpec("input", ("batch", 3, "height", "width")),), outputs=(TensorSpec("points", ("batch", 8)),)
)
"""Pictures in, numbers out."""


def picture_net(batch=1, size=16, channels=8, seed=0, scale=False):
    """Return a network from pictures to pictures, with nothing in between that knows of batches.

    With `scale` it has another output, which does not depend on the input.
    """
    net = NetworkBuilder(seed)
    value = net.node("Relu", net.conv(net.input("input", [batch, 3, size, size]), 3, channels))
    net.output("output", net.node("Tanh", net.conv(value, channels, 3)), [batch, 3, size, size])
    if scale:
        net.output("scale", net.constant(np.ones(1, np.float32)), [1])
    return net.model()


def points_net(batch=1, size=16):
    """Return a network from pictures to numbers whose graph flattens with a `Reshape` to a fixed batch."""
    net = NetworkBuilder()
    value = net.conv(net.input("input", [batch, 3, size, size]), 3, 4)
    flat = net.node("Reshape", value, net.constant(np.array([1, 4 * size * size], np.int64)))
    net.output("points", net.dense(flat, 4 * size * size, 8), [batch, 8])
    return net.model()


def baked_net(size=16):
    """Return a network with the batch in a `Reshape`, a `Resize`, a `Slice`, an `Expand` and a `Tile`."""
    net = NetworkBuilder()
    value = net.conv(net.input("input", [1, 3, size, size]), 3, 4)
    folded = net.node("Reshape", value, net.constant(np.array([1, -1, size], np.int64)))
    value = net.node("Reshape", folded, net.constant(np.array([1, 4, size, size], np.int64)))
    value = net.node("Slice", value, *_slice_of(net, starts=[0, 1], ends=[1, 4], axes=[0, 1]))
    value = net.node("Resize", value, "", "", net.constant(np.array([1, 3, 8, 8], np.int64)), mode="nearest")
    value = net.node("Tile", value, net.constant(np.array([1, 1, 2, 2], np.int64)))
    value = net.node("Expand", value, net.constant(np.array([1, 1, 1, 1], np.int64)))
    net.output("output", value, [1, 3, size, size])
    return net.model()


def mixing_net(size=16):
    """Return a network that runs with any batch once renamed, but lets its items see one another."""
    net = NetworkBuilder()
    value = net.conv(net.input("input", [1, 3, size, size]), 3, 3)
    mean = net.node("ReduceMean", value, axes=[0], keepdims=1)
    net.output("output", net.node("Sub", value, mean), [1, 3, size, size])
    return net.model()


def grouped_net(size=16):
    """Return a network whose batch goes into the channels, as modulated convolutions are exported."""
    net = NetworkBuilder()
    value = net.node("Reshape", net.input("input", [1, 3, size, size]), net.constant(np.array([1, 3, -1], np.int64)))
    value = net.node("Reshape", value, net.constant(np.array([3, size, size], np.int64)))
    net.output("output", net.node("Unsqueeze", value, net.constant(np.array([0], np.int64))), [1, 3, size, size])
    return net.model()


def _slice_of(net, *, starts, ends, axes):
    return [net.constant(np.array(values, np.int64)) for values in (starts, ends, axes)]
