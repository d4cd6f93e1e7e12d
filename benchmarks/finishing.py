"""Measure the temporal smoother and the colour matcher on made edits and grades, of which the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.analysers import Picture
from benchmarks.common import Figures, assets, command, finish, parser, table
from facefusion.media.frame import Frame
from facefusion.media.open import open_reader
from facefusion.media.picture import read_picture
from facefusion.options import LimitOptions
from facefusion.processors.base import FaceFrame
from facefusion.processors.colour_matcher.palette import Grade, Method, Palette, to_lab
from facefusion.processors.colour_matcher.shots import ShotPalette
from facefusion.processors.temporal_smoother.processor import TemporalSmoother

CLIPS: Final = ("speaker_frontal_obama.mp4", "head_turning_female.mp4", "hand_occlusion_asl_thanks.mkv")
SCENES: Final = ("noface/*", "usgov/*", "cc_by/*", "astronaut*")
GRADES: Final = {
    "warm": ((1.12, 1.0, 0.82), 6),
    "cold and dark": ((0.7, 0.8, 0.95), 0),
    "faded": ((0.75, 0.78, 0.72), 45),
}
_RATE: Final = Fraction(1, 25)
_SETTLED: Final = 8
"""Frames after which flicker is looked at."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("finishing", __doc__)
    made.add_argument("--frames", type=int, default=40, help="of each clip (default: 40)")
    made.add_argument("--most", type=int, help="only so many scenes (default: all)")
    options = made.parse_args(arguments)
    smoothed = [smoothing(name, _frames(name, options.frames)) for name in CLIPS]
    heads = (
        "clip",
        "flicker, levels",
        "left, levels",
        "taken out, %",
        "to the truth, dB",
        "after, dB",
        "sharpness kept, %",
    )
    print(table(heads, [[*row.values()] for row in smoothed]))
    scenes = [read_picture(path, LimitOptions()).image for path in _scenes()[: options.most]]
    matched = [matching(name, scenes) for name in GRADES]
    print()
    print(
        table(
            ("grade", "scenes", "ΔE before", "statistics", "transport", "same scene: statistics", "transport"),
            [[*row.values()] for row in matched],
        )
    )
    steady = [steadiness(name, _frames(name, options.frames)) for name in CLIPS]
    print()
    heads = ("clip", "palette of each frame, levels", "of the shot, levels")
    print(table(heads, [[*row.values()] for row in steady]))
    return finish({"smoothing": smoothed, "matching": matched, "steadiness": steady}, options.json)


def _frames(name: str, most: int) -> list[Picture]:
    with open_reader(assets("video", name), limits=LimitOptions()) as reader:
        return [frame.image for frame in islice(reader, most)]


def _scenes() -> list[Path]:
    return [path for place in SCENES for path in sorted(assets("pictures").glob(place))]


def smoothing(name: str, originals: Sequence[Picture]) -> Figures:
    """Return what the smoother makes of an edit of a clip's middle that flickers in tone, in spots and in grain."""
    rng = np.random.default_rng(1)
    truth = [with_edit(image, 0.0) for image in originals]
    edits = [with_edit(image, made_flicker(rng, image)) for image in originals]
    items = [as_item(*pair, index) for index, pair in enumerate(zip(originals, edits, strict=True))]
    results = [item.frame.image for item in TemporalSmoother(0.8, 0.4).process(items)]
    part = _middle(originals[0])
    changes = [
        float(
            np.std(
                np.diff(
                    [each[part].astype(np.float32) - true[part] for each, true in zip(made, truth, strict=True)][
                        _SETTLED:
                    ],
                    axis=0,
                )
            )
        )
        for made in (edits, results)
    ]
    errors = [_psnr(made[_SETTLED:], truth[_SETTLED:], part) for made in (edits, results)]
    sharp = [np.mean([_sharpness(each[part]) for each in made[_SETTLED:]]) for made in (truth, results)]
    return {
        "clip": name,
        "flicker": changes[0],
        "left": changes[1],
        "taken_out": 100 * (1 - changes[1] / changes[0]),
        "before": errors[0],
        "after": errors[1],
        "sharpness": float(100 * sharp[1] / sharp[0]),
    }


