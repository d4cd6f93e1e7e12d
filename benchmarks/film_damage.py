"""Damage as old film has it, made on clean frames with known truth.

Every kind has its own generator of random numbers, so that the same frames and seed give the same damage whatever
else is done to them. Sizes are in thousandths of the frame's height, as they are on film.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.frame import Image

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

VISIBLE: Final = 12
"""Levels, of 255, by which the plainest pixel of a mark has to differ for the mark to count; less is not seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """One speck, hair or scratch on one frame.

    Attributes:
        kind: `dust`, `hair` or `scratch`.
        rows: where its plain pixels are: those that differ by `VISIBLE` at least.
        columns: likewise.
    """

    kind: str
    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Damaged:
    """Frames with their damage.

    Attributes:
        images: as they look now, RGB uint8 (H, W, 3).
        clean: as they were, with flicker and noise but without marks.
        marks: on each frame.
        gains: by which each frame was made brighter, over the whole frame.
    """

    images: list[Image]
    clean: list[Image]
    marks: list[tuple[Mark, ...]]
    gains: Floats

    def damage(self, index: int) -> Mask:
        """Return where a frame is not as it was, however little, bool (H, W)."""
        return np.asarray((self.images[index] != self.clean[index]).any(2), np.bool_)


def with_dust(images: Sequence[Image], seed: int, per_frame: float = 8, hairs: float = 0.7) -> Damaged:
    """Return frames with specks and hairs, each on one frame alone, nearly white or nearly black.

    Args:
        images: RGB uint8 (H, W, 3), of one size.
        seed: of the damage.
        per_frame: specks on a frame, in the mean.
        hairs: hairs and threads on a frame, in the mean.
    """
    random = np.random.default_rng([seed, 1])
    damaged, marks = [], []
    for image in images:
        shapes = [("dust", _speck(image.shape, random)) for _ in range(random.poisson(per_frame))]
        shapes += [("hair", _hair(image.shape, random)) for _ in range(random.poisson(hairs))]
        worn, own = _laid(image, shapes, lambda: _dust_colour(random))
        damaged.append(worn)
        marks.append(own)
    return Damaged(damaged, list(images), marks, np.ones(len(images), np.float32))


def with_scratches(images: Sequence[Image], seed: int, alive: float = 2) -> Damaged:
    """Return frames with upright scratches that stay for 10 to 60 frames and wander.

    Args:
        images: RGB uint8 (H, W, 3), of one size.
        seed: of the damage.
        alive: scratches on a frame, in the mean.
    """
    random = np.random.default_rng([seed, 2])
    height, width = images[0].shape[:2]
    shapes: list[list[tuple[str, Floats]]] = [[] for _ in images]
    colours: list[list[Floats]] = [[] for _ in images]
    for start in range(-59, len(images)):
        for _ in range(random.poisson(alive / 35)):
            line = _Scratch.drawn(height, width, random)
            for index in range(max(start, 0), min(start + line.life, len(images))):
                shapes[index].append(("scratch", line.shape(index - start, height, width)))
                colours[index].append(line.colour)
    damaged, marks = [], []
    for image, own, tints in zip(images, shapes, colours, strict=True):
        rest = iter(tints)
        worn, found = _laid(image, own, lambda rest=rest: next(rest))  # type: ignore[misc]
        damaged.append(worn)
        marks.append(found)
    return Damaged(damaged, list(images), marks, np.ones(len(images), np.float32))


def with_flicker(images: Sequence[Image], seed: int, spread: float = 0.06, local: float = 0.02) -> Damaged:
    """Return frames whose light flickers from frame to frame.

    Args:
        images: RGB uint8 (H, W, 3), of one size.
        seed: of the damage.
        spread: standard deviation of the whole frame's brightness, as a share.
        local: the same of its parts beside the whole, six by four of them, smoothly joined.
    """
    random = np.random.default_rng([seed, 3])
    height, width = images[0].shape[:2]
    gains = 1 + spread * random.standard_normal(len(images)).astype(np.float32)
    damaged = []
    for image, gain in zip(images, gains, strict=True):
        parts = gain * (1 + local * random.standard_normal((4, 6)).astype(np.float32))
        field = cv2.resize(parts, (width, height), interpolation=cv2.INTER_CUBIC)
        damaged.append(_rounded(image * field[:, :, None]))
    return Damaged(damaged, list(images), [()] * len(images), gains)


