"""Measure enlarging without weights against bicubic and Lanczos, on pictures that were not learnt from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.analysers import Picture
from benchmarks.common import Figures, assets, command, finish, parser, table
from benchmarks.superres import psnr
from facefusion.media.picture import read_picture
from facefusion.options import LimitOptions
from facefusion.processors.frame_enhancer.filter_bank import EdgeEnlarger, FilterBank
from facefusion.processors.frame_enhancer.tiles import enlarged

FOLDERS: Final = {"portraits": ("synthetic",), "scenes": ("usgov", "noface", "cc_by", "astronaut*")}
SHRINKING: Final[dict[str, Callable[[Picture, tuple[int, int]], Picture]]] = {
    "area": lambda image, size: cv2.resize(image, size, interpolation=cv2.INTER_AREA),
    "bicubic": lambda image, size: cv2.resize(image, size, interpolation=cv2.INTER_CUBIC),
    "area, JPEG 80": lambda image, size: _compressed(cv2.resize(image, size, interpolation=cv2.INTER_AREA)),
}
PLAIN: Final = {"bicubic": cv2.INTER_CUBIC, "lanczos": cv2.INTER_LANCZOS4}
"""What it is held against."""
_MOST: Final = 448
_EDGE: Final = 12.0
"""Gradient, in levels from pixel to pixel, of what is an edge."""
_BORDER: Final = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("enlarging", __doc__)
    made.add_argument("--most", type=int, help="only so many pictures of each kind (default: all)")
    options = made.parse_args(arguments)
    enlarger = EdgeEnlarger(FilterBank.shipped())
    rows = []
    for kind in FOLDERS:
        images = [_middle(path) for path in _paths(kind)[: options.most]]
        rows += [compared(kind, images, way, enlarger) for way in SHRINKING]
    heads = ("pictures", "shrunk by", "count", "PSNR, dB", "SSIM", "edges", "halo", "PSNR better on", "SSIM better on")
    print(table(heads, [_cells(row) for row in rows]))
    print("\nBicubic, Lanczos, edge_filters_x2; better: than the better of both. Edges: how steep edges are,")
    print("1 being as in the picture. Halo: mean levels by which pixels at edges lie beyond all that is around in it.")
    return finish({"enlarging": rows}, options.json)


def _paths(kind: str) -> list[Path]:
    folder = assets("pictures")
    found = []
    for place in FOLDERS[kind]:
        found += sorted(folder.glob(place) if "*" in place else (folder / place).glob("*"))
    return [path for path in found if path.suffix in {".jpg", ".png"} and "parsemap" not in path.name]


def _middle(path: Path) -> Picture:
    image = read_picture(path, LimitOptions()).image
    height, width = (min(size, _MOST) // 2 * 2 for size in image.shape[:2])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def _compressed(image: Picture) -> Picture:
    written = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return np.asarray(cv2.cvtColor(cv2.imdecode(written, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)


def compared(kind: str, images: Sequence[Picture], way: str, enlarger: EdgeEnlarger) -> Figures:
    """Return figures of plain enlarging and of ours, means over pictures, and on how many ours is the best."""
    triples = []
    for image in images:
        size = (image.shape[1] // 2, image.shape[0] // 2)
        small = np.asarray(SHRINKING[way](image, size), np.uint8)
        plain = [cv2.resize(small, image.shape[1::-1], interpolation=each) for each in PLAIN.values()]
        [ours] = enlarged([small], enlarger)
        triples.append([_figures(np.asarray(each, np.uint8), image) for each in (*plain, ours)])
    found = np.array(triples)
    means = found.mean(0).round(4).tolist()
    better = (found[:, -1] > found[:, :-1].max(1)).sum(0).tolist()
    return {
        "pictures": kind,
        "shrunk_by": way,
        "count": len(images),
        **{
            name: {way: means[row][place] for row, way in enumerate((*PLAIN, "ours"))}
            for place, name in enumerate(("psnr", "ssim", "edges", "halo"))
        },
        "better_psnr": better[0],
        "better_ssim": better[1],
    }


def _cells(row: Figures) -> list[object]:
    def all_ways(name: str, digits: int) -> str:
        return " / ".join(f"{value:.{digits}f}" for value in row[name].values())

    figures = [all_ways("psnr", 2), all_ways("ssim", 4), all_ways("edges", 3), all_ways("halo", 2)]
    return [row["pictures"], row["shrunk_by"], row["count"], *figures, row["better_psnr"], row["better_ssim"]]


def _figures(made: Picture, image: Picture) -> tuple[float, float, float, float]:
    new, true = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(np.float32) for each in (made, image))
    return (psnr(made, image), ssim(new, true), *edges_and_halo(new, true))


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Return the structural similarity of two grey pictures (Wang et al., 2004), 0 to 1, without their borders."""

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(cv2.GaussianBlur(values.astype(np.float64), (11, 11), 1.5))

    a, b = mean(one), mean(other)
    aa, bb, ab = mean(one**2.0) - a * a, mean(other**2.0) - b * b, mean(one * other) - a * b
    levels = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found = (2 * a * b + levels[0]) * (2 * ab + levels[1])
    found /= (a * a + b * b + levels[0]) * (aa + bb + levels[1])
    return float(found[_BORDER:-_BORDER, _BORDER:-_BORDER].mean())


def edges_and_halo(made: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Return how steep the edges of a picture are in another that was made of it, and how far that overshoots there.

    Args:
        made: grey, float32 (H, W).
        true: likewise.
    """
    slopes = [
        np.hypot(cv2.Sobel(each, cv2.CV_32F, 1, 0), cv2.Sobel(each, cv2.CV_32F, 0, 1)) / 8 for each in (made, true)
    ]
    is_edge = slopes[1] > _EDGE
    if not is_edge.any():
        return 1.0, 0.0
    near, around = cv2.dilate(is_edge.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0, np.ones((5, 5), np.uint8)
    beyond = np.maximum(made - cv2.dilate(true, around), 0) + np.maximum(cv2.erode(true, around) - made, 0)
    return float(slopes[0][is_edge].sum() / slopes[1][is_edge].sum()), float(beyond[near].mean())


if __name__ == "__main__":
    command(main)
