"""Learns the filters that `facefusion.processors.frame_enhancer.filter_bank` enlarges with.

Each picture is shrunk to half its size, in four ways, and each kind of edge gets the filters that make of the small
picture, beside what smooth enlarging makes of it, the nearest to the picture itself (least squares). Pictures are seen
in all eight turns and mirror images, so that no direction is better known than another. Pictures of lines, shapes and
letters are drawn, for portraits show few of them.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from facefusion.media.frame import Image
from facefusion.media.picture import read_picture
from facefusion.options import LimitOptions
from facefusion.processors.frame_enhancer.filter_bank import FOUR, SCALE, differences, kinds_of, surroundings

Values = npt.NDArray[np.float64]
Luma = npt.NDArray[np.float32]

MATERIAL: Final = Path(__file__).with_name("lips_material.csv")
FOLDERS: Final = ("congress/", "pairs/")
"""Of the material: whole portraits."""
SIDE: Final = 7
ANGLES: Final = 16
STRENGTHS: Final = (2, 4, 8, 16, 32)
COHERENCES: Final = (0.25, 0.5, 0.75)
_KINDS: Final = ANGLES * (len(STRENGTHS) + 1) * (len(COHERENCES) + 1)
_TURNS: Final = 8
_DAMPING: Final = 1e-4
_LEAST_DAMPING: Final = 800.0
"""Towards smooth enlarging: as a share of a kind's own spread, and in any case."""
_QUALITY: Final = 85
"""Of JPEG, for one way of making small: what is enlarged has mostly been compressed."""
_DRAWN: Final = 12
_DRAWN_SIDE: Final = 512
_FINER: Final = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.edge_filters", description=__doc__)
    parser.add_argument("folder", type=Path, help="of the test material (FACEFUSION_TEST_ASSETS)")
    parser.add_argument("--output", type=Path, required=True, help="file to write, .npz")
    parser.add_argument("--most", type=int, help="only so many portraits (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn (default: 1)")
    options = parser.parse_args(arguments)
    filters, seen = learnt([*portraits(options.folder, options.most), *drawings(options.seed)])
    np.savez_compressed(
        options.output,
        filters=filters.astype(np.float16),
        angles=np.int64(ANGLES),
        strengths=np.array(STRENGTHS, np.float32),
        coherences=np.array(COHERENCES, np.float32),
    )
    size, digest = options.output.stat().st_size, hashlib.sha256(options.output.read_bytes()).hexdigest()
    sys.stdout.write(f"{_KINDS} kinds, of each at least {int(seen.min())} pixels; {size} bytes, {digest}\n")
    return 0


def portraits(folder: Path, most: int | None = None) -> Iterator[Image]:
    """Yield the portraits that are named in the material, RGB uint8.

    Raises:
        ValueError: one is another file than that.
    """
    with MATERIAL.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith(FOLDERS)]
    for row in rows[:most]:
        path = folder / row["file"]
        if hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
            raise ValueError(f"{path} is not the file that was learnt from")
        yield read_picture(path, LimitOptions()).image


