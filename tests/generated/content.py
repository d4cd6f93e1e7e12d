"""Models that judge pictures: they say what they are told of every picture in which something is red."""

from __future__ import annotations

import numpy as np

from facefusion.inference.catalogue import Catalogue
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore
from generated.builder import NetworkBuilder

PRIMARY = "nudenet_320n"
LABELS = Catalogue.known()[PRIMARY].settings["labels"]


CLASSES = len(LABELS)


def told_detector(*things, classes=CLASSES, batch="batch", always=False):
    """A network with the head of a YOLO of version 8.

    Args:
        things: label or number of a class, score, and centre and sides of a box on a canvas of 320 pixels.
        classes: it tells apart.
        batch: how many pictures it takes at once.
        always: whether it says so of every picture.
    """
    rows = np.zeros((1, 4 + classes, max(len(things), 1)), np.float32)
    for place, (label, score, *box) in enumerate(things):
        rows[0, :4, place] = box
        rows[0, 4 + (LABELS.index(label) if isinstance(label, str) else label), place] = score
    build = NetworkBuilder()
    red = _red(build, build.input("images", [batch, 3, "height", "width"]), always)
    share = np.ones((1, 4 + classes, 1), np.float32)
    share[:, :4] = 0  # boxes do not depend on the picture
    told, scores = build.constant(rows), build.constant(share)
    weight = build.node("Add", build.node("Mul", red, scores), build.constant(1 - share))
    build.output("output0", build.node("Mul", told, weight), [batch, 4 + classes, None])
    return build.model()


def told_classifier(*logits, size=384, batch="batch"):
    """A network that gives these values of red pictures, and others with the opposite sign."""
    build = NetworkBuilder()
    red = build.node("Reshape", _red(build, build.input("input", [batch, 3, size, size]), False), _flat(build))
    sign = build.node("Sub", build.node("Mul", red, build.constant(np.float32(2))), build.constant(np.float32(1)))
    values = build.node("Mul", sign, build.constant(np.array([logits], np.float32)))
    build.output("output", values, [batch, len(logits)])
    return build.model()


def put_detector(shelf, model, name=PRIMARY, **settings):
    """Enter a detector with the settings that the real one has, or others."""
    shipped = Catalogue.known()[PRIMARY].settings
    return shelf.put(name, "content_detector", "content_detector", model, settings=settings or shipped)


def content_sessions(shelf):
    """Return a factory that knows the models of a shelf and those that find faces."""
    catalogue = Catalogue([*Catalogue.bundled(), *shelf.cards])
    return SessionFactory(("cpu",), catalogue=catalogue, store=ModelStore(own=shelf.folder))


def _red(build, value, always):
    """How red the reddest pixel is, 0 or 1, [batch, 1, 1]: red above what is green."""
    weights = np.array([1, -1, 0], np.float32).reshape(1, 3, 1, 1)
    redder = build.node("GlobalMaxPool", build.node("Conv", value, build.constant(weights), kernel_shape=[1, 1]))
    least = build.constant(np.float32(-1e9 if always else 0.5))
    is_red = build.node("Cast", build.node("Greater", redder, least), to=1)
    return build.node("Reshape", is_red, build.constant(np.array([-1, 1, 1], np.int64)))


def _flat(build):
    return build.constant(np.array([-1, 1], np.int64))
