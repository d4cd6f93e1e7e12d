"""The mark is read from frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from facefusion.trust.watermark.canonical import HEIGHT, WIDTH, Luma, canonical
from facefusion.trust.watermark.code import LENGTH, decoded, encoded
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
_STEPS = STEP * 1.04 ** np.arange(-27, 12)
"""Steps that are tried: marks of frames of any size, and their contrast from 0.7 to 1.5."""
_CANDIDATES, _PROMISING = 8, 4.5
"""Geometries that are tried after each search, and how well the pilot must fit there, in standard deviations."""
_MIRRORS = ((False, False), (True, True), (True, False), (False, True))
_SEARCHES = len(_MIRRORS) + 1
_HYPOTHESES = (len(_MIRRORS) + _SEARCHES * _CANDIDATES) * len(_STEPS)
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
        contrast: of the mark against that in a frame of at most 480 pixels; half in large ones.
    """

    payload: int
    genuine: bool
    frames: int
    chance: float
    geometry: Geometry
    contrast: float


def read_watermark(frames: Iterable[Luma], key: bytes) -> Reading | None:
    """Return the mark of a key in frames, or None where there is none or it cannot be told.

    Frames that follow one another, or are spread over a clip of one size, read alike; more read better. Takes a fraction of a second
    where the picture is whole, else a few seconds.

    Args:
        frames: luma (H, W) uint8 of one clip, or one picture; the first 24 are used.
        key: 32 bytes.
    """
    reader = _Reader(list(islice(frames, FRAMES)), key)
    return next((found for found in reader.readings() if found), None)


class _Reader:
    """Reads one clip with one key."""

    def __init__(self, frames: Sequence[Luma], key: bytes) -> None:
        self._key, self._layout = key, Layout.of(key)
        self._pictures = [canonical(frame) for frame in frames]
        sides = sorted(frames[0].shape) if frames else (HEIGHT, WIDTH)
        self._aspect = sides[1] / sides[0]

    def readings(self) -> Iterator[Reading | None]:
        """Try one geometry after the other, the likeliest first."""
        if not self._pictures:
            return
        for mirror in _MIRRORS:
            yield self._reading(Geometry(mirror, aspect=self._aspect))
        for geometry in self._searched():
            yield self._reading(geometry)

    def _searched(self) -> Iterator[Geometry]:
        search = PilotSearch(self._layout)
        for mirror, guesses in [(_MIRRORS[0], upright), (_MIRRORS[0], turned), *product(_MIRRORS[1:], [upright])]:
            pictures = [mirrored(picture, mirror) for picture in self._pictures]
            for fit, geometry in search.candidates(pictures, guesses(mirror, self._aspect), _CANDIDATES):
                if fit > _PROMISING:
                    yield geometry

    def _reading(self, geometry: Geometry) -> Reading | None:
        """Return what is read at a geometry, at the step at which it is surest."""
        numbers = [self._numbers(picture, geometry) for picture in self._pictures]
        seen = _tiles_seen(geometry)[:, None]
        best: Reading | None = None
        for step in _STEPS.tolist():
            soft = (sum(soft_bits(each, step) for each in numbers) * seen).reshape(-1)[self._layout.order]
            payload = decoded(np.bincount(_PLACES, soft, LENGTH).astype(np.float32))
            genuine = check_payload(self._key, payload)
            risk = chance(weight(soft, encoded(payload)[_PLACES]), _HYPOTHESES, genuine=genuine)
            if risk <= min(LIMIT, best.chance if best else LIMIT):
                best = Reading(payload, genuine, len(numbers), risk, geometry, step / STEP)
        return best

    def _numbers(self, picture: Matrix, geometry: Geometry) -> Matrix:
        return self._layout.chips(geometry.undone(mirrored(picture, geometry.mirror)))


def _tiles_seen(geometry: Geometry) -> Matrix:
    """Return how much each tile counts, (TILES,) from 0 to 1, by how much of it is in the picture."""
    seen = geometry.seen()
    parts = [
        seen[row * HOP : (row + 2) * HOP, column * HOP : (column + 2) * HOP].mean()
        for row, column in product(range(ROWS), range(COLUMNS))
    ]
    return np.asarray(np.clip((np.array(parts) - _UNSEEN) / (_WELL_SEEN - _UNSEEN), 0, 1), np.float32)
