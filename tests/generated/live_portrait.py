"""Small networks with the inputs and outputs of LivePortrait's.

The generator shows the picture that the features were taken from, coarsely, in a colour that tells by how much each key
point moved; so everything that is done to a key point shows.
"""

from __future__ import annotations

import numpy as np

from generated.builder import NetworkBuilder

RESTORER, EDITOR = "live_portrait", "live_portrait_editor"
FEATURES, MOTION = "live_portrait_feature_extractor", "live_portrait_motion_extractor"
EYES, LIPS = "live_portrait_eye_retargeter", "live_portrait_lip_retargeter"


def feature_extractor(*, batch=1, seed=1):
    """The picture at an eighth of the generator's side, among noise of it."""
    net = NetworkBuilder(seed)
    small = net.resized(net.input("input", [batch, 3, 256, 256]), 0.25)
    weights = net.random.normal(0, 0.1, (512, 3, 1, 1)).astype(np.float32)
    weights[:3, :, 0, 0] = np.eye(3)
    values = net.node("Conv", small, net.constant(weights))
    shape = net.constant(np.array([0, 32, 16, 64, 64], np.int64))
    net.output("feature_volume", net.node("Reshape", values, shape), [batch, 32, 16, 64, 64])
    return net.model()


def motion_extractor(*, batch=1, seed=2):
    """Numbers that depend on all of the picture; with a batch of 1 single numbers have no dimensions at all."""
    net = NetworkBuilder(seed)
    pooled = net.node("AveragePool", net.input("input", [batch, 3, 256, 256]), kernel_shape=[32, 32], strides=[32, 32])
    seen = net.node("Sub", net.node("Flatten", pooled, axis=1), net.constant(np.float32(0.5)))
    single = [] if batch == 1 else [-1]
    for name, middle, spread in (("pitch", 2, 12), ("yaw", -3, 15), ("roll", 1, 8), ("scale", 1.2, 0.2)):
        net.output(name, _spread(net, seen, single, middle, spread), [] if batch == 1 else [batch])
    net.output("translation", _spread(net, seen, [-1, 3], 0, 0.1), [batch, 3])
    net.output("expression", _spread(net, seen, [-1, 21, 3], 0, 0.08), [batch, 21, 3])
    rest = net.random.uniform(-0.4, 0.4, (21, 3)).astype(np.float32)
    net.output("motion_points", _spread(net, seen, [-1, 21, 3], rest, 0.02), [batch, 21, 3])
    return net.model()


def _spread(net, seen, shape, middle, spread):
    """Values about a middle, of a shape."""
    size = 3 if shape == [-1, 3] else 63 if len(shape) == 3 else 1
    values = net.node("Tanh", net.dense(seen, 192, size))
    values = net.node("Reshape", values, net.constant(np.array(shape, np.int64)))
    spread = net.node("Mul", values, net.constant(np.float32(spread)))
    return net.node("Add", spread, net.constant(np.asarray(middle, np.float32)))


def generator(*, batch=1, seed=3):
    """The picture in the features, in other colours where key points differ."""
    net = NetworkBuilder(seed)
    features = net.input("feature_volume", [batch, 32, 16, 64, 64])
    source, target = net.input("source", [batch, 21, 3]), net.input("target", [batch, 21, 3])
    flat = net.node("Reshape", features, net.constant(np.array([0, 512, 64, 64], np.int64)))
    weights = np.zeros((3, 512, 1, 1), np.float32)
    weights[:, :3, 0, 0] = np.eye(3)
    picture = net.resized(net.node("Conv", flat, net.constant(weights)), 8)
    moved = net.node("Flatten", net.node("Sub", source, target), axis=1)
    colour = net.node("Reshape", net.dense(moved, 63, 3), net.constant(np.array([0, 3, 1, 1], np.int64)))
    shown = net.node("Add", picture, net.node("Mul", colour, net.constant(np.float32(8))))
    clipped = net.node("Clip", shown, net.constant(np.float32(0)), net.constant(np.float32(1)))
    net.output("output", clipped, [batch, 3, 512, 512])
    return net.model()


def retargeter(ratios, *, batch=1, seed=4):
    """By how much key points move, from key points, ratios and the ratio wanted."""
    net = NetworkBuilder(seed + ratios)
    told = net.input("input", [batch, 64 + ratios])
    moves = net.node("Mul", net.node("Tanh", net.dense(told, 64 + ratios, 63)), net.constant(np.float32(0.05)))
    net.output("output", moves, [batch, 63])
    return net.model()


def stitcher(*, batch=1, seed=5):
    """Key points, drawn a little to those that there were."""
    net = NetworkBuilder(seed)
    source, target = net.input("source", [batch, 21, 3]), net.input("target", [batch, 21, 3])
    back = net.node("Mul", net.node("Sub", target, source), net.constant(np.float32(0.1)))
    net.output("output", net.node("Add", source, back), [batch, 21, 3])
    return net.model()


def put_restorer(shelf, *, batch=1):
    """Enter the networks of the expression restorer."""
    shelf.put(FEATURES, "portrait_features", FEATURES, feature_extractor(batch=batch))
    shelf.put(MOTION, "portrait_motion", MOTION, motion_extractor(batch=batch))
    shelf.put(RESTORER, "expression_restorer", "live_portrait", generator(batch=batch), requires=(FEATURES, MOTION))
    return shelf


def put_editor(shelf, *, batch=1):
    """Enter the networks of the face editor, those of the expression restorer among them."""
    put_restorer(shelf, batch=batch)
    for name, ratios in ((EYES, 2), (LIPS, 1)):
        family, net = "live_portrait_retargeter", retargeter(ratios, batch=batch)
        shelf.put(name, "portrait_retargeter", family, net, settings={"ratios": ratios})
    requires = (RESTORER, EYES, LIPS)
    shelf.put(EDITOR, "face_editor", "live_portrait_editor", stitcher(batch=batch), requires=requires)
    return shelf
