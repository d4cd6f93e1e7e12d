"""Compare frames that got their edit from their neighbours with the same frames worked on in full."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks.clips import SOURCE
from benchmarks.common import Figures, assets, command, finish, parser, table
from benchmarks.pairs import Portrait, Studio
from facefusion.engine.between.filler import Filler
from facefusion.engine.between.sampler import Between, FrameSampler, Group
from facefusion.faces.pace import Every
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Frame, Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions
from facefusion.processors.base import FaceFrame

CLIPS = (
    ("talk", "talk-d0.mp4"),
    ("talk", "talk-d20.mp4"),
    ("talk", "talk-d3.mp4"),
    ("video", "speaker_frontal_obama.mp4"),
    ("video", "hand_occlusion_asl_bird.mkv"),
    ("video", "two_people_head_motion.mp4"),
)
WAYS: tuple[Every, ...] = ("auto", 2, 4)
_HEADS = ("clip", "sampling", "between", "ΔE", "worst", "in full", "PSNR", "worst", "CPU s, all", "CPU s", "saved")


@dataclass(frozen=True, slots=True, eq=False)
class Worked:
    """What became of a clip.

    Attributes:
        images: of each frame, RGB uint8 (H, W, 3).
        between: indexes of the frames that got their edit from their neighbours.
        seconds: of CPU time.
    """

    images: list[Image]
    between: frozenset[int]
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    cv2.setNumThreads(1)  # as the program has it
    studio = Studio()
    source = studio.portrait(SOURCE)
    if source is None:
        raise RuntimeError(f"no face was found in {SOURCE}")
    rows = [row for clip in CLIPS for row in _clip(studio, source, assets(*clip), options.frames)]
    print(table(_HEADS, [list(row.values()) for row in rows]))
    return finish({"clips": rows}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("sampling", __doc__)
    made.add_argument("--frames", type=int, default=150, help="frames of each clip at most (default: %(default)s)")
    return made.parse_args(arguments)


def _clip(studio: Studio, source: Portrait, path: Path, most: int) -> list[Figures]:
    with open_reader(path, limits=LimitOptions()) as reader:
        frames = list(islice(reader, most))
    _work(studio, source, frames[:10], 1)  # so that the models are there
    full = _work(studio, source, frames, 1)
    return [_figures(path.name, every, frames, full, _work(studio, source, frames, every)) for every in WAYS]


def _work(studio: Studio, source: Portrait, frames: Sequence[Frame], every: Every) -> Worked:
    """Swap the faces of a clip."""
    tracker, processor = FaceTracker(studio.analyser), studio.processor(source)
    between: dict[int, tuple[Between, ...]] = {}
    sampler = FrameSampler(every, lambda now: FaceFrame(now, tuple(tracker.update(now.image, float(now.time)))))
    filler, images, filled = Filler(between), [], set()

    def finished(groups: Sequence[Group]) -> None:
        for group in groups:
            between[group.key.frame.index] = group.between
            filled.update(one.frame.index for one in group.between)
            images.extend(item.frame.image for item in filler.filled(processor.process([group.key])))

    start = time.process_time()
    for frame in frames:
        finished(sampler.take(frame))
    finished(sampler.end())
    return Worked(images, frozenset(filled), time.process_time() - start)


def _figures(name: str, every: Every, frames: Sequence[Frame], full: Worked, sampled: Worked) -> Figures:
    """Return how far frames are from the same of a clip all of whose frames are worked on in full, where edited.

    That of frames which are worked on in full in both tells what else differs: memories that saw fewer frames.
    """
    everything = zip(frames, full.images, sampled.images, strict=True)
    compared = [(frame.index, _compared(frame.image, *images)) for frame, *images in everything]
    edited = [(index, *each) for index, each in compared if each is not None]
    between = [each[1:] for each in edited if each[0] in sampled.between] or [(0.0, np.inf)]
    rest = [each[1] for each in edited if each[0] not in sampled.between]
    differences, ratios = np.array(between).T
    return {
        "clip": name,
        "sampling": every,
        "between": f"{100 * len(sampled.between) / len(frames):.0f} %",
        "difference": float(differences.mean()),
        "worst_difference": float(differences.max()),
        "difference_in_full": float(np.mean(rest)),
        "psnr": float(ratios.mean()),
        "worst_psnr": float(ratios.min()),
        "seconds_all": full.seconds,
        "seconds": sampled.seconds,
        "saved": f"{100 * (1 - sampled.seconds / full.seconds):.0f} %",
    }


def _compared(original: Image, wanted: Image, found: Image) -> tuple[float, float] | None:
    """Return the mean colour difference (CIE 1976) and the PSNR in dB; None where nothing was edited."""
    edited = (wanted != original).any(2) | (found != original).any(2)
    if not edited.any():
        return None
    labs = [cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[edited] for image in (wanted, found)]
    square = float(((wanted[edited].astype(np.float64) - found[edited]) ** 2).mean())
    return float(np.linalg.norm(labs[0] - labs[1], axis=1).mean()), 10 * float(np.log10(255**2 / max(square, 1e-9)))


if __name__ == "__main__":
    command(main)
