"""Damage clips as old film is, with known truth, and measure how much of it the film restorer finds and undoes.

Dust and scratches: which share of the marks is found (at least half of one repaired), which share of the clean pixels
is changed all the same, and by how many decibels damaged pixels come nearer to the truth. Flicker: which share of the
variance of the brightness is gone. Fading: structural similarity to the truth. The clips undamaged, too: what is
changed of them is taken for damage wrongly. Milliseconds are of one core, of frames of 720 and 1080 lines.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from benchmarks.common import Figures, assets, command, finish, parser, table
from benchmarks.film_damage import DAMAGES, Damaged, with_dust, with_fade, with_flicker, with_noise, with_scratches
from facefusion.media.frame import Frame, Image
from facefusion.media.reader import VideoReader
from facefusion.options import LimitOptions
from facefusion.processors.base import FaceFrame
from facefusion.processors.film_restorer.deflicker import Deflicker
from facefusion.processors.film_restorer.dust import Dust
from facefusion.processors.film_restorer.fade import Fade
from facefusion.processors.film_restorer.processor import FilmRestorer
from facefusion.processors.film_restorer.scratches import Scratches
from facefusion.processors.film_restorer.step import Step

CLIPS: Final = {
    "moving head": "video/head_motion_male.mp4",
    "turning head": "video/head_turning_female.mp4",
    "two heads": "video/two_people_head_motion.mp4",
    "walking": "video/two_people_walking_small_faces.mp4",
    "hands, bird": "video/hand_occlusion_asl_bird.mkv",
    "hands, brother": "video/hand_occlusion_asl_brother.mkv",
    "hands, thanks": "video/hand_occlusion_asl_thanks.mkv",
    "speaker": "video/speaker_frontal_obama.mp4",
    "talking 1": "talk/talk-d0.mp4",
    "talking 2": "talk/talk-d3.mp4",
}
"""File of each clip below the test material, of those that the steps were made with."""
HELD_OUT: Final = {
    "classroom": "video/classroom_many_small_faces.mp4",
    "low light": "video/low_light_derived_male.mp4",
    "reading": "video/male_with_espeak_audio_mux.mp4",
    "cuts": "video/scene_cuts_with_noface.mp4",
    "talking 3": "talk/talk-d20.mp4",
}
"""Likewise of those that the steps never saw when they were made."""
MAKERS: Final[Mapping[str, Callable[[int], Step]]] = {
    "dust": Dust,
    "scratches": Scratches,
    "flicker": Deflicker,
    "fade": Fade,
}
_FOUND: Final = 0.5
_START: Final = 8
_LINES: Final = (720, 1080)
_TIMED: Final = 5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@dataclass(slots=True)
class Count:
    """What was counted over frames.

    Attributes:
        marks: marks that should be found.
        found: those of them that were.
        clean: pixels without damage.
        touched: those of them that were changed.
        before: squared error of damaged pixels.
        after: the same of the result.
    """

    marks: int = 0
    found: int = 0
    clean: int = 0
    touched: int = 0
    before: float = 0.0
    after: float = 0.0

    def add(self, worn: Damaged, result: Sequence[Image], frames: Iterable[int]) -> None:
        """Count some frames."""
        for index in frames:
            changed = (result[index] != worn.images[index]).any(2)
            damage = worn.damage(index)
            self.marks += len(worn.marks[index])
            self.found += sum(changed[m.rows, m.columns].mean() >= _FOUND for m in worn.marks[index])
            self.clean += int((~damage).sum())
            self.touched += int((changed & ~damage).sum())
            truth = worn.clean[index][damage].astype(np.float64)
            self.before += float(((worn.images[index][damage] - truth) ** 2).sum())
            self.after += float(((result[index][damage] - truth) ** 2).sum())

    def figures(self) -> Figures:
        """Return shares in percent, and the gain in decibels."""
        return {
            "marks": self.marks,
            "found": 100 * self.found / max(self.marks, 1),
            "touched": 100 * self.touched / max(self.clean, 1),
            "gain": float(10 * np.log10(max(self.before, 1.0) / max(self.after, 1.0))),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    steps = options.steps or list(MAKERS)
    totals: dict[str, Count] = {}
    rows = [_clip(name, steps, totals, options) for name in _clips(options)]
    figures: Figures = {"clips": rows, "all": {name: total.figures() for name, total in totals.items()}}
    figures["times"] = [] if options.no_times else [_timed(name) for name in steps]
    _show(figures, steps)
    return finish(figures, options.json)


def _clips(options: argparse.Namespace) -> Iterable[str]:
    return options.clips or (HELD_OUT if options.held_out else CLIPS)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("film_restorer", __doc__)
    made.add_argument("--clips", nargs="+", choices=[*CLIPS, *HELD_OUT], metavar="NAME", help="these alone")
    made.add_argument("--held-out", action="store_true", help="clips that the steps were not made with")
    made.add_argument("--steps", nargs="+", choices=list(MAKERS), help="these alone")
    made.add_argument("--frames", type=int, default=16, help="of each clip (default: %(default)s)")
    made.add_argument("--start", type=int, default=_START, help="first frame of each clip (default: %(default)s)")
    made.add_argument("--seed", type=int, default=1, help="of the damage (default: %(default)s)")
    made.add_argument("--noise", type=float, default=0, help="grain beside the damage, of 255 (default: none)")
    made.add_argument("--strength", type=int, help="of dust and scratches (default: as the options have it)")
    made.add_argument("--no-times", action="store_true", help="measure no times")
    made.add_argument("--looks", type=Path, metavar="FOLDER", help="write frames there, before and after, to look at")
    return made.parse_args(arguments)


def _clip(name: str, steps: Sequence[str], totals: dict[str, Count], options: argparse.Namespace) -> Figures:
    frames = _frames(name, options.frames, options.start)
    if options.noise:
        frames = with_noise(frames, options.seed, options.noise)
    row: Figures = {"clip": name}
    for kind in ("dust", "scratches"):
        if kind in steps:
            row[kind] = _marks(kind, f"{name} {kind}", frames, totals, options)
    if "flicker" in steps:
        row["flicker"] = _flicker(frames, options.seed)
    if "fade" in steps:
        row["fade"] = _fade(frames)
    return row


def _frames(name: str, count: int, start: int = _START) -> list[Image]:
    with VideoReader(assets(*(CLIPS | HELD_OUT)[name].split("/")), LimitOptions()) as reader:
        return [np.ascontiguousarray(frame.image) for frame in islice(reader, start, start + count)]


def _marks(kind: str, name: str, frames: list[Image], totals: dict[str, Count], options: argparse.Namespace) -> Figures:
    """Return what becomes of marks on a clip; frames at its ends lack a neighbour and do not count for dust."""
    strength = options.strength or 50
    worn = DAMAGES[kind](frames, options.seed)
    inner = range(1, len(frames) - 1) if kind == "dust" else range(len(frames))
    result = _restored(worn.images, MAKERS[kind](strength))
    count = Count()
    for each in (count, totals.setdefault(kind, Count())):
        each.add(worn, result, inner)
    plain = _restored(frames, MAKERS[kind](strength))
    wrong = [(now != before).any(2).mean() for now, before in zip(plain, frames, strict=True)]
    if options.looks is not None:
        worst = int(np.argmax(wrong))
        _look(options.looks / f"{name}.png", worn.images[len(frames) // 2], result[len(frames) // 2])
        _look(options.looks / f"{name} undamaged.png", frames[worst], plain[worst])
    return count.figures() | {"wrong": 100 * float(np.mean(wrong)), "most_wrong": 100 * float(max(wrong))}


def _flicker(frames: list[Image], seed: int) -> Figures:
    """Return which share of the flicker is gone, over the whole frame and in its parts; in percent."""
    worn = with_flicker(frames, seed).images
    result = _restored(worn, Deflicker(100))
    plain = _restored(frames, Deflicker(100))
    shares: Figures = {}
    for name, size in (("whole", (1, 1)), ("parts", (6, 4))):
        truth = _light(frames, size)
        before, after = _light(worn, size) - truth, _light(result, size) - truth
        shares[name] = 100 * float(1 - after.var(0).mean() / before.var(0).mean())
    shares["wrong"] = 100 * float(np.abs(_light(plain, (1, 1)) - _light(frames, (1, 1))).max())
    return shares


def _fade(frames: list[Image]) -> Figures:
    """Return how similar faded frames are to the truth, before and after; 1 is the same."""
    faded = with_fade(frames)
    pairs = [(frames[index], faded[index], _restored(faded, Fade(100))[index]) for index in (0, len(frames) - 1)]
    return {
        "before": float(np.mean([similarity(truth, before) for truth, before, _ in pairs])),
        "after": float(np.mean([similarity(truth, after) for truth, _, after in pairs])),
    }


def _light(images: Sequence[Image], size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Return the logarithm of the brightness in parts of each frame."""
    small = [cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(-1, 3).mean(1) for image in images]
    return np.asarray(np.log(np.array(small) + 1), np.float64)