def with_fade(images: Sequence[Image]) -> list[Image]:
    """Return frames as a faded print shows them: grey blacks, dull whites, and less blue and green than red."""
    low, high = np.array([62, 48, 40], np.float32), np.array([228, 205, 178], np.float32)
    return [_rounded(low + image * ((high - low) / 255)) for image in images]


def with_noise(images: Sequence[Image], seed: int, spread: float = 4) -> list[Image]:
    """Return frames with grain, of the given standard deviation in the middle tones, of 255."""
    random = np.random.default_rng([seed, 4])
    return [_rounded(image + _grain(image, spread, random)) for image in images]


def with_weave(images: Sequence[Image], seed: int, spread: float = 2.5) -> tuple[list[Image], Floats]:
    """Return frames that wander as film does in a gate, and by how many pixels each was moved, float32 (N, 2).

    Args:
        images: RGB uint8 (H, W, 3), of one size.
        seed: of the damage.
        spread: standard deviation of the shift, in thousandths of the height.
    """
    random = np.random.default_rng([seed, 5])
    height, width = images[0].shape[:2]
    steps = random.standard_normal((len(images), 2)).astype(np.float32) * np.float32(spread * height / 1000)
    moves = steps.copy()
    for index in range(1, len(moves)):
        moves[index] = np.float32(0.6) * moves[index - 1] + np.float32(0.8) * steps[index]
    woven = []
    for image, (x, y) in zip(images, moves, strict=True):
        matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
        woven.append(
            np.asarray(cv2.warpAffine(image, matrix, (width, height), None, cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101))
        )
    return woven, moves


@dataclass(frozen=True, slots=True, eq=False)
class _Scratch:
    """A scratch: where it is, how broad and how long it lives.

    Attributes:
        place: across, in pixels, at the middle of the frame.
        slope: pixels across for each down.
        drift: pixels across for each frame.
        swing: how far it sways, in pixels.
        width: in pixels.
        ends: from which to which row it is seen.
        opacity: how much of it is seen, 0 to 1.
        colour: float32 (3,).
        life: in frames.
        phase: of the sway.
    """

    place: float
    slope: float
    drift: float
    swing: float
    width: float
    ends: tuple[float, float]
    opacity: float
    colour: Floats
    life: int
    phase: float

    @classmethod
    def drawn(cls, height: int, width: int, random: np.random.Generator) -> _Scratch:
        """Return one at random."""
        unit = height / 1000
        ends = (0.0, float(height))
        if random.random() < 0.25:
            part = random.uniform(0.55, 0.9) * height
            ends = (0.0, part) if random.random() < 0.5 else (height - part, float(height))
        return cls(
            random.uniform(0.04, 0.96) * width,
            random.normal(0, 0.002),
            random.normal(0, 0.3) * unit,
            random.uniform(0, 1.5) * unit,
            max(1.0, random.uniform(1.2, 4) * unit),
            ends,
            random.uniform(0.35, 0.8),
            np.full(3, 235 if random.random() < 0.6 else 15, np.float32) + random.normal(0, 8, 3).astype(np.float32),
            int(random.integers(10, 61)),
            random.uniform(0, 6.28),
        )

    def shape(self, age: int, height: int, width: int) -> Floats:
        """Return how much of each pixel it covers, float32 (H, W)."""
        rows = np.arange(height, dtype=np.float32)[:, None]
        middle = self.place + self.drift * age + self.slope * (rows - height / 2)
        middle = middle + self.swing * np.sin(rows / height * 7 + self.phase + age * 0.7)
        across = np.abs(np.arange(width, dtype=np.float32)[None] - middle)
        covered = np.clip(self.width / 2 + 0.5 - across, 0, 1) * np.float32(self.opacity)
        return np.asarray(covered * ((rows >= self.ends[0]) & (rows < self.ends[1])), np.float32)


