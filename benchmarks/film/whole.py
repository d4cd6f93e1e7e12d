"""The joined result against its target: every frame once at its time, the same sound, and all its marks."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from benchmarks.film.material import TAGS, Film, number_of
from benchmarks.film.place import Place, told
from facefusion.media.frame import Frame, Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions

_MARKS: Final = ("metadata", "provenance", "watermark", "audit")
_LABELLED: Final = 1.0
"""Seconds from the start and the end at which the label is looked for."""
_CORNER: Final = (0.7, 0.5)
"""Where it lies: from this share of the lines on, up to this share of the columns."""
_SEEN: Final = 12.0
"""Standard deviation of what an edit does to that corner from which a label is there, 0 to 255."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A frame of the target and that of the result.

    Attributes:
        index: from the first frame.
        before: the target's, RGB uint8 (H, W, 3).
        after: the result's.
    """

    index: int
    before: Image
    after: Image


def paired(target: Path, result: Path, wrong: Counter[str]) -> Iterator[Pair]:
    """Yield the frames of two clips side by side, and count what is wrong with their number, order and times.

    Args:
        target: the one.
        result: the other.
        wrong: takes the counts.
    """
    with open_reader(target, limits=LimitOptions()) as before, open_reader(result, limits=LimitOptions()) as after:
        for index, (one, other) in enumerate(zip_longest(before, after)):
            if one is None or other is None:
                wrong["frames that are missing" if other is None else "frames too many"] += 1
                continue
            wrong["frames that are another than the target's"] += number_of(other.image) != index
            wrong["frames that are shown at another time"] += one.time != other.time
            wrong["frames that are shown longer or shorter"] += _length(one) != _length(other)
            yield Pair(index, one.image, other.image)


def _length(frame: Frame) -> Any:
    return frame.duration * frame.time_base


def around(pairs: Iterator[Pair], borders: Sequence[int], reach: int) -> Iterator[tuple[int | None, list[Pair]]]:
    """Yield each border with the frames around it, and None with every single frame as it comes.

    Args:
        pairs: all frames.
        borders: first frames of segments, in order.
        reach: frames on both sides.
    """
    kept: deque[Pair] = deque(maxlen=2 * reach)
    wanted = deque(borders)
    for pair in pairs:
        kept.append(pair)
        yield None, [pair]
        while wanted and pair.index == wanted[0] + reach - 1:
            yield wanted.popleft(), list(kept)
    for border in wanted:  # the last segment is shorter than the reach
        yield border, [pair for pair in kept if pair.index >= border - reach]


def sound(path: Path) -> list[tuple[int | None, int | None, int | None, str]]:
    """Return times, length and digest of each packet of sound."""
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio)
        return [(each.pts, each.dts, each.duration, _digest(bytes(each))) for each in packets if each.size]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def faults_of_file(film: Film, result: Path, place: Place) -> tuple[list[str], Mapping[str, str]]:
    """Return what is wrong with the file beside its pictures, and the state of each of its marks."""
    faults = [] if sound(film.path) == sound(result) != [] else ["the sound is not the target's"]
    with av.open(str(result)) as container:
        faults += [f"the tag {name} is gone" for name, value in TAGS.items() if container.metadata.get(name) != value]
        if container.streams.audio[0].language != "eng":
            faults.append("the language of the sound is gone")
    said = told(place, result)
    marks = {each["layer"]: str(each["state"]) for each in said["layers"]}
    faults += [f"{name}: {marks.get(name, 'not there')}" for name in _MARKS if marks.get(name) != "holds"]
    return faults, marks


def faults_of_work(place: Place, job: str, kills: int) -> list[str]:
    """Return what is wrong with how the work was done: lost, done twice, or left behind."""
    attempts = place.attempts()
    outcomes = Counter(str(each.outcome) for each in attempts)
    faults = [] if outcomes["lost"] == kills else [f"{kills} workers were killed, {outcomes['lost']} were missed"]
    done = Counter((each.kind, each.number) for each in attempts if each.outcome == "done")
    faults += [f"{kind} {number} was done {times} times" for (kind, number), times in done.items() if times != 1]
    faults += [f"an attempt {each}" for each in outcomes if each not in {"done", "lost"}]
    found = place.job(job).result or {}
    kept = [*found.get("outputs", ()), *([found["thumbnail"]] if "thumbnail" in found else [])]
    addresses = {each["address"] for each in kept}
    keys = {key for key in place.storage.keys("default/jobs") if "/result-" in key}
    return faults + [f"{key} was left behind" for key in sorted(keys - addresses)]


class Labels:
    """Looks for the label where it is to be: at the start and at the end, and nowhere else.

    Args:
        frames: that there are.
        rate: frames a second.
    """

    def __init__(self, frames: int, rate: int) -> None:
        self._at = {round(_LABELLED * rate), frames // 2, frames - 1 - round(_LABELLED * rate)}
        self._middle = frames // 2
        self._seen: dict[int, bool] = {}

    def see(self, pair: Pair) -> None:
        """Look at the next frame."""
        if pair.index in self._at:
            height, width = pair.before.shape[:2]
            corner = np.s_[round(height * _CORNER[0]) :, : round(width * _CORNER[1])]
            change = cv2.absdiff(pair.before[corner], pair.after[corner]).astype(float)
            self._seen[pair.index] = bool(change.std() > _SEEN)

    @property
    def faults(self) -> list[str]:
        """What is wrong."""
        right = {index: index != self._middle for index in self._at}
        said = {True: "no label", False: "a label"}
        return [
            f"{said[right[index]]} in frame {index}" for index in sorted(right) if self._seen.get(index) != right[index]
        ]
