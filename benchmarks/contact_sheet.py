"""Swap pairs of portraits and lay out source, target and result side by side in one picture, for the eye."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from benchmarks.common import Figures, MissingAssetsError, assets, command, finish, parser, table
from benchmarks.pairs import Portrait, Studio
from facefusion.faces.align import RotatedSquare, crop
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.media.frame import Image

PAIRS = {
    "05:29": "light woman on dark man",
    "28:04": "dark woman on light woman",
    "29:21": "dark man on light man",
    "07:11": "man on wrinkled dark woman",
    "04:24": "young woman on old man",
    "06:30": "dark woman on light old woman",
    "26:05": "dark stubble on light woman",
    "20:12": "white beard on smooth, turned",
    "12:20": "smooth on white beard",
    "10:07": "glasses on none",
    "21:17": "none on glasses",
    "02:13": "teeth on closed lips, dark",
    "23:22": "even light on side light",
    "22:03": "side light on even light",
    "16:14": "white beard on red beard",
    "27:18": "moustache on woman with fringe",
    "11:19": "old woman on open mouth",
    "05:pictures/cc_by/intel_female_turned.png": "turned far, from a video",
}
"""Source and target, and what is hard about the pair."""
TILE = 360
_BAR = 30
_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Swapped:
    """One pair.

    Attributes:
        pair: as it was asked for.
        note: what is hard about it.
        source: the source.
        target: the target.
        result: the target with the source's face.
    """

    pair: str
    note: str
    source: Portrait
    target: Portrait
    result: Portrait

    @property
    def figures(self) -> Figures:
        """Identity distances and turn of the target."""
        return {
            "pair": self.pair,
            "note": self.note,
            "to_source": identity_distance(self.result.embedding, self.source.embedding),
            "to_target": identity_distance(self.result.embedding, self.target.embedding),
            "between": identity_distance(self.source.embedding, self.target.embedding),
            "yaw": self.target.face.pose.yaw,
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    studio = Studio()
    swaps = [_swap(studio, pair, PAIRS.get(pair, "")) for pair in options.pairs]
    sheet = lay_out([row_of(swap, options.tile) for swap in swaps], options.columns)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(sheet).save(options.output)
    rows = [swap.figures for swap in swaps]
    heads = ("source:target", "what is hard", "to source", "to target", "between", "yaw of target")
    print(table(heads, [list(row.values()) for row in rows]))
    nearer = sum(row["to_source"] < row["to_target"] for row in rows)
    print(f"\n{nearer} of {len(rows)} results are nearer to the source. Sheet: {options.output}")
    return finish({"pairs": rows, "nearer_to_source": nearer}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("contact_sheet", __doc__)
    made.add_argument(
        "--pairs",
        nargs="+",
        default=list(PAIRS),
        metavar="SOURCE:TARGET",
        help="numbers of pictures/synthetic, or paths below the test material (default: a choice of hard ones)",
    )
    made.add_argument("--output", type=Path, default=Path("out/benchmarks/contact_sheet.png"), help="PNG to write")
    made.add_argument("--tile", type=int, default=TILE, help="side of one picture in pixels (default: %(default)s)")
    made.add_argument("--columns", type=int, default=_COLUMNS, help="pairs beside each other (default: %(default)s)")
    return made.parse_args(arguments)


def _swap(studio: Studio, pair: str, note: str) -> Swapped:
    source, target = (studio.portrait(picture_of(name)) for name in pair.split(":"))
    if source is None or target is None:
        raise MissingAssetsError(f"no face was found in a picture of the pair {pair}")
    return Swapped(pair, note, source, target, studio.swap(source, target))


def picture_of(name: str) -> Path:
    """Return the file that a half of a pair means."""
    if not name.isdigit():
        return assets(*name.split("/"))
    found = sorted(assets("pictures", "synthetic").glob(f"*_{int(name):02}_*.jpg"))
    if not found:
        raise MissingAssetsError(f"there is no picture number {name} in pictures/synthetic")
    return found[0]


def row_of(swap: Swapped, tile: int) -> Image:
    """Return source, target and result of a pair side by side under a line of text, RGB uint8."""
    heads = [head(portrait, face_of, tile) for portrait, face_of in _views(swap)]
    figures = swap.figures
    name = " > ".join(part.rsplit("/", 1)[-1].split(".")[0] for part in swap.pair.split(":"))
    text = f"{name}  {swap.note}  | to source {figures['to_source']:.2f}, to target {figures['to_target']:.2f}"
    bar = np.full((_BAR, 3 * tile, 3), 24, np.uint8)
    cv2.putText(bar, text, (8, 21), cv2.FONT_HERSHEY_SIMPLEX, 0.58, (235, 235, 235), 1, cv2.LINE_AA)
    return np.vstack([bar, np.hstack(heads)])


def _views(swap: Swapped) -> list[tuple[Portrait, Portrait]]:
    """Return each picture and the portrait whose face says where to cut it: target and result are cut alike."""
    return [(swap.source, swap.source), (swap.target, swap.target), (swap.result, swap.target)]


def head(portrait: Portrait, cut_by: Portrait, size: int) -> Image:
    """Return the head of a portrait, RGB uint8 (size, size, 3)."""
    box = cut_by.face.box
    middle = (box[:2] + box[2:]) / 2
    square = RotatedSquare(float(middle[0]), float(middle[1]) - 0.06 * cut_by.face.height, 1.5 * cut_by.face.height, 0)
    return crop(portrait.image, square.to_crop(size), size)


def lay_out(rows: Sequence[Image], columns: int) -> Image:
    """Return the rows one below the other, in so many columns."""
    length = -(-len(rows) // columns)
    padded = [*rows, *[np.zeros_like(rows[0])] * (length * columns - len(rows))]
    return np.hstack([np.vstack(padded[start : start + length]) for start in range(0, len(padded), length)])


if __name__ == "__main__":
    command(main)