def _speck(shape: Sequence[int], random: np.random.Generator) -> Floats:
    """Return how much of each pixel a speck of dust covers: a blob of no regular form, with soft edges."""
    height, width = shape[:2]
    radius = np.exp(random.normal(np.log(3.2), 0.5)) * height / 1000 + 0.6
    x, y = random.uniform(0, width), random.uniform(0, height)
    angles = np.linspace(0, 2 * np.pi, 9)[:-1]
    radii = radius * random.uniform(0.5, 1.5, 8)
    stretch, turn = random.uniform(1, 2.2), random.uniform(0, np.pi)
    across, down = radii * np.cos(angles) * stretch, radii * np.sin(angles)
    points = np.stack(
        [across * np.cos(turn) - down * np.sin(turn) + x, across * np.sin(turn) + down * np.cos(turn) + y]
    )
    return _filled(shape, points.T, random.uniform(0.75, 1))


def _hair(shape: Sequence[int], random: np.random.Generator) -> Floats:
    """Return how much of each pixel a hair or thread covers: a thin curve."""
    height, width = shape[:2]
    steps, unit = 24, height / 1000
    turns = np.cumsum(random.normal(0, 0.12, steps)) + random.uniform(0, 6.28)
    length = random.uniform(40, 160) * unit / steps
    points = np.stack([np.cumsum(np.cos(turns)), np.cumsum(np.sin(turns))], 1) * length
    points += np.array([random.uniform(0, width), random.uniform(0, height)])
    drawn = np.zeros((height, width), np.uint8)
    thick = max(1, round(random.uniform(1.5, 3.5) * unit))
    cv2.polylines(drawn, [np.round(points * 16).astype(np.int32)], False, 255, thick, cv2.LINE_AA, 4)
    return np.asarray(drawn.astype(np.float32) * np.float32(random.uniform(0.7, 0.95) / 255), np.float32)


def _filled(shape: Sequence[int], points: npt.NDArray[np.float64], opacity: float) -> Floats:
    drawn = np.zeros(tuple(shape[:2]), np.uint8)
    cv2.fillPoly(drawn, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(drawn, (0, 0), 0.6)
    return np.asarray(soft.astype(np.float32) * np.float32(opacity / 255), np.float32)


def _dust_colour(random: np.random.Generator) -> Floats:
    """Return the colour of a speck: white where it lay on the negative, else black, hardly tinted."""
    light = random.uniform(225, 250) if random.random() < 0.65 else random.uniform(5, 30)
    return np.asarray(light + random.normal(0, 5, 3), np.float32)


def _laid(
    image: Image, shapes: Sequence[tuple[str, Floats]], colour: Callable[[], Floats]
) -> tuple[Image, tuple[Mark, ...]]:
    """Return a frame with marks laid over it, and those of them that are seen."""
    worn, marks = image.copy(), []
    for kind, covered in shapes:
        tint = colour()
        rows, columns = np.nonzero(covered > 0)
        part = covered[rows, columns, None]
        before = worn[rows, columns].astype(np.float32)
        worn[rows, columns] = _rounded(before * (1 - part) + tint * part)
        plain = np.abs(worn[rows, columns].astype(np.int16) - image[rows, columns]).max(1, initial=0) >= VISIBLE
        if plain.any():
            marks.append(Mark(kind, rows[plain], columns[plain]))
    return worn, tuple(marks)


def _grain(image: Image, spread: float, random: np.random.Generator) -> Floats:
    """Return grain for a frame: soft as that of film, and most of it in the middle tones."""
    noise = cv2.GaussianBlur(random.standard_normal(image.shape[:2]).astype(np.float32), (0, 0), 0.7)
    noise *= np.float32(spread) / noise.std()
    light = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    strength = np.float32(0.35) + np.float32(2.6) * light * (1 - light)
    return np.asarray((noise * strength)[:, :, None], np.float32)


def _rounded(values: npt.NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


DAMAGES: Final[Mapping[str, Callable[[Sequence[Image], int], Damaged]]] = {
    "dust": with_dust,
    "scratches": with_scratches,
    "flicker": with_flicker,
}
