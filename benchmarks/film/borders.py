"""The borders between segments, in the joined result: is what happens there what happens everywhere?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pillow

from benchmarks.common import Figures
from benchmarks.film.whole import Pair
from benchmarks.judging.border import Vector, mean, moved, off, step, tone
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.options import FaceSelectionOptions

REACH: Final = 60
"""Frames on both sides of a border that are looked at."""
_NEAR: Final = 14
"""Of these, those in which faces are looked for."""
_CHANGED: Final = 10
"""Change of a pixel from which it is a part of the new face; watermark and encoder change all of them a little."""
_SHOWN: Final = (-14, -7, -3, -1, 0, 2, 8)
"""Frames of a strip, from the border."""
_LARGER: Final = 2
_WHATS: Final = ("at", "median", "share", "ratio")


@dataclass(frozen=True, slots=True)
class Jump:
    """By how much something changed from the last frame of a segment to the first of the next.

    Attributes:
        at: the change there; nan where there is a cut, or nothing was edited.
        usual: the changes at the frames around, but for cuts.
    """

    at: float
    usual: Sequence[float]

    @property
    def share(self) -> float:
        """Share of the others that are smaller, in percent."""
        if not self.usual or np.isnan(self.at):
            return float("nan")
        return float(100 * np.mean([value < self.at for value in self.usual]))

    @property
    def ratio(self) -> float:
        """It, by the largest of the others."""
        return self.at / max(self.usual) if self.usual and max(self.usual) > 0 else float("nan")

    @property
    def median(self) -> float:
        """The middle one of the others."""
        return float(np.median(self.usual)) if self.usual else float("nan")


class BorderJudge:
    """Judges borders.

    Args:
        cuts: first frames of shots.
    """

    def __init__(self, cuts: frozenset[int]) -> None:
        self._cuts = cuts
        self._analyser = FaceAnalyser.create(FaceSelectionOptions())

    def judge(self, border: int, pairs: Sequence[Pair]) -> Figures:
        """Return the figures of one border.

        Args:
            border: first frame of a segment.
            pairs: the frames around it.
        """
        before, after = [pair.before for pair in pairs], [pair.after for pair in pairs]
        places = {pair.index: number for number, pair in enumerate(pairs)}
        steps = {index: step(before, after, places[index], changed=_CHANGED) for index in list(places)[1:]}
        near = [pair for pair in pairs if abs(pair.index - border) <= _NEAR]
        faces = self._followed(near)
        found = {
            "step": self._jump(steps, border),
            "landmarks": self._jump(self._moves(near, faces), border),
            "tone": self._jump(_tones(near), border),
        }
        return {
            "border": border,
            "cut": self._cut_near(border),
            "uncovered": sum(_is_as_it_was(*seen) for seen in zip(near, faces, strict=True)),
            **{f"{name}_{what}": getattr(jump, what) for name, jump in found.items() for what in _WHATS},
        }

    def _jump(self, changes: dict[int, float], border: int) -> Jump:
        kept = {index: value for index, value in changes.items() if index not in self._cuts and not np.isnan(value)}
        return Jump(kept.get(border, float("nan")), [value for index, value in kept.items() if index != border])

    def _cut_near(self, border: int) -> str:
        """Return where the nearest cut lies, where it is near."""
        nearest = min(self._cuts, key=lambda cut: abs(cut - border), default=None)
        return "" if nearest is None or abs(nearest - border) > _NEAR else f"{nearest - border:+d}"

    def _followed(self, pairs: Sequence[Pair]) -> list[Face | None]:
        """Return a face of each frame of the target, fitted anew: the same one for as long as it is there."""
        faces: list[Face | None] = []
        for pair in pairs:
            last = faces[-1] if faces and pair.index not in self._cuts else None
            face = None if last is None else self._fitted(pair.before, last)
            faces.append(face or next(iter(self._analyser.find(pair.before)), None))
        return faces

    def _moves(self, pairs: Sequence[Pair], faces: Sequence[Face | None]) -> dict[int, float]:
        """Return by how much it changes from frame to frame how far the landmarks of a face are moved, in pixels."""
        far: dict[int, Vector] = {}
        for pair, face in zip(pairs, faces, strict=True):
            after = None if face is None else self._fitted(pair.after, face)
            if face is not None and after is not None:
                far[pair.index] = moved(face, after)
        return {
            index: float(np.linalg.norm(by - far[index - 1], axis=1).mean())
            for index, by in far.items()
            if index - 1 in far
        }

    def _fitted(self, image: Image, near: Face) -> Face | None:
        return self._analyser.fit(image, [region_of_mesh(near.mesh)], refine=True)[0]


def _tones(pairs: Sequence[Pair]) -> dict[int, float]:
    """Return by how much it changes from frame to frame what colour is added; nan where none is."""
    added = {pair.index: tone(pair.before, pair.after, changed=_CHANGED) for pair in pairs}
    both = [(index, added[index - 1], by) for index, by in added.items() if index - 1 in added]
    return {
        index: float(np.linalg.norm(by - last)) if by.any() and last.any() else float("nan") for index, last, by in both
    }


def _is_as_it_was(pair: Pair, face: Face | None) -> bool:
    """Whether the result shows a face of the target as it was."""
    if face is None:
        return False
    left, top, right, bottom = np.maximum(face.box, 0).round().astype(int)
    part = np.s_[top:bottom, left:right]
    return bool(cv2.absdiff(pair.before[part], pair.after[part]).max(initial=0) < 2 * _CHANGED)


def beside_whole(border: int, pairs: Sequence[Pair], whole: dict[int, Image]) -> Figures:
    """Return how far the frames around a border are from those of a job that was not cut there.

    Args:
        border: first frame of a segment.
        pairs: the frames around it.
        whole: the same frames of the other job, by their index.
    """
    both = [(pair, whole[pair.index]) for pair in pairs if pair.index in whole]
    before, ours = [pair.before for pair, _ in both], [pair.after for pair, _ in both]
    theirs, places = [other for _, other in both], {pair.index: number for number, (pair, _) in enumerate(both)}
    far = {pair.index: off(pair.before, other, pair.after, changed=_CHANGED) for pair, other in both}
    return {
        "border": border,
        "off_before": mean([far[border - number] for number in range(15, 25)]),
        "off_behind": mean([far[border + number] for number in range(5)]),
        "step": step(before, ours, places[border], changed=_CHANGED),
        "step_whole": step(before, theirs, places[border], changed=_CHANGED),
    }


def write_strip(border: int, pairs: Sequence[Pair], path: Path) -> None:
    """Write frames around a border, of the target above those of the result, enlarged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    by_index = {pair.index: pair for pair in pairs}
    chosen = [by_index[border + place] for place in _SHOWN if border + place in by_index]
    rows = [np.hstack([pair.before for pair in chosen]), np.hstack([pair.after for pair in chosen])]
    strip = np.vstack(rows)
    Pillow.fromarray(cv2.resize(strip, None, fx=_LARGER, fy=_LARGER, interpolation=cv2.INTER_CUBIC)).save(path)