def as_item(original: Picture, edited: Picture, index: int) -> FaceFrame:
    """Return a frame as processors behind an edit are given it."""
    frame = Frame(index, index, 1, _RATE, original)
    return FaceFrame(frame, ()).with_frame(frame.with_image(edited))


def _middle(image: Picture) -> tuple[slice, slice]:
    height, width = image.shape[:2]
    return slice(height // 4, height * 3 // 4), slice(width // 4, width * 3 // 4)


def made_flicker(rng: np.random.Generator, image: Picture) -> np.ndarray:
    """Return a change of tone, spots of 16 pixels and grain, float32 (h, w, 1), in levels."""
    rows, columns = _middle(image)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    spots = rng.normal(0, 4, (shape[0] // 16 + 2, shape[1] // 16 + 2)).astype(np.float32)
    spots = cv2.resize(spots, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(rng.normal(0, 4) + spots + rng.normal(0, 2, shape), np.float32)[:, :, None]


def with_edit(image: Picture, flicker: np.ndarray | float) -> Picture:
    """Return a frame whose middle has other colours, and flicker on top of them."""
    result, part = image.copy(), _middle(image)
    inside = image[part].astype(np.float32)
    inside = np.float32(0.75) * inside + np.float32(0.15) * inside[:, :, ::-1] + np.array([24, 14, 6], np.float32)
    result[part] = np.clip(np.rint(inside + flicker), 0, 255)
    return result


def _psnr(made: Sequence[Picture], truth: Sequence[Picture], part: tuple[slice, slice]) -> float:
    squares = [
        np.mean((one[part].astype(np.float32) - other[part]) ** 2) for one, other in zip(made, truth, strict=True)
    ]
    return float(10 * np.log10(255**2 / np.mean(squares)))


def _sharpness(image: Picture) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std())


def matching(grade: str, scenes: Sequence[Picture]) -> Figures:
    """Return how far halves of scenes are from the graded truth, with colours of the other half and of their own."""
    gains, lift = GRADES[grade]
    found = []
    for scene in scenes:
        graded = np.clip(scene * np.array(gains) + lift, 0, 255).astype(np.uint8)
        half = scene.shape[1] // 2
        target, reference, truth = scene[:, :half], graded[:, half:], graded[:, :half]
        methods: tuple[Method, ...] = ("statistics", "transport")
        references = [(each, method) for each in (reference, truth) for method in methods]
        made = [_matched(np.ascontiguousarray(target), *each) for each in references]
        found.append([_difference(each, truth) for each in (target, *made)])
    names = ("before", "statistics", "transport", "same_statistics", "same_transport")
    means = dict(zip(names, np.mean(found, axis=0).tolist(), strict=True))
    return {"grade": grade, "scenes": len(scenes), **means}


def _matched(target: Picture, reference: Picture, method: Method) -> Picture:
    return Grade.between(Palette.of(target, method), Palette.of(reference, method), 1.0).applied(target)


def _difference(one: Picture, other: Picture) -> float:
    """Return the mean distance of colours in CIE Lab (ΔE 1976)."""
    return float(np.linalg.norm(to_lab(np.ascontiguousarray(one)) - to_lab(np.ascontiguousarray(other)), axis=2).mean())


def steadiness(name: str, frames: Sequence[Picture]) -> Figures:
    """Return by how much grey jumps at most from frame to frame: by the palette of each, and by that of the shot."""
    graded = np.clip(frames[0] * np.array([1.1, 1.0, 0.85]), 0, 255).astype(np.uint8)
    wanted, shot = Palette.of(graded, "transport"), ShotPalette("transport")
    made = []
    for index, image in enumerate(frames):
        palettes = Palette.of(image, "transport"), shot.update(image, index * _RATE)
        grades = [Grade.between(each, wanted, 0.8) for each in palettes]
        made.append([each.matrix @ np.full(3, 128.0) + each.offset for each in grades])
    jumps = np.abs(np.diff(np.array(made), axis=0)).max((0, 2))
    return {"clip": name, "alone": float(jumps[0]), "shot": float(jumps[1])}


if __name__ == "__main__":
    command(main)