def drawings(seed: int) -> Iterator[Image]:
    """Yield pictures of lines, discs, corners and letters, drawn finer and made smaller, RGB uint8."""
    rng = np.random.default_rng(seed)
    for _ in range(_DRAWN):
        side = _DRAWN_SIDE * _FINER
        canvas = np.full((side, side, 3), rng.integers(0, 256, 3), np.uint8)
        for _ in range(60):
            _draw(rng, canvas)
        yield np.asarray(cv2.resize(canvas, (_DRAWN_SIDE, _DRAWN_SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _draw(rng: np.random.Generator, canvas: Image) -> None:
    """Draw one thing, in place."""
    side = len(canvas)
    colour = tuple(int(value) for value in rng.integers(0, 256, 3))
    here, there = (tuple(int(value) for value in rng.integers(0, side, 2)) for _ in range(2))
    kind = rng.integers(0, 4)
    if kind == 0:
        cv2.line(canvas, here, there, colour, int(rng.integers(3, 40)), cv2.LINE_AA)
    elif kind == 1:
        cv2.circle(canvas, here, int(rng.integers(10, side // 6)), colour, -1, cv2.LINE_AA)
    elif kind == 2:
        corners = np.array(here) + rng.integers(-side // 5, side // 5, (3, 2))
        cv2.fillPoly(canvas, [corners.astype(np.int32)], colour, cv2.LINE_AA)
    else:
        text = "".join(rng.choice(list("abcdefghijkmnopqrstuvwxyzABCDEFGHKLMNRSTUVWXYZ0123456789"), 6))
        cv2.putText(canvas, text, here, cv2.FONT_HERSHEY_COMPLEX, float(rng.uniform(1, 6)), colour, 6, cv2.LINE_AA)


def learnt(pictures: Sequence[Image]) -> tuple[Values, Values]:
    """Return the filters by kind, (kinds, side · side, 4), and of how many pixels each was learnt."""
    taps = SIDE * SIDE
    spread, wanted = np.zeros((_KINDS, taps, taps)), np.zeros((_KINDS, taps, FOUR))
    seen = np.zeros(_KINDS)
    for picture in pictures:
        for large, small in _pairs(picture):
            _add(large, small, spread, wanted, seen)
    filters = np.empty((_KINDS, taps, FOUR))
    for kind in range(_KINDS):
        damping = _DAMPING * np.trace(spread[kind]) / taps + _LEAST_DAMPING
        filters[kind] = np.linalg.solve(spread[kind] + damping * np.eye(taps), wanted[kind])
    return filters, seen


def _pairs(picture: Image) -> Iterator[tuple[Luma, Luma]]:
    """Yield the luma of a picture, and of the same made small, in all turns; of each way of making small."""
    height, width = (size // SCALE * SCALE for size in picture.shape[:2])
    large = np.ascontiguousarray(picture[:height, :width])
    size = (width // SCALE, height // SCALE)
    ways = [cv2.resize(large, size, interpolation=way) for way in (cv2.INTER_AREA, cv2.INTER_CUBIC)]
    ways.append(np.asarray(Pillow.fromarray(large).resize(size, Pillow.Resampling.BICUBIC)))
    ways.append(_compressed(np.asarray(ways[0], np.uint8)))
    for small in ways:
        for turn in range(_TURNS):
            yield _turned(_luma(large), turn), _turned(_luma(np.asarray(small, np.uint8)), turn)


def _compressed(picture: Image) -> Image:
    file = io.BytesIO()
    Pillow.fromarray(picture).save(file, "JPEG", quality=_QUALITY)
    return np.asarray(Pillow.open(file).convert("RGB"))


def _luma(picture: Image) -> Luma:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)[:, :, 0], np.float32)


def _turned(luma: Luma, turn: int) -> Luma:
    upright = luma[:: 1 - 2 * (turn & 1), :: 1 - (turn & 2)]
    return np.ascontiguousarray(upright.T if turn & 4 else upright)


def _add(large: Luma, small: Luma, spread: Values, wanted: Values, seen: Values) -> None:
    """Add a picture to the normal equations of each kind; of each turn an eighth of the pixels is enough."""
    smooth = np.asarray(cv2.resize(small, large.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
    height, width = small.shape
    left = (large - smooth).reshape(height, SCALE, width, SCALE).transpose(0, 2, 1, 3).reshape(-1, FOUR)
    kinds = kinds_of(small, ANGLES, np.array(STRENGTHS, np.float32), np.array(COHERENCES, np.float32)).ravel()
    around = surroundings(small, SIDE)
    pixels = np.arange(small.size)[:: _TURNS + 1]
    pixels = pixels[np.argsort(kinds[pixels], kind="stable")]
    taken, left, kinds = differences(around, pixels), left[pixels], kinds[pixels]
    starts = np.searchsorted(kinds, np.arange(_KINDS + 1))
    for kind in np.unique(kinds):
        own = slice(starts[kind], starts[kind + 1])
        spread[kind] += taken[own].T @ taken[own]
        wanted[kind] += taken[own].T @ left[own]
        seen[kind] += own.stop - own.start


if __name__ == "__main__":
    sys.exit(main())