def similarity(truth: Image, image: Image) -> float:
    """Return the structural similarity of two frames (Wang et al., 2004), of all channels, with Gaussian windows."""
    a, b = truth.astype(np.float32), image.astype(np.float32)
    mean_a, mean_b, square_a, square_b, both = (
        cv2.GaussianBlur(each, (11, 11), 1.5) for each in (a, b, a * a, b * b, a * b)
    )
    top = (2 * mean_a * mean_b + _C1) * (2 * (both - mean_a * mean_b) + _C2)
    spread = square_a - mean_a**2 + square_b - mean_b**2
    return float((top / ((mean_a**2 + mean_b**2 + _C1) * (spread + _C2))).mean())


def _timed(name: str) -> Figures:
    """Return what a step costs for each frame, in milliseconds of one core, with its motion measured."""
    row: Figures = {"step": name}
    for lines in _LINES:
        size = (lines * 16 // 9, lines)
        frames = [
            np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)
            for image in _frames("hands, bird", _TIMED)
        ]
        worn = with_flicker(with_scratches(with_dust(frames, 1).images, 1).images, 1).images
        start = time.process_time()
        _restored(worn, MAKERS[name](50))
        row[str(lines)] = 1000 * (time.process_time() - start) / len(worn)
    return row


def _restored(images: Sequence[Image], *steps: Step) -> list[Image]:
    processor = FilmRestorer(steps)
    frames = [Frame(index, index, 1, Fraction(1, 25), image) for index, image in enumerate(images)]
    done = processor.process([FaceFrame(frame, ()) for frame in frames]) + processor.finish()
    return [item.frame.image for item in done]


