"""Noise, grain, gate weave and a shaking hand, made on clips: how much of them the film restorer takes away."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from benchmarks.common import Figures, MissingAssetsError, assets, command, finish, parser, table
from facefusion.media.frame import Frame, Image
from facefusion.media.reader import VideoReader
from facefusion.options.media import LimitOptions
from facefusion.processors.base import FaceFrame
from facefusion.processors.film_restorer.camera import Similarity
from facefusion.processors.film_restorer.denoise import Denoise
from facefusion.processors.film_restorer.grain import Regrain
from facefusion.processors.film_restorer.stage import Stage
from facefusion.processors.film_restorer.steady import Steady, shake_steadying, weave_steadying
from facefusion.processors.film_restorer.step import Moment, Step

CLIPS: Final[Mapping[str, tuple[str, tuple[float, float, float, float]]]] = {
    "talking": ("talk/talk-d0.mp4", (0.2, 0.15, 0.8, 0.8)),
    "hand before a face": ("video/hand_occlusion_asl_bird.mkv", (0.38, 0.05, 0.62, 0.4)),
    "speaker": ("video/speaker_frontal_obama.mp4", (0.3, 0.1, 0.7, 0.75)),
}
"""File of each clip below the test material, and where the face is in it: left, top, right and bottom as shares."""
SIGMAS: Final = (5.0, 10.0)
"""Standard deviations of the noise, of 255."""
_FRAMES: Final = 16
_START: Final = 12
_SETTLED: Final = 4
"""Frames at both ends of a clip that have fewer neighbours, and do not count."""
_GRAIN_SIZE: Final = 0.8
_WEAVE: Final = (1.2, 0.001)
"""Standard deviation of the shift, in pixels, and of the turn."""
_SHAKE: Final = (6.0, 0.006)
_RING: Final = 0.3
"""Share of the sides that is taken for background; a quarter of it, at the very border, is left out."""
_CORNERS: Final = 200
_TREMOR: Final = 1.2
"""Frames over which a shaking hand moves on smoothly."""

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.float64]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    figures: Figures = {"noise": [], "grain": [], "places": []}
    for name in options.clips or CLIPS:
        frames = _frames(name, options.frames)
        figures["noise"] += [_noise(name, frames, sigma, options.looks) for sigma in SIGMAS]
        figures["grain"].append(_grain(name, frames))
        figures["places"] += [_weave(name, frames), _shake(name, frames)]
    print(_noise_table(figures["noise"]), end="\n\n")
    print(_grain_table(figures["grain"]), end="\n\n")
    print(_places_table(figures["places"]))
    return finish(figures, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("film_steady", __doc__)
    made.add_argument("--clips", nargs="+", choices=list(CLIPS), metavar="NAME", help="these alone")
    made.add_argument("--frames", type=int, default=_FRAMES, help="of each clip (default: %(default)s)")
    made.add_argument("--looks", type=Path, metavar="FOLDER", help="write faces there, before and after, to look at")
    return made.parse_args(arguments)


def _frames(name: str, count: int) -> list[Image]:
    """Return some frames of a clip."""
    with VideoReader(assets(*CLIPS[name][0].split("/")), LimitOptions()) as reader:
        found = [np.ascontiguousarray(frame.image) for frame in islice(reader, _START, _START + count)]
    if len(found) < count:
        raise MissingAssetsError(f"{CLIPS[name][0]} has fewer than {_START + count} frames")
    return found


def _through(step: Step, came: Sequence[Image], shown: Sequence[Image] | None = None) -> tuple[list[Image], float]:
    """Return what a step makes of frames, and the CPU seconds that each took.

    Args:
        step: new.
        came: frames as they came to the processor.
        shown: as steps before have made them; as they came when None.
    """
    started, stage, made = time.process_time(), Stage(step), []
    for number, (image, now) in enumerate(zip(came, shown or came, strict=True)):
        item = FaceFrame(Frame(number, number, 1, Fraction(1, 25), image), ())
        made += stage.push(Moment(now, number == 0, None, item))
    made += stage.flush()
    return [moment.image for moment in made], (time.process_time() - started) / len(came)


def _grains(shape: Sequence[int], count: int, sigma: float) -> list[Floats]:
    """Return grain that is grey and soft as that of film, float32 (H, W, 1)."""
    random = np.random.default_rng([7, round(sigma)])
    made = []
    for _ in range(count):
        white = random.standard_normal((shape[0], shape[1]), np.float32)
        soft = cv2.GaussianBlur(white, (0, 0), _GRAIN_SIZE, borderType=cv2.BORDER_REFLECT)
        made.append((soft * np.float32(sigma / soft.std()))[:, :, None])
    return made


def _laid(images: Sequence[Image], layers: Sequence[Floats]) -> list[Image]:
    return [
        np.clip(np.rint(image + layer), 0, 255).astype(np.uint8) for image, layer in zip(images, layers, strict=True)
    ]


def _noise(name: str, frames: list[Image], sigma: float, looks: Path | None) -> Figures:
    noisy = _laid(frames, _grains(frames[0].shape, len(frames), sigma))
    clean, seconds = _through(Denoise(100), noisy)
    counted = range(_SETTLED, len(frames) - _SETTLED)
    face = _face(name, frames[0])
    if looks is not None:
        _write_look(looks / f"{name.replace(' ', '-')}-{sigma:.0f}.png", [frames, noisy, clean], face, counted)
    return {
        "clip": name,
        "sigma": sigma,
        "before": float(np.mean([_psnr(noisy[at], frames[at]) for at in counted])),
        "after": float(np.mean([_psnr(clean[at], frames[at]) for at in counted])),
        "face_before": float(np.mean([_psnr(noisy[at][face], frames[at][face]) for at in counted])),
        "face_after": float(np.mean([_psnr(clean[at][face], frames[at][face]) for at in counted])),
        "worst_gain": min(
            _psnr(clean[at][face], frames[at][face]) - _psnr(noisy[at][face], frames[at][face]) for at in counted
        ),
        "ssim_before": float(np.mean([_ssim(noisy[at], frames[at]) for at in counted])),
        "ssim_after": float(np.mean([_ssim(clean[at], frames[at]) for at in counted])),
        "seconds": seconds,
    }


def _grain(name: str, frames: list[Image]) -> Figures:
    """Take grain away, lay it on again, and hold it against what was there."""
    layers = _grains(frames[0].shape, len(frames), SIGMAS[0])
    came = _laid(frames, layers)
    clean, _ = _through(Denoise(100), came)
    made, seconds = _through(Regrain(100), came, clean)
    counted = range(_SETTLED, len(frames) - _SETTLED)
    truth = [came[at].astype(np.float32) - frames[at] for at in counted]
    new = [made[at].astype(np.float32) - clean[at] for at in counted]
    left = [clean[at].astype(np.float32) - frames[at] for at in counted]
    return {
        "clip": name,
        "strength": float(np.std(truth)),
        "laid_on": float(np.std(new)),
        "left": float(np.std(left)),
        "bands": _by_brightness(frames, truth, new, counted),
        "spectrum": _spectrum_error(truth, new),
        "seconds": seconds,
    }


def _by_brightness(frames: Sequence[Image], truth: Sequence[Floats], new: Sequence[Floats], counted: range) -> float:
    """Return by how much the strengths differ in the band of brightness where they differ most, as a share."""
    light = np.stack([cv2.cvtColor(frames[at], cv2.COLOR_RGB2GRAY) for at in counted]) // 32
    olds, news = (np.stack([layer[:, :, 1] for layer in layers]) for layers in (truth, new))
    bands = [light == band for band in range(8)]
    return max(abs(float(news[band].std() / olds[band].std()) - 1) for band in bands if band.mean() > 0.02)


def _spectrum_error(truth: Sequence[Floats], new: Sequence[Floats]) -> float:
    """Return by how much spectra of strength 1 differ, as a share of the whole power."""
    spectra = []
    for layers in (truth, new):
        power = np.mean([np.abs(np.fft.fft2(layer[:, :, 1] - layer[:, :, 1].mean())) ** 2 for layer in layers], axis=0)
        small = cv2.resize(power.astype(np.float32), (32, 32), interpolation=cv2.INTER_AREA)
        spectra.append(small / small.sum())
    return float(np.abs(spectra[0] - spectra[1]).sum())


def _weave(name: str, frames: list[Image]) -> Figures:
    random = np.random.default_rng(11)
    width = frames[0].shape[1]
    places = np.zeros((len(frames), 4))
    places[:, :2] = random.normal(0, _WEAVE[0] / width, (len(frames), 2))
    places[:, 2] = random.normal(0, _WEAVE[1], len(frames))
    return _places(name, "weave", frames, places, lambda: Steady("weave", 100, weave_steadying(100)))


def _shake(name: str, frames: list[Image]) -> Figures:
    random = np.random.default_rng(12)
    width = frames[0].shape[1]
    shake = cv2.GaussianBlur(random.normal(0, 1, (len(frames), 4)), (1, 9), 0, sigmaY=_TREMOR)
    places = shake / shake.std() * [_SHAKE[0] / width, _SHAKE[0] / width, _SHAKE[1], 0]
    return _places(name, "shaking", frames, places, lambda: Steady("stabilise", 100, shake_steadying(100), "fill"))


def _places(name: str, what: str, frames: list[Image], places: Places, make: Callable[[], Step]) -> Figures:
    """Move frames, steady them, and return how much of the movement is left in what the background does."""
    height, width = frames[0].shape[:2]
    moved = [
        np.asarray(
            cv2.warpAffine(
                image,
                Similarity(*place.tolist()).matrix(width, height),
                (width, height),
                flags=cv2.INTER_LANCZOS4,
                borderMode=cv2.BORDER_REFLECT_101,
            ),
            np.uint8,
        )
        for image, place in zip(frames, places, strict=True)
    ]
    made, seconds = _through(make(), moved)
    before, after = (_jitter(images) for images in (moved, made))
    return {
        "clip": name,
        "what": what,
        "before": before[0],
        "after": after[0],
        "energy": (after[1] / before[1]) if before[1] else 0.0,
        "seconds": seconds,
    }


def _shift(before: Image, now: Image) -> npt.NDArray[np.float64]:
    """Return how the background moved, in pixels, told by corners near the border, as the step does not."""
    grey, next_grey = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (before, now))
    (height, width), edge = grey.shape, _RING / 4
    border = np.zeros(grey.shape, np.uint8)
    border[round(edge * height) : round((1 - edge) * height), round(edge * width) : round((1 - edge) * width)] = 255
    border[round(_RING * height) :, round(_RING * width) : round((1 - _RING) * width)] = 0
    corners = cv2.goodFeaturesToTrack(grey, _CORNERS, 0.01, 5, mask=border)
    gone, found, _ = cv2.calcOpticalFlowPyrLK(grey, next_grey, corners, corners.copy(), winSize=(21, 21), maxLevel=3)
    return np.asarray(np.median((gone - corners)[found.ravel() > 0].reshape(-1, 2), axis=0), np.float64)


def _jitter(images: Sequence[Image]) -> tuple[float, float]:
    """Return by how many pixels the background moves from frame to frame, and the energy with which its path bends."""
    shifts = np.array([_shift(*pair) for pair in pairwise(images)])[_SETTLED:-1]
    return float(np.sqrt(np.square(shifts - shifts.mean(0)).sum(1).mean())), float(
        np.square(np.diff(shifts, axis=0)).sum()
    )


def _face(name: str, image: Image) -> tuple[slice, slice]:
    (height, width), (left, top, right, bottom) = image.shape[:2], CLIPS[name][1]
    return slice(round(top * height), round(bottom * height)), slice(round(left * width), round(right * width))


def _write_look(path: Path, films: Sequence[Sequence[Image]], face: tuple[slice, slice], counted: range) -> None:
    """Write faces of some frames in columns: clean, noisy, and what was made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = list(counted)[:: max(1, len(counted) // 3)][:3]
    rows = [np.hstack([film[number][face] for film in films]) for number in numbers]
    Pillow.fromarray(np.vstack(rows)).save(path)


def _psnr(image: Image, truth: Image) -> float:
    error = float(np.square(image.astype(np.float32) - truth).mean())
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def _ssim(image: Image, truth: Image) -> float:
    """Return the structural similarity of luma (Wang et al., 2004)."""
    one, two = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(np.float32) for each in (image, truth))

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(values, (11, 11), 1.5), np.float32)

    first, second = mean(one), mean(two)
    ones, twos, both = mean(one * one) - first**2, mean(two * two) - second**2, mean(one * two) - first * second
    low, high = np.float32((0.01 * 255) ** 2), np.float32((0.03 * 255) ** 2)
    alike = (2 * first * second + low) * (2 * both + high) / ((first**2 + second**2 + low) * (ones + twos + high))
    return float(alike.mean())


