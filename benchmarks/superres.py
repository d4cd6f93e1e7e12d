"""Measure small super-resolution networks against bicubic enlarging, on portraits that were shrunk before."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.analysers import Picture, sessions_of
from benchmarks.common import Figures, assets, command, finish, parser, table
from facefusion.inference.catalogue import ModelCard
from facefusion.media.picture import read_picture
from facefusion.options import LimitOptions
from facefusion.processors.frame_enhancer.tiles import Enlarger, enlarged

TASK: Final = "frame_enhancer"
NETWORKS: Final = {
    "espcn_x2": ("luma_super_resolution", 2),
    "fsrcnn_x2": ("luma_super_resolution", 2),
    "subpixel_cnn_x3": ("luma_super_resolution", 3),
    "realesr_animevideov3_x4": ("rgb_super_resolution", 4),
}
"""Family and scale of each file of the test material."""
SHRINKING: Final = {"bicubic": cv2.INTER_CUBIC, "area": cv2.INTER_AREA}
_BORDER: Final = 8
_MOST: Final = 576
_UNIT: Final = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("superres", __doc__)
    made.add_argument("--most", type=int, help="only so many portraits (default: all)")
    options = made.parse_args(arguments)
    paths = sorted((assets("pictures") / "synthetic").glob("*.jpg"))[: options.most]
    portraits = [_portrait(path) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        cards = [_card(name) for name in NETWORKS]
        sessions = sessions_of(assets("models") / "superres", Path(folder), cards)
        rows = [
            gain(name, sessions.load(name, TASK), portraits, shrunk_by) for name in NETWORKS for shrunk_by in SHRINKING
        ]
    heads = ("network", "shrunk by", "portraits", "bicubic, dB", "network, dB", "gain, dB", "better on")
    print(table(heads, [[*row.values()] for row in rows]))
    return finish({"networks": rows}, options.json)


def _portrait(path: Path) -> Picture:
    """Return the middle of a picture, with sides that every scale divides."""
    image = read_picture(path, LimitOptions()).image
    height, width = (min(size, _MOST) // _UNIT * _UNIT for size in image.shape[:2])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def _card(name: str) -> ModelCard:
    family, scale = NETWORKS[name]
    stated = {"name": name, "task": TASK, "family": family, "file": f"{name}.onnx", "settings": {"scale": scale}}
    return ModelCard.model_validate(stated | {"licence": "LicenseRef-test-material", "commercial": False})


def gain(name: str, network: Enlarger, portraits: Sequence[Picture], shrunk_by: str) -> Figures:
    """Return the peak signal-to-noise ratios of a network and of bicubic enlarging, means over the portraits."""
    scale, pairs = NETWORKS[name][1], []
    for image in portraits:
        small = cv2.resize(image, None, fx=1 / scale, fy=1 / scale, interpolation=SHRINKING[shrunk_by])
        smooth = cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        [sharp] = enlarged([np.asarray(small, np.uint8)], network)
        pairs.append((psnr(smooth, image), psnr(sharp, image)))
    bicubic, other = np.mean(pairs, axis=0).tolist()
    better = sum(mine > plain for plain, mine in pairs)
    return {
        "name": name,
        "shrunk_by": shrunk_by,
        "portraits": len(pairs),
        "bicubic": bicubic,
        "network": other,
        "gain": other - bicubic,
        "better_on": better,
    }


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio of two pictures without their borders, in decibel."""
    inner = (slice(_BORDER, -_BORDER), slice(_BORDER, -_BORDER))
    return float(10 * np.log10(255**2 / np.mean((one[inner].astype(float) - other[inner]) ** 2)))


if __name__ == "__main__":
    command(main)
