"""How often a mark is seen where none of this key is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from math import exp
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.common import Figures, table
from benchmarks.marked import Plane, planes
from facefusion.trust.watermark import Watermark, new_payload, read_watermark
from facefusion.trust.watermark.canonical import canonical
from facefusion.trust.watermark.code import LENGTH, decoded, encoded
from facefusion.trust.watermark.evidence import LIMIT, chance, weight
from facefusion.trust.watermark.lattice import soft_bits
from facefusion.trust.watermark.layout import CHIPS, Layout
from facefusion.trust.watermark.mark import STEP
from facefusion.trust.watermark.payload import DIGEST_BITS
from facefusion.trust.watermark.read import MIRRORS, STEPS

_PLACES = np.arange(CHIPS) % LENGTH
_STEPS = (STEP / 3, STEP / 1.7, STEP)
_WORDS = 64
_LEVELS = (2, 4, 6, 8, 10, 12)
_WORTH = 1.8
"""Words that agree less than this by a simpler bound are not weighed."""
_FRAMES = 24
_TRIED = len(MIRRORS) * len(STEPS)


def false_positives(clips: Sequence[Path], key: bytes, other: bytes, count: int) -> Figures:
    """Return how heavy code words are in frames that are unmarked, or marked with another key, by turns.

    Args:
        clips: where the frames come from; they come again, marked with other payloads, when all were seen.
        key: whose mark is looked for.
        other: with which every second frame is marked.
        count: how many frames.
    """
    layout, random = Layout.of(key), np.random.default_rng(1)
    words = random.choice(np.array([-1, 1], np.float32), (_WORDS, CHIPS))
    above, decodings, seen = dict.fromkeys(_LEVELS, 0), [], 0
    for luma in islice(_frames(clips, other), count):
        numbers = layout.chips(canonical(luma))
        seen += 1
        for step in _STEPS:
            soft = soft_bits(numbers, step).reshape(-1)[layout.order]
            weights = np.array([weight(soft, word) for word in words[_promising(soft, words)]])
            for level in _LEVELS:
                above[level] += int((weights >= level).sum())
            best = decoded(np.bincount(_PLACES, soft, LENGTH).astype(np.float32))
            decodings.append(weight(soft, encoded(best)[_PLACES]))
    reads = [read_watermark(frames, key) for frames in _whole(clips, other)]
    tests = seen * len(_STEPS) * _WORDS
    return {
        "frames": seen,
        "tests": tests,
        "tail": [{"level": level, "measured": above[level] / tests, "bound": exp(-level)} for level in _LEVELS],
        "heaviest": max(decodings),
        "heavy": float((np.array(decodings) >= _needed(genuine=True)).mean()),
        "clips read": len(reads),
        "found": sum(read is not None for read in reads),
    }


def false_table(figures: Figures) -> str:
    """Return what was measured, as text and a table."""
    rows = [[f"{each['level']}", _scientific(each["measured"]), _scientific(each["bound"])] for each in figures["tail"]]
    alike = figures["heavy"] * _TRIED / 2**DIGEST_BITS
    found = (
        f"{figures['frames']:,} frames that are unmarked or marked with another key; {figures['tests']:,} tests of"
        f" single code words. A whole picture is reported as marked from a weight of {_needed(genuine=True):.1f} on"
        f" where the payload is genuine, else from {_needed(genuine=False):.1f}. The heaviest of all 2^64 code words"
        f" weighed {figures['heaviest']:.1f} at most; {figures['heavy']:.1%} of them reached the former, and of those"
        f" one in 2^24 is genuine by chance: with {_TRIED} steps and mirrorings {alike:.0e} a picture (limit"
        f" {LIMIT:.0e}). Whole readings, with every geometry, of {figures['clips read']} clips without a mark of the"
        f" key: {figures['found']} found."
    )
    return table(("weight of a code word, at least", "measured", "bound"), rows) + "\n\n" + found


def _needed(*, genuine: bool) -> float:
    """Return the weight from which on a whole picture is reported as marked."""
    levels = np.arange(30, 90, 0.1)
    return float(next(level for level in levels if chance(level, _TRIED, genuine=genuine) <= LIMIT))


def _promising(soft: npt.NDArray[np.float32], words: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    agreed = words @ soft
    return np.asarray((agreed > 0) & (agreed**2 / (2 * (soft @ soft) + 1e-9) > _WORTH))


def _frames(clips: Sequence[Path], other: bytes) -> Iterator[Plane]:
    number = 0
    for path in cycle(clips):
        mark = Watermark(other, new_payload(other, number))
        for luma, _, _ in planes(path, 1000):
            number += 1
            if number % 2:
                mark.mark_luma(luma)
            yield luma


def _whole(clips: Sequence[Path], other: bytes) -> Iterator[list[Plane]]:
    mark = Watermark(other, new_payload(other, 0))
    for path in clips:
        lumas = [luma for luma, _, _ in planes(path, _FRAMES)]
        yield [luma.copy() for luma in lumas]
        for luma in lumas:
            mark.mark_luma(luma)
        yield lumas


def _scientific(value: float) -> str:
    return f"{value:.1e}" if value else "0"
