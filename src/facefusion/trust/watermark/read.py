"""The mark is read from frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from facefusion.trust.watermark.canonical import Luma, canonical, lies
from facefusion.trust.watermark.code import LENGTH, decoded_each, encoded
from facefusion.trust.watermark.evidence import LIMIT, chance, weight
from facefusion.trust.watermark.geometry import Geometry, mirrored, turned, upright
from facefusion.trust.watermark.lapped import HOP, Matrix
from facefusion.trust.watermark.lattice import soft_bits
from facefusion.trust.watermark.layout import CHIPS, COLUMNS, ROWS, Layout
from facefusion.trust.watermark.mark import STEP
from facefusion.trust.watermark.payload import check_payload
from facefusion.trust.watermark.search import PilotSearch

FRAMES = 24
"""Frames that are summed at most."""
STEPS = STEP * 1.04 ** np.arange(-27, 12)
"""Steps that are tried: marks of frames of any size, and their contrast from 0.7 to 1.5."""
_CANDIDATES, _PROMISING = 8, 5.5
"""Geometries that are tried after each search, and how well the pilot must fit there, in standard deviations."""
_SQUARE = 1.5
MIRRORS = ((False, False), (True, True), (True, False), (False, True))
_SEARCHES = len(MIRRORS) + 1
_HYPOTHESES = (len(MIRRORS) + _SEARCHES * _CANDIDATES) * len(STEPS)
_PLACES = np.arange(CHIPS) % LENGTH
_UNSEEN, _WELL_SEEN = 0.7, 0.95
"""Part of a tile that must be there for it to count, and from which on it counts fully."""


@dataclass(frozen=True)
class Reading:
    """A mark that was found.

    Attributes:
        payload: its 64 bits.
        genuine: whether they were made with the key (see `check_payload`); otherwise somebody else marked with the key.
        frames: how many frames were summed.
        chance: highest probability that frames without a mark of this key give a reading like this one.
        geometry: how the marked picture lies in the frames.
        contrast: of the mark against that in a frame of at most 640 pixels; 0.6 in large ones.
    """

    payload: int
    genuine: bool
    frames: int
    chance: float
    geometry: Geometry
    contrast: float


def read_watermark(frames: Iterable[Luma], key: bytes) -> Reading | None:
    """Return the mark of a key in frames, or None where there is none or it cannot be told.

    More frames read better, and those that differ better than those that do not. It takes a fraction of a second where
    the picture is whole, and some seconds where it was cropped, turned, or bears no mark.

    Args:
        frames: luma (H, W) uint8 of one clip, or one picture; the first 24 are used.
        key: 32 bytes.
    """
    taken = list(islice(frames, FRAMES))
    return next(filter(None, _Reader(taken, key).readings()), None) if taken else None


class _Reader:
    """Reads one clip with one key."""

    def __init__(self, frames: Sequence[Luma], key: bytes) -> None:
        self._key, self._layout = key, Layout.of(key)
        self._frames, self._shape = frames, frames[0].shape
        self._lies = _ways(self._shape)
        self._levels: dict[bool, list[Matrix]] = {}

    def readings(self) -> Iterator[Reading | None]:
        """Try one geometry after the other, the likeliest first."""
        for way in self._lies:
            yield self._reading(way, self._pictures(way), tried=len(self._lies) * len(STEPS))
        tried = (len(self._lies) + 1) * _CANDIDATES * len(STEPS)
        for pictures, geometry in self._searched():
            yield self._reading(geometry, pictures, tried=tried)

    def _searched(self) -> Iterator[tuple[Sequence[Matrix], Geometry]]:
        """Yield where the pilot seems to be, with the pictures laid as it says."""
        search, (first, *others) = PilotSearch(self._layout), self._lies
        for ways, guesses in [([first], upright), ([first], turned), (others, upright)]:
            for way, candidates in search.candidates(ways, self._pictures, guesses, _CANDIDATES):
                pictures = self._pictures(way)
                for fit, geometry in candidates:
                    if fit > _PROMISING:
                        yield pictures, geometry

    def _pictures(self, way: Geometry) -> list[Matrix]:
        if way.side not in self._levels:
            self._levels[way.side] = [canonical(frame, transposed=way.side) for frame in self._frames]
        return [mirrored(levels, way.mirror) for levels in self._levels[way.side]]

    def _reading(self, geometry: Geometry, pictures: Sequence[Matrix], *, tried: int) -> Reading | None:
        """Return what is read at a geometry, at the step at which it is surest."""
        numbers = [self._layout.chips(geometry.undone(picture)) for picture in pictures]
        seen = _tiles_seen(geometry)[:, None]
        told = [
            (sum(soft_bits(each, step) for each in numbers) * seen).reshape(-1)[self._layout.order]
            for step in STEPS.tolist()
        ]
        payloads = decoded_each(np.array([np.bincount(_PLACES, soft, LENGTH) for soft in told], np.float32))
        best: Reading | None = None
        for step, soft, payload in zip(STEPS.tolist(), told, payloads, strict=True):
            genuine = check_payload(self._key, payload)
            risk = chance(weight(soft, encoded(payload)[_PLACES]), tried, genuine=genuine)
            if risk <= LIMIT and (best is None or risk < best.chance):
                best = Reading(payload, genuine, len(numbers), risk, geometry, step / STEP)
        return best


def _ways(shape: tuple[int, ...]) -> list[Geometry]:
    """Return the ways in which a whole picture may lie: near a square, what was a portrait may be none any more."""
    short, long = sorted(shape)
    sides = [lies(shape), not lies(shape)] if long <= _SQUARE * short else [lies(shape)]
    aspects = {side: shape[0] / shape[1] if side else shape[1] / shape[0] for side in sides}
    return [Geometry(side, mirror, aspect=aspects[side]) for mirror in MIRRORS for side in sides]


def _tiles_seen(geometry: Geometry) -> Matrix:
    """Return how much each tile counts, (TILES,) from 0 to 1, by how much of it is in the picture."""
    seen = geometry.seen()
    parts = [
        seen[row * HOP : (row + 2) * HOP, column * HOP : (column + 2) * HOP].mean()
        for row, column in product(range(ROWS), range(COLUMNS))
    ]
    return np.asarray(np.clip((np.array(parts) - _UNSEEN) / (_WELL_SEEN - _UNSEEN), 0, 1), np.float32)
