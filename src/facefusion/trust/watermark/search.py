"""The pilot of a key is looked for in a picture, to see how that was cropped, stretched or turned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from facefusion.trust.watermark.canonical import HEIGHT, WIDTH
from facefusion.trust.watermark.geometry import Geometry
from facefusion.trust.watermark.lapped import Matrix
from facefusion.trust.watermark.layout import PER_TILE, TILES, Layout

_COARSE, _FINE = 4, 2
"""Canonical samples for one of the grids on which the pilot is found, and its place refined."""
_DETAIL, _AROUND, _CLIP = 3.0, 5.0, 0.75
"""Canonical samples over which detail is told from the rest and brought to one size, and where it is cut off."""
_STEPS = (0.4, 0.006, 0.006, 0.004, 0.007)
_NAMES = ("angle", "across", "down", "right", "lower")
_CLOSE = 0.02

Found = tuple[float, Geometry]
"""How well a pilot fits, and where."""
_Match = tuple[float, float, float]
"""How well a pilot fits at its best place, and where that is."""


class PilotSearch:
    """Looks for one key's pilot: by correlation, over all places at once for each guess of size and turn."""

    def __init__(self, layout: Layout) -> None:
        pilot = layout.drawn(np.zeros((TILES, PER_TILE), np.float32), np.ones(TILES, np.float32))
        self._coarse, self._fine = _reduced(pilot, _COARSE), _reduced(pilot, _FINE)

    def candidates(
        self,
        ways: Sequence[Geometry],
        pictures: Callable[[Geometry], Sequence[Matrix]],
        guesses: Callable[[Geometry], Iterable[Geometry]],
        most: int,
    ) -> Iterator[tuple[Geometry, list[Found]]]:
        """Yield for each way in which pictures may lie the likeliest geometries and how well the pilot fits there.

        Args:
            ways: one, or several where no guess is turned: what a guess looks like is then the same for all.
            pictures: returns the canonical lumas of frames that share their geometry, laid in a way.
            guesses: returns what to try in a way; places need not be right.
            most: how many geometries at most, the best first.
        """
        spectra = [np.asarray(cv2.dft(_whitened(pictures(way), _COARSE)), np.float32) for way in ways]
        tried = list(guesses(ways[0]))
        places = self._places(spectra, tried)
        for way, matches in zip(ways, places, strict=True):
            found = sorted(zip(matches, tried, strict=True), key=lambda each: -each[0][0])
            likely = _distinct((_found(match, guess, way) for match, guess in found), most)
            close = _whitened(pictures(way), _FINE)
            refined = [self._refined(close, guess) for _, guess in likely]
            yield way, _distinct(sorted(refined, key=lambda each: -each[0]), most)

    def _places(self, spectra: Sequence[Matrix], guesses: Sequence[Geometry]) -> list[list[_Match]]:
        """Return for each picture, by its spectrum, the place where each guess fits best."""
        height, width = spectra[0].shape
        places: list[list[_Match]] = [[] for _ in spectra]
        for guess in guesses:
            template = cv2.dft(cv2.warpAffine(self._coarse, guess.matrix((width, height)), (width, height)))
            for spectrum, found in zip(spectra, places, strict=True):
                found.append(_placed(spectrum, template))
        return places

    def _refined(self, seen: Matrix, guess: Geometry) -> Found:
        """Climb to where the pilot fits best, by ever smaller steps of each part of the geometry."""
        best, steps = self._fit(seen, guess), np.array(_STEPS)
        while steps[0] > _CLOSE:
            before = best
            for name, step in zip(_NAMES, steps, strict=True):
                nearby = [replace(guess, **{name: getattr(guess, name) + change}) for change in (step, -step)]
                score, other = max(((self._fit(seen, each), each) for each in nearby), key=lambda each: each[0])
                if score > best:
                    best, guess = score, other
            if best == before:
                steps /= 2
        return best, guess

    def _fit(self, seen: Matrix, guess: Geometry) -> float:
        """Return the correlation in standard deviations of what chance gives."""
        height, width = seen.shape
        template = cv2.warpAffine(self._fine, guess.matrix((width, height)), (width, height))
        return float(seen.ravel() @ template.ravel()) / (float(cv2.norm(template)) + 1e-9)


def _placed(spectrum: Matrix, template: Any) -> _Match:
    """Return how well a pilot fits at its best place, against other places, and where that is, from the middle."""
    height, width = spectrum.shape
    match = cv2.idft(cv2.mulSpectrums(spectrum, template, 0, conjB=True))
    _, best, _, (x, y) = cv2.minMaxLoc(match)
    right, lower = (x + width / 2) % width / width - 0.5, (y + height / 2) % height / height - 0.5
    return best / float(cv2.norm(match) + 1e-9), right, lower


def _found(match: _Match, guess: Geometry, way: Geometry) -> Found:
    """Return a guess at the place where it fits, in a way in which the picture may lie."""
    score, right, lower = match
    laid = replace(guess, side=way.side, mirror=way.mirror, aspect=way.aspect, right=right, lower=lower)
    return score, laid


def _distinct(found: Iterable[Found], most: int) -> list[Found]:
    """Return the best that are not neighbours of better ones."""
    kept: list[Found] = []
    for each in found:
        if all(_apart(each[1], other) for _, other in kept):
            kept.append(each)
        if len(kept) == most:
            break
    return kept


def _apart(one: Geometry, other: Geometry) -> bool:
    scale = max(abs(one.across - other.across), abs(one.down - other.down))
    place = max(abs(one.right - other.right), abs(one.lower - other.lower))
    return abs(one.angle - other.angle) > 1 or scale > 0.02 or place > 0.02


def _reduced(picture: Matrix, by: int) -> Matrix:
    return np.asarray(cv2.resize(picture, (WIDTH // by, HEIGHT // by), interpolation=cv2.INTER_AREA), np.float32)


def _whitened(pictures: Sequence[Matrix], by: int) -> Matrix:
    """Return the sum of pictures with detail of one size at all places and of all frequencies, of unit variance."""
    total = np.zeros((HEIGHT // by, WIDTH // by), np.float32)
    for picture in pictures:
        small = _reduced(picture, by)
        detail = small - cv2.GaussianBlur(small, (0, 0), _DETAIL / by)
        local = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), _AROUND / by) + 0.5)
        total += np.clip(detail / local, -_CLIP, _CLIP)
    spectrum = np.fft.rfft2(total)
    size = cv2.GaussianBlur(np.abs(spectrum).astype(np.float32), (0, 0), 2)
    white = np.fft.irfft2(spectrum / (size + 1e-3), s=total.shape).astype(np.float32)
    return np.asarray(white / (white.std() + 1e-9), np.float32)
