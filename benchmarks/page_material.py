"""What the pictures of the documentation are made of: the two portraits of the examples, and clips of them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import av
import cv2
import numpy as np
from PIL import Image as Pillow

from benchmarks.common import ROOT
from benchmarks.film_damage import with_dust, with_scratches
from benchmarks.finishing import as_item, made_flicker, with_edit
from facefusion.media.frame import Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions
from facefusion.processors.temporal_smoother.processor import TemporalSmoother

Maker = Callable[["Material", Path], None]
"""Makes one file."""
Change = Callable[[Image, np.random.Generator], Image]

ASTRONAUT: Final = "astronaut.png"
CAPTAIN: Final = "grace_hopper.jpg"
_PORTRAITS: Final = ROOT / "examples" / "portraits"
_SIZE: Final = (800, 600)
_ROW: Final = 0.42
"""Which row is shown over time, as a share of the height: that of the eyes."""
_WHOLE: Final = 10.0
"""Seconds in which the generator's people do all that they do; clips here show the beginning."""


@dataclass(frozen=True, slots=True)
class Material:
    """Makes files in a folder.

    Attributes:
        folder: where they and what they are made of lie.
    """

    folder: Path

    def portrait(self, name: str, change: Change | None = None) -> Image:
        """Return a portrait, RGB uint8 (H, W, 3), changed if that is said."""
        image = np.asarray(Pillow.open(_PORTRAITS / name).convert("RGB"))
        return image if change is None else change(image, np.random.default_rng(1))

    def clip(self, name: str, seconds: float, rate: Fraction) -> Path:
        """Return a clip of a portrait that moves and talks, made as `examples/make_clip.py` does."""
        path = self.folder / f".{Path(name).stem}-{seconds}-{rate.numerator}.mp4"
        if not path.exists():
            examples = str(ROOT / "examples")
            if examples not in sys.path:
                sys.path.append(examples)
            from talking_portrait import make_scene, write_clip  # noqa: PLC0415 - of the examples, no package

            width, height = _SIZE
            scene = make_scene([_PORTRAITS / name], width=width, height=height, seconds=_WHOLE)
            write_clip(path, scene, seconds=seconds, fps=rate)
        return path


def picture(name: str, change: Change | None = None) -> Maker:
    """Return what makes a picture of a portrait."""

    def maker(material: Material, path: Path) -> None:
        Pillow.fromarray(material.portrait(name, change)).save(
            path, **({"quality": 95} if path.suffix == ".jpg" else {})
        )

    return maker


def clip(name: str, *, seconds: float = 2.0, rate: int = 8, change: Change | None = None) -> Maker:
    """Return what makes a clip of a portrait; a changed one is written almost without loss."""

    def maker(material: Material, path: Path) -> None:
        made = material.clip(name, seconds, Fraction(rate))
        if change is None:
            shutil.copyfile(made, path)
            return
        rng = np.random.default_rng(1)
        with open_reader(made, limits=LimitOptions()) as reader:
            _write([change(frame.image, rng) for frame in reader], path, rate)

    return maker


def old_film(name: str, *, seconds: float = 2.0, rate: int = 12) -> Maker:
    """Return what makes a clip of a portrait with dust, hairs and scratches, written almost without loss."""

    def maker(material: Material, path: Path) -> None:
        with open_reader(material.clip(name, seconds, Fraction(rate)), limits=LimitOptions()) as reader:
            frames = [frame.image for frame in reader]
        _write(with_scratches(with_dust(frames, 3, per_frame=18, hairs=4).images, 3, alive=6).images, path, rate)

    return maker


def still(name: str, *, seconds: float = 2.0, rate: int = 8) -> Maker:
    """Return what makes a clip of a portrait that does nothing at all."""

    def maker(material: Material, path: Path) -> None:
        _write([material.portrait(name)] * round(seconds * rate), path, rate)

    return maker


def _write(images: Sequence[Image], path: Path, rate: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "8", "preset": "veryfast"})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())


def soft(image: Image, _: np.random.Generator) -> Image:
    """Return a picture as a poor lens shows it."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.2), np.uint8)


def half(image: Image, _: np.random.Generator) -> Image:
    """Return a picture at half its size."""
    return np.asarray(cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def bicubic(image: Image, rng: np.random.Generator) -> Image:
    """Return a picture that was shrunk to half its size and enlarged again by bicubic interpolation."""
    return np.asarray(cv2.resize(half(image, rng), image.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def evening(image: Image, _: np.random.Generator) -> Image:
    """Return a picture in the colours of an evening."""
    return np.clip(image * np.array([1.12, 0.92, 0.62]) + 8, 0, 255).astype(np.uint8)


def worn(image: Image, rng: np.random.Generator) -> Image:
    """Return a frame with heavy grain, and out of its place as in a worn gate."""
    shift = np.array([[1, 0, rng.normal(0, 1.5)], [0, 1, rng.normal(0, 1.5)]], np.float32)
    moved = cv2.warpAffine(image, shift, image.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.clip(np.rint(moved + rng.normal(0, 9, (*image.shape[:2], 1))), 0, 255).astype(np.uint8)


def over_time(stage: Literal["before", "edited", "smoothed"]) -> Maker:
    """Return what makes a picture of one row of a clip over time: before an edit that flickers, edited, or smoothed."""

    def maker(material: Material, path: Path) -> None:
        with open_reader(material.clip(ASTRONAUT, 1.6, Fraction(25)), limits=LimitOptions()) as reader:
            frames = [frame.image for frame in reader]
        rng = np.random.default_rng(1)
        edits = [with_edit(image, made_flicker(rng, image)) for image in frames]
        if stage == "smoothed":
            items = [as_item(*pair, index) for index, pair in enumerate(zip(frames, edits, strict=True))]
            edits = [item.frame.image for item in TemporalSmoother(0.8, 0.4).process(items)]
        row, columns = round(_ROW * frames[0].shape[0]), frames[0].shape[1]
        shown = [image[row, columns // 4 : columns * 3 // 4] for image in (frames if stage == "before" else edits)]
        Pillow.fromarray(np.stack(shown)).save(path)

    return maker
