"""Measure how strong lines are on faces without glasses, or check that the package's table is what this makes.

The face swapper tells glasses from lids, brows, bags and wrinkles by what exceeds these strengths.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.analyser import FaceAnalyser
from facefusion.options import FaceSelectionOptions
from facefusion.processors.face_swapper.mesh.glasses.lines import (
    DIRECTIONS,
    USUAL_SIZE,
    USUAL_UNIT,
    line_strengths,
    relative,
)
from facefusion.processors.face_swapper.mesh.glasses.plane import GlassesPlane
from models.portraits import read_pictures
from models.tables import Table, finish

_LARGEST = 255


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 when something differs or is missing."""
    parser = argparse.ArgumentParser(prog="python -m models.usual_lines", description=__doc__)
    parser.add_argument(
        "--portraits", nargs="+", type=Path, required=True, help="folders of portraits without glasses, or pictures"
    )
    parser.add_argument("--check", action="store_true", help="only compare with the package's file")
    options = parser.parse_args(arguments)
    strengths = relative_strengths(options.portraits)
    if not strengths.size:
        print("error: no face was found in these portraits", file=sys.stderr)
        return 1
    head = (
        f"strength of lines on {len(strengths)} portraits without glasses: means, then standard deviations, for each "
        f"direction {USUAL_SIZE[0]} rows of the left half of the plane, in {USUAL_UNIT}ths"
    )
    halves = np.concatenate([left_half(strengths.mean(0)), left_half(strengths.std(0))])
    values = np.clip(np.round(halves * USUAL_UNIT), 0, _LARGEST).astype(np.int64).reshape(-1, USUAL_SIZE[1])
    return finish([Table("usual_lines.csv", head, values, ",".join(["{}"] * USUAL_SIZE[1]))], check=options.check)


def relative_strengths(places: Sequence[Path]) -> npt.NDArray[np.float32]:
    """Return the strengths on the largest face of each portrait, float32 (N, DIRECTIONS, HEIGHT, WIDTH)."""
    analyser = FaceAnalyser.create(FaceSelectionOptions())
    found = [
        relative(line_strengths(GlassesPlane.of(faces[0].mesh).read(image)))
        for image in read_pictures(places)
        if (faces := analyser.find(image))
    ]
    return np.array(found, np.float32)


def left_half(field: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the left half, small, of a field made symmetric, (DIRECTIONS, *USUAL_SIZE)."""
    mirrored = field[[-k % DIRECTIONS for k in range(DIRECTIONS)], :, ::-1]
    half = ((field + mirrored) / 2)[:, :, : field.shape[2] // 2]
    size = USUAL_SIZE[::-1]
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in half]).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