def _look(path: Path, before: Image, after: Image) -> None:
    """Write a frame before and after, and what differs, one beside the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    apart = np.where((before != after).any(2, keepdims=True), after, after // 4)
    Pillow.fromarray(np.hstack([before, after, apart])).save(path)


def _show(figures: Figures, steps: Sequence[str]) -> None:
    for kind in ("dust", "scratches"):
        if kind in steps:
            heads = [
                kind,
                "marks",
                "found, %",
                "clean changed, %",
                "gain, dB",
                "undamaged changed, %",
                "worst frame, %",
            ]
            print(table(heads, [_row(each["clip"], each[kind]) for each in figures["clips"]]))
            print(table(heads[:5], [_row("all", figures["all"][kind])]), end="\n\n")
    if "flicker" in steps:
        heads = ["flicker", "gone, %", "gone in parts, %", "most change without flicker, %"]
        rows = [[r["clip"], *(r["flicker"][key] for key in ("whole", "parts", "wrong"))] for r in figures["clips"]]
        print(table(heads, rows), end="\n\n")
    if "fade" in steps:
        rows = [[r["clip"], f"{r['fade']['before']:.3f}", f"{r['fade']['after']:.3f}"] for r in figures["clips"]]
        print(table(["fading", "SSIM before", "SSIM after"], rows), end="\n\n")
    if figures["times"]:
        times = [[row["step"], *(row[str(lines)] for lines in _LINES)] for row in figures["times"]]
        print(table(["ms for each frame", *(f"{lines} lines" for lines in _LINES)], times))


def _row(name: str, found: Figures) -> list[object]:
    keys = ("gain", "wrong", "most_wrong")
    shares = [found["marks"], found["found"], f"{found['touched']:.4f}"]
    return [name, *shares, *(found[key] for key in keys if key in found)]


if __name__ == "__main__":
    command(main)
