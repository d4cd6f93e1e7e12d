"""Measure how the head's angles, which are read off the mesh, agree with a network that knows nothing of meshes.

The network is FSA-Net (Yang et al., "FSA-Net: learning fine-grained structure aggregation for head pose estimation from
a single image", 2019), from the test material.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.common import assets, command, finish, parser, table
from benchmarks.pairs import Portrait, Studio
from facefusion.inference.session import Session

SIZE: Final = 64
MARGIN: Final = 1.3
"""Side of the crop in widths of the detected box."""
ANGLES: Final = ("yaw", "pitch", "roll")
_SIGNS: Final = (-1, 1, 1)
"""Its yaw is positive when the nose points to the left of the picture."""


class PoseNetwork:
    """Computes the angles of a head from a crop of it.

    Args:
        path: the model, ONNX: BGR (x − 127.5) / 127.5, (1, 3, 64, 64) to (1, 3) degrees.
    """

    def __init__(self, path: Path) -> None:
        self._session = Session(path.read_bytes)

    def angles(self, portrait: Portrait) -> npt.NDArray[np.float64]:
        """Return yaw, pitch and roll in degrees, with the signs of `facefusion.faces.types.Pose`."""
        left, top, right, bottom = portrait.face.box
        side, centre = max(right - left, bottom - top) * MARGIN, ((left + right) / 2, (top + bottom) / 2)
        scale = SIZE / side
        placed = np.array([[scale, 0, SIZE / 2 - scale * centre[0]], [0, scale, SIZE / 2 - scale * centre[1]]])
        patch = cv2.warpAffine(portrait.image, placed, (SIZE, SIZE), flags=cv2.INTER_AREA)
        batch = ((patch[..., ::-1].astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
        return np.multiply(next(iter(self._session.run(np.ascontiguousarray(batch)).values()))[0], _SIGNS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("poses", __doc__)
    made.add_argument("--most", type=int, help="only so many pictures (default: all)")
    options = made.parse_args(arguments)
    network = PoseNetwork(assets("models") / "attribute" / "fsanet_1x1.onnx")
    portraits = list(_portraits(options.most))
    ours = np.array([(each.face.pose.yaw, each.face.pose.pitch, each.face.pose.roll) for each in portraits])
    theirs = np.array([network.angles(each) for each in portraits])
    rows = [agreement(name, ours[:, place], theirs[:, place]) for place, name in enumerate(ANGLES)]
    heads = ("angle", "faces", "ours, mean", "FSA-Net, mean", "apart, median", "apart, 90 %", "correlation")
    print(table(heads, [[*row.values()] for row in rows]))
    return finish({"angles": rows}, options.json)


def _portraits(most: int | None) -> Iterator[Portrait]:
    studio = Studio()
    paths = [*sorted((assets("pictures") / "synthetic").glob("*.jpg")), *sorted(assets("lfw_subset").rglob("*.jpg"))]
    for path in paths[:most]:
        if (portrait := studio.portrait(path)) is not None:
            yield portrait


def agreement(name: str, ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]) -> dict[str, str | float]:
    """Return how far two series of one angle lie apart, in degrees, and how they go together."""
    apart = np.abs(ours - theirs)
    return {
        "angle": name,
        "faces": len(ours),
        "ours": float(ours.mean()),
        "theirs": float(theirs.mean()),
        "median": float(np.median(apart)),
        "ninety": float(np.percentile(apart, 90)),
        "correlation": float(np.corrcoef(ours, theirs)[0, 1]),
    }


if __name__ == "__main__":
    command(main)
