"""How a picture was cropped, stretched, turned or mirrored: the pilot of the key is looked for in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import cos, radians, sin

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.trust.watermark.canonical import HEIGHT, WIDTH
from facefusion.trust.watermark.lapped import Matrix

_COARSE, _FINE = 4, 2
"""Canonical samples for one of the grid of the search, and of its refinement."""


@dataclass(frozen=True)
class Geometry:
    """How the canonical picture lies in the one that is read.

    Attributes:
        angle: degrees that it was turned by, clockwise.
        across, down: its width and height, in those of the picture that is read: above 1 where it was cropped.
        right, lower: where its centre lies, in widths and heights from the other's centre.
        aspect: width over height of the picture that is read, which says what a turn is.
    """

    angle: float = 0.0
    across: float = 1.0
    down: float = 1.0
    right: float = 0.0
    lower: float = 0.0
    aspect: float = WIDTH / HEIGHT

    def matrix(self, size: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Return the (2, 3) matrix from places of the canonical picture to those of the one read, both (width, height)."""
        turn, stretch = radians(self.angle), np.array([self.aspect, 1.0])
        rotation = np.array([[cos(turn), -sin(turn)], [sin(turn), cos(turn)]])
        unit = rotation * stretch[None, :] / stretch[:, None] * np.array([self.across, self.down])
        grid = np.array(size, np.float64)
        linear = unit * grid[:, None] / grid[None, :]
        centre = (grid - 1) / 2
        return np.column_stack([linear, centre + np.array([self.right, self.lower]) * grid - linear @ centre])


class PilotSearch:
    """Looks for one key's pilot."""

    def __init__(self, pilot: Matrix) -> None:
        self._coarse, self._fine = _reduced(pilot, _COARSE), _reduced(pilot, _FINE)

    def candidates(self, pictures: Sequence[Matrix], aspect: float, hypotheses: Iterable[Geometry], most: int) -> list[Geometry]:
        """Return the likeliest geometries, refined, the best first."""
        seen, close = _whitened(pictures, _COARSE), _whitened(pictures, _FINE)
        spectrum = cv2.dft(seen)
        found = [self._placed(spectrum, replace(guess, aspect=aspect)) for guess in hypotheses]
        found.sort(key=lambda each: -each[0])
        refined = [self._refined(close, guess) for _, guess in _distinct(found, most)]
        refined.sort(key=lambda each: -each[0])
        self.scores = refined
        return [guess for _, guess in refined]

    def _placed(self, spectrum: Matrix, guess: Geometry) -> tuple[float, Geometry]:
        """Return how well the pilot fits where it fits best, and that place."""
        height, width = spectrum.shape
        template = cv2.warpAffine(self._coarse, guess.matrix((width, height)), (width, height))
        match = cv2.idft(cv2.mulSpectrums(spectrum, cv2.dft(template), 0, conjB=True))
        _, best, _, (x, y) = cv2.minMaxLoc(match)
        right, lower = (x + width / 2) % width / width - 0.5, (y + height / 2) % height / height - 0.5
        return best / float(cv2.norm(match)), replace(guess, right=right, lower=lower)

    def _refined(self, seen: Matrix, guess: Geometry) -> tuple[float, Geometry]:
        """Climb to where the pilot fits best."""
        best, steps = self._fit(seen, guess), np.array([0.4, 0.006, 0.006, 0.004, 0.007])
        names = ("angle", "across", "down", "right", "lower")
        while steps[0] > 0.02:
            better = False
            for name, step in zip(names, steps, strict=True):
                for change in (step, -step):
                    other = replace(guess, **{name: getattr(guess, name) + change})
                    score = self._fit(seen, other)
                    if score > best:
                        best, guess, better = score, other, True
                        break
            if not better:
                steps /= 2
        return best, guess

    def _fit(self, seen: Matrix, guess: Geometry) -> float:
        height, width = seen.shape
        template = cv2.warpAffine(self._fine, guess.matrix((width, height)), (width, height))
        return float((seen * template).sum() / (np.sqrt((template * template).sum()) + 1e-6))


def upright() -> Iterator[Geometry]:
    """Yield crops, bars and stretches in both directions."""
    scales = np.exp(np.arange(np.log(0.7), np.log(1.5), 0.014))
    for across, down in product(scales, scales):
        yield Geometry(across=float(across), down=float(down))


def turned() -> Iterator[Geometry]:
    """Yield turns, with crops that keep the shape more or less."""
    scales = np.exp(np.arange(np.log(0.8), np.log(1.3), 0.014))
    for tenths, scale, stretch in product(range(-100, 101, 8), scales, (-0.03, -0.015, 0, 0.015, 0.03)):
        if tenths:
            yield Geometry(angle=tenths / 10, across=float(scale * (1 + stretch)), down=float(scale * (1 - stretch)))


def _distinct(found: Sequence[tuple[float, Geometry]], most: int) -> list[tuple[float, Geometry]]:
    kept: list[tuple[float, Geometry]] = []
    for score, guess in found:
        if all(_apart(guess, other) for _, other in kept):
            kept.append((score, guess))
        if len(kept) == most:
            break
    return kept


def _apart(one: Geometry, other: Geometry) -> bool:
    return (
        abs(one.angle - other.angle) > 1
        or max(abs(one.across - other.across), abs(one.down - other.down)) > 0.02
        or max(abs(one.right - other.right), abs(one.lower - other.lower)) > 0.02
    )


def _reduced(picture: Matrix, by: int) -> Matrix:
    return cv2.resize(picture, (WIDTH // by, HEIGHT // by), interpolation=cv2.INTER_AREA)


def _whitened(pictures: Sequence[Matrix], by: int) -> Matrix:
    """Return the sum of pictures whose fine detail was brought to one size everywhere."""
    total = np.zeros((HEIGHT // by, WIDTH // by), np.float32)
    for picture in pictures:
        small = _reduced(picture, by)
        detail = small - cv2.GaussianBlur(small, (0, 0), 8 / by)
        local = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 24 / by) + 0.5)
        total += np.clip(detail / local, -2, 2)
    return total
