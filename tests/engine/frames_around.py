"""Small processors that go by the frames around each, for tests; `installed_beside` brings them in as a package."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from facefusion.media.frame import Frame
from facefusion.processors.base import FaceFrame, FrameFormat, ProcessorSpec
from facefusion.processors.kept import kept_frames, kept_state


class WindowMean:
    """Makes each frame the mean of those around it; every fourth stays as it is, as the same object."""

    def __init__(self, reach: int) -> None:
        self.delay = reach
        self._past: list[np.ndarray] = []
        self._kept: list[FaceFrame] = []

    def process(self, batch):
        self._kept += batch
        return [self._next() for _ in range(len(self._kept) - self.delay)]

    def finish(self):
        return [self._next() for _ in range(len(self._kept))]

    def state(self):
        return {"past": list(self._past), "kept": kept_state(self._kept)}

    def restore(self, state):
        self._past, self._kept = list(state["past"]), kept_frames(state["kept"])

    def _next(self) -> FaceFrame:
        image = self._kept[0].frame.image
        around = [*self._past, *(item.frame.image for item in self._kept[: self.delay + 1])]
        item = self._kept.pop(0)
        self._past = [*self._past, image][-self.delay :]
        return item if item.frame.index % 4 == 3 else item.with_frame(item.frame.with_image(mean(around)))


class Later(WindowMean):
    """Keeps frames back, and nothing of those that it gave."""

    def _next(self) -> FaceFrame:
        return self._kept.pop(0)


class Brighter:
    """Adds to every pixel; remembers nothing."""

    is_concurrent = True

    def process(self, batch):
        return [item.with_frame(item.frame.with_image(brighter(item.frame.image))) for item in batch]

    def state(self):
        return {}

    def restore(self, state):
        pass


class Counting(Brighter):
    """Adds the number of frames so far to every pixel, and so remembers."""

    is_concurrent = False

    def __init__(self) -> None:
        self._count = 0

    def process(self, batch):
        return [self._next(item) for item in batch]

    def state(self):
        return {"count": self._count}

    def restore(self, state):
        self._count = state["count"]

    def _next(self, item: FaceFrame) -> FaceFrame:
        self._count += 1
        return item.with_frame(item.frame.with_image(item.frame.image + np.uint8(self._count)))


class Twice(Brighter):
    """Makes frames twice as large, with what was decoded."""

    def process(self, batch):
        return [item.enlarged(item.frame.enlarged(np.ascontiguousarray(twice(item.frame.image)))) for item in batch]


def mean(images):
    return np.rint(np.mean(images, axis=0)).astype(np.uint8)


def brighter(image):
    return cv2.add(image, (9, 9, 9, 0))


def twice(image):
    return image.repeat(2, 0).repeat(2, 1)


def windowed(images, reach, first=0):
    """What `WindowMean` makes of pictures, of which the first has an index."""
    means = [mean(images[max(0, place - reach) : place + reach + 1]) for place in range(len(images))]
    return [
        image if index % 4 == 3 else made for index, (image, made) in enumerate(zip(images, means, strict=True), first)
    ]


def frames(count, size=(20, 24), seed=0):
    """Frames that are one by one as they should come out: with their own times, which are not even."""
    noise = np.random.default_rng(seed)
    images = [noise.integers(0, 200, (*size, 3), np.uint8) for _ in range(count)]
    return [FaceFrame(Frame(n, n * n + n, 2 * n + 2, Fraction(1, 50), each), ()) for n, each in enumerate(images)]


def _of(reach):
    return lambda context: WindowMean(reach)


def _double(before, options, catalogue):
    return FrameFormat(2 * before.width, 2 * before.height, before.has_alpha, before.has_colour)


NEAR = ProcessorSpec("near", "mean of seven frames", False, _of(3), needs_faces=False, delay=lambda options: 3)
FAR = ProcessorSpec("far", "mean of eleven frames", False, _of(5), needs_faces=False, delay=lambda options: 5)
BRIGHT = ProcessorSpec("bright", "adds light", False, lambda context: Brighter(), needs_faces=False)
COUNT = ProcessorSpec("count", "adds the count", False, lambda context: Counting(), needs_faces=False)
TWICE = ProcessorSpec("twice", "twice as large", False, lambda context: Twice(), needs_faces=False, format=_double)
LATER = ProcessorSpec("later", "keeps six", False, lambda context: Later(6), needs_faces=False, delay=lambda options: 6)
FACED = ProcessorSpec("faced", "mean of seven frames that show faces", False, _of(3), delay=lambda options: 3)
MORE = ProcessorSpec("more", "keeps back more than it says", False, _of(3), needs_faces=False)


def installed_beside(folder: Path, monkeypatch) -> None:
    """Install the processors of this module, as pip would."""
    information = folder / "around-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: around\nVersion: 1.0\n")
    points = (
        f"{name.lower()} = frames_around:{name}"
        for name in ("NEAR", "FAR", "BRIGHT", "COUNT", "TWICE", "LATER", "FACED", "MORE")
    )
    (information / "entry_points.txt").write_text("[facefusion.processors]\n" + "\n".join(points))
    monkeypatch.syspath_prepend(str(folder))
