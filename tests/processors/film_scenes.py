"""Made film: scenes that are known, and what is done to them, with the truth beside it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image
from facefusion.processors.film_restorer.camera import Similarity
from facefusion.processors.film_restorer.stage import Stage
from facefusion.processors.film_restorer.step import Moment, Step


def scenery(width: int, height: int, seed: int = 1) -> Image:
    """A still picture with detail of all sizes, and even places between."""
    random, layers = np.random.default_rng(seed), np.zeros((height, width, 3), np.float32)
    for cell, weight in ((48, 60.0), (16, 30.0), (5, 18.0)):
        small = random.normal(0, 1, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
        small[:, :, 1:] = 0.7 * small[:, :, :1] + 0.3 * small[:, :, 1:]
        layers += weight * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(layers + 118, 12, 243).astype(np.uint8)


def even(width: int, height: int) -> Image:
    """A ramp of brightness without any detail."""
    ramp = np.linspace(40, 215, width, dtype=np.float32)
    return np.repeat(np.repeat(ramp[None], height, 0)[:, :, None], 3, 2).astype(np.uint8)


def moved(image: Image, places: npt.NDArray[np.float64]) -> list[Image]:
    """A picture as a camera shows it that lies at given places; rows are shift in widths, turn and zoom."""
    height, width = image.shape[:2]
    flags, border = cv2.INTER_LANCZOS4, cv2.BORDER_REFLECT_101
    matrices = [Similarity(*place.tolist()).matrix(width, height) for place in places]
    return [
        np.asarray(cv2.warpAffine(image, matrix, (width, height), flags=flags, borderMode=border), np.uint8)
        for matrix in matrices
    ]


def weave(frames: int, width: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """Places of a frame in a worn gate: 0.8 pixels and a milliradian, anew for each frame."""
    random = np.random.default_rng(seed)
    places = np.zeros((frames, 4))
    places[:, :2] = random.normal(0, 0.8 / width, (frames, 2))
    places[:, 2] = random.normal(0, 0.001, frames)
    return places


def grain(
    shape: tuple[int, int], frames: int, *, sigma: float, size: float, seed: int = 3
) -> list[npt.NDArray[np.float32]]:
    """Grain of a known strength and size, the same in all channels."""
    random, made = np.random.default_rng(seed), []
    for _ in range(frames):
        plane = cv2.GaussianBlur(random.normal(0, 1, (shape[0] + 32, shape[1] + 32)).astype(np.float32), (0, 0), size)
        plane = plane[16:-16, 16:-16] * np.float32(sigma * 2 * np.sqrt(np.pi) * size)
        made.append(np.repeat(plane[:, :, None], 3, 2))
    return made


def laid_on(images: Sequence[Image], layers: Sequence[npt.NDArray[np.float32]]) -> list[Image]:
    """Pictures with something on them, rounded."""
    return [np.clip(np.rint(a + b), 0, 255).astype(np.uint8) for a, b in zip(images, layers, strict=True)]


def through(step: Step, images: Sequence[Image], begins: Sequence[int] = (0,)) -> list[Image]:
    """What a step makes of a film whose shots begin at these frames."""
    stage, made = Stage(step), []
    for number, image in enumerate(images):
        made += [moment.image for moment in stage.push(Moment(image, number in begins))]
    return made + [moment.image for moment in stage.flush()]


def psnr(image: npt.NDArray[np.generic], truth: npt.NDArray[np.generic]) -> float:
    """Of two pictures, in dB; those that are the same have 99."""
    error = np.mean(((image.astype(np.float64) - truth.astype(np.float64)) / 255) ** 2)
    return 99.0 if error == 0 else float(-10 * np.log10(error))
