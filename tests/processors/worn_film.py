"""Small scenes with a camera and a thing that move, for the steps of the film restorer that take damage away."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np

from facefusion.media.frame import Frame, Image
from facefusion.processors.base import FaceFrame
from facefusion.processors.film_restorer.processor import FilmRestorer
from facefusion.processors.film_restorer.step import Step

HEIGHT, WIDTH = 160, 224


def scene(frames: int, seed: int = 1, speed: float = 1.5) -> list[Image]:
    """A wall with soft detail that the camera passes, and a ball that rolls across it the other way."""
    random = np.random.default_rng(seed)
    wall = np.full((HEIGHT, WIDTH + 400, 3), 118, np.float32)
    for cell, weight in ((40, 50.0), (12, 22.0)):
        small = random.normal(0, 1, (HEIGHT // cell + 2, wall.shape[1] // cell + 2, 1)).astype(np.float32)
        wall += weight * cv2.resize(small, wall.shape[1::-1], interpolation=cv2.INTER_CUBIC)[:, :, None]
    made = []
    for index in range(frames):
        matrix = np.array([[1, 0, -speed * index], [0, 1, 0]], np.float32)
        image = cv2.warpAffine(wall, matrix, (WIDTH, HEIGHT))
        cv2.circle(image, (round(20 + 3 * index), 90), 16, (60, 90, 170), -1, cv2.LINE_AA)
        made.append(np.clip(image, 12, 243).astype(np.uint8))
    return made


def items(images: Sequence[Image]) -> list[FaceFrame]:
    """Frames as they come to a processor, 25 in a second."""
    return [FaceFrame(Frame(index, index, 1, Fraction(1, 25), image), ()) for index, image in enumerate(images)]


def restored(images: Sequence[Image], *steps: Step) -> list[Image]:
    """A whole film as steps leave it."""
    processor = FilmRestorer(steps)
    done = processor.process(items(images)) + processor.finish()
    assert [item.frame.index for item in done] == list(range(len(images)))
    return [item.frame.image for item in done]
