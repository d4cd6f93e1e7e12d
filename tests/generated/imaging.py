"""Generated networks of the families that make pictures of pictures."""

from __future__ import annotations

import numpy as np

from generated.builder import NetworkBuilder


def super_resolution(scale=2, channels=3, *, side=None, batch="n", seed=1):
    """The picture, enlarged, with edges brought out; each pixel depends on those up to two pixels away."""
    net = NetworkBuilder(seed)
    height, width = (side, side) if side else ("h", "w")
    x = net.input("input", [batch, channels, height, width])
    kernel = net.random.normal(0, 0.05, (channels, channels, 3, 3)).astype(np.float32)
    kernel[range(channels), range(channels), 1, 1] += 1
    sharp = net.node("Conv", x, net.constant(kernel), pads=[1] * 4, kernel_shape=[3, 3])
    large = sharp if scale == 1 else net.resized(sharp, scale)
    sides = [side * scale] * 2 if side else ["h2", "w2"]
    net.output("output", large, [batch, channels, *sides])
    return net.model()


def brighter(*, seed=2):
    """The same picture with half as much light again."""
    net = NetworkBuilder(seed)
    x = net.input("input", ["n", 3, "h", "w"])
    net.output("output", net.node("Mul", x, net.constant(np.float32(1.5))), ["n", 3, "h", "w"])
    return net.model()


def chroma(*, side=None, seed=3):
    """a and b of Lab, moderate, from grey."""
    net = NetworkBuilder(seed)
    sides = [side, side] if side else ["h", "w"]
    x = net.input("input", ["n", 3, *sides])
    smooth = net.node("AveragePool", x, kernel_shape=[9, 9], pads=[4] * 4)
    wave = net.node("Sin", net.node("Mul", net.conv(smooth, 3, 2, scale=0.8), net.constant(np.float32(3))))
    net.output("output", net.node("Mul", wave, net.constant(np.float32(14))), ["n", 2, *sides])
    return net.model()


def colour_picture(*, seed=4):
    """A picture of 0 to 255 with a tint, from grey of 0 to 255."""
    net = NetworkBuilder(seed)
    x = net.input("input", ["n", 3, "h", "w"])
    tint = net.constant(np.array([1.1, 1.0, 0.8], np.float32).reshape(1, 3, 1, 1))
    net.output("output", net.node("Mul", x, tint), ["n", 3, "h", "w"])
    return net.model()


def foreground(size=64, *, channels=3, last=False, classes=1, colours=False, seed=5):
    """What is brighter than the middle is in front; with several classes, by which is largest."""
    net = NetworkBuilder(seed)
    sides = [size, size]
    x = net.input("input", ["n", *sides, channels] if last else ["n", channels, *sides])
    planes = net.node("Transpose", x, perm=[0, 3, 1, 2]) if last else x
    if classes > 1:
        mask = net.conv(planes, channels, classes, scale=1.0)
    else:
        grey = net.node("ReduceMean", planes, axes=[1], keepdims=1)
        mask = net.node("Sigmoid", net.node("Mul", grey, net.constant(np.float32(6))))
    shape = ["n", classes, *sides]
    if last:
        mask, shape = net.node("Transpose", mask, perm=[0, 2, 3, 1]), ["n", *sides, classes]
    net.output("mask", mask, shape)
    if colours:
        first = net.node("Slice", planes, *(net.constant(np.array([v], np.int64)) for v in (0, 3, 1)))
        net.output("foreground", net.node("Sigmoid", first), ["n", 3, *sides])
    return net.model()


def reaging(size=128, *, batch=1, seed=6):
    """The face, darker the older it is to be."""
    net = NetworkBuilder(seed)
    x = net.input("target", [batch, 3, size, size])
    ages = net.input("direction", [2])
    change = net.constant(np.array([1, -1.5], np.float32))
    years = net.node("ReduceSum", net.node("Mul", ages, change), keepdims=1)
    light = net.node("Exp", years)
    net.output("output", net.node("Mul", x, light), [batch, 3, size, size])
    return net.model()


def reaging_with_background(size=64, wide=96, made=128, *, batch="n", changes=True, seed=7):
    """The face with background, enlarged; where it changes, with an edge filter that grows with the direction."""
    net = NetworkBuilder(seed)
    near = net.input("target", [batch, 3, size, size])
    x = net.input("target_with_background", [batch, 3, wide, wide])
    direction = net.input("direction", [])
    edges = net.node("Mul", net.conv(x, 3, 3), direction)
    light = net.node("ReduceMean", near, axes=[1, 2, 3], keepdims=1)
    both = net.node("Tanh", net.node("Add", net.node("Add", x, edges), light)) if changes else net.node("Identity", x)
    scales = net.constant(np.array([1, 1, made / wide, made / wide], np.float32))
    net.output("output", net.node("Resize", both, "", scales, mode="linear"), [batch, 3, made, made])
    return net.model()


def age_classifier(size=32, *, seed=8):
    """Stands in for a classifier of ages; its adapter says what it likes."""
    net = NetworkBuilder(seed)
    x = net.input("input", ["n", 3, size, size])
    net.output("output", net.pooled(x), ["n", 3])
    return net.model()


def translator(size=64, made=None, *, batch="n", changes=True, seed=9):
    """Another picture of a face; the same where it changes nothing."""
    net = NetworkBuilder(seed)
    x = net.input("input", [batch, 3, size, size])
    value = net.node("Tanh", net.conv(x, 3, 3, scale=0.4)) if changes else net.node("Identity", x)
    if made:
        value = net.resized(value, made / size)
    net.output("output", value, [batch, 3, made or size, made or size])
    return net.model()
