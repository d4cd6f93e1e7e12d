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
from benchmarks.judging.border import Vector, moved, off, step, tone
from facefusion.faces.analyser import FaceAnalyser
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
        return float(100 * np.mean([value < self.at for value in self.usual])) if self.usual else float("nan")

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
        moves, tones = self._near(border, pairs)
        found = {"step": self._jump(steps, border), "landmarks": self._jump(moves, border)}
        found["tone"] = self._jump(tones, border)
        return {
            "border": border,
            "cut": self._cut_near(border),
            "uncovered": self._uncovered(border, pairs),
            **{f"{name}_{what}": getattr(jump, what) for name, jump in found.items() for what in _WHATS},
        }

    def _jump(self, changes: dict[int, float], border: int) -> Jump:
        kept = {index: value for index, value in changes.items() if index not in self._cuts and not np.isnan(value)}
        return Jump(kept.get(border, float("nan")), [value for index, value in kept.items() if index != border])

    def _cut_near(self, border: int) -> str:
        """Return where the nearest cut lies, where it is near."""
        nearest = min(self._cuts, key=lambda cut: abs(cut - border), default=None)
        return "" if nearest is None or abs(nearest - border) > _NEAR else f"{nearest - border:+d}"

    def _near(self, border: int, pairs: Sequence[Pair]) -> tuple[dict[int, float], dict[int, float]]:
        """Return by how much landmarks, and the colour that is added, change from frame to frame near a border."""
        moves, tones = dict[int, float](), dict[int, float]()
        last: tuple[Face | None, Vector | None, Vector] | None = None
        for pair in pairs:
            if abs(pair.index - border) > _NEAR:
                continue
            face = self._largest(pair.before)
            now = (face, self._moved(face, pair.after), tone(pair.before, pair.after, changed=_CHANGED))
            if last is not None:
                has_both = now[2].any() and last[2].any()
                tones[pair.index] = float(np.linalg.norm(now[2] - last[2])) if has_both else np.nan
                if now[1] is not None and last[1] is not None:
                    moves[pair.index] = float(np.linalg.norm(now[1] - last[1], axis=1).mean())
            last = now
        return moves, tones

    def _moved(self, face: Face | None, after: Image) -> Vector | None:
        """Return how far the landmarks of a face are moved in the result; None where it is not found there."""
        if face is None:
            return None
        found = self._analyser.find(after)
        near = [other for other in found if np.abs(other.box - face.box).max() < face.width / 2]
        return moved(face, near[0]) if near else None

    def _uncovered(self, border: int, pairs: Sequence[Pair]) -> int:
        """Return how many frames near a border have a face in the target that is as it was in the result."""
        count = 0
        for pair in pairs:
            if abs(pair.index - border) <= _NEAR and (face := self._largest(pair.before)) is not None:
                left, top, right, bottom = np.maximum(face.box, 0).round().astype(int)
                part = np.s_[top:bottom, left:right]
                count += bool(cv2.absdiff(pair.before[part], pair.after[part]).max(initial=0) < 2 * _CHANGED)
        return count

    def _largest(self, image: Image) -> Face | None:
        return max(self._analyser.find(image), key=lambda face: face.width, default=None)


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
        "off_before": float(np.nanmean([far[border - number] for number in range(15, 25)])),
        "off_behind": float(np.nanmean([far[border + number] for number in range(5)])),
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