def _noise_table(rows: Sequence[Figures]) -> str:
    heads = (
        "clip",
        "noise",
        "dB before",
        "after",
        "face before",
        "after",
        "worst gain",
        "SSIM before",
        "after",
        "CPU s a frame",
    )
    keys = (
        "clip",
        "sigma",
        "before",
        "after",
        "face_before",
        "face_after",
        "worst_gain",
        "ssim_before",
        "ssim_after",
        "seconds",
    )
    return table(heads, [[row[key] for key in keys] for row in rows])


def _grain_table(rows: Sequence[Figures]) -> str:
    heads = ("clip", "grain", "laid on", "not taken", "worst band off by, %", "spectrum off by, %", "CPU s a frame")
    return table(
        heads,
        [
            [
                *(row["clip"], row["strength"], row["laid_on"], row["left"]),
                *(row["bands"] * 100, row["spectrum"] * 100, row["seconds"]),
            ]
            for row in rows
        ],
    )


def _places_table(rows: Sequence[Figures]) -> str:
    heads = ("clip", "what", "jitter before, px", "after", "energy left, %", "CPU s a frame")
    return table(
        heads,
        [[row["clip"], row["what"], row["before"], row["after"], row["energy"] * 100, row["seconds"]] for row in rows],
    )


if __name__ == "__main__":
    command(main)
