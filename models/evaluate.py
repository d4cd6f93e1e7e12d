"""Print the figures of the model cards: which faces the detectors find, and how much the mesh depends on its crop.

Needs the `facefusion` package and a folder of portraits with one upright face each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facefusion.faces.align import RotatedSquare
from facefusion.faces.detectors.base import Detector
from facefusion.faces.detectors.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from facefusion.faces.landmarkers.face_mesh import FaceMesh, region_of_detection
from facefusion.faces.types import Detection
from facefusion.inference.session import SessionFactory

Picture = NDArray[np.uint8]
Portrait = tuple[Picture, Detection]

CANVAS = 1000
WIDTHS = (0.4, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.04)
ROLLS = (0, 30, 60, 90, 135, 180)
CROP_ROLLS = (10, 20, 30, 45, 90)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 when no portrait with a face was found."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluate", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="folders of portraits (*.jpg)")
    options = parser.parse_args(arguments)
    sessions = SessionFactory(("cpu",))
    detectors = {
        "blazeface_short_range": BlazeFace(sessions.open("blazeface_short_range"), SHORT_RANGE, score=0.5),
        "blazeface_full_range": BlazeFace(sessions.open("blazeface_full_range"), FULL_RANGE, score=0.5),
    }
    portraits = list(read_portraits(options.folders, detectors["blazeface_short_range"]))
    if not portraits:
        print("error: no portrait with a face in these folders", file=sys.stderr)
        return 1
    print(f"{len(portraits)} portraits")
    for name, detector in detectors.items():
        sizes = (f"{width} {recall(detector, portraits, width, 0):.0%}" for width in WIDTHS)
        print(f"{name}, found by face width / picture width: {', '.join(sizes)}")
        rolls = (f"{roll}° {recall(detector, portraits, 0.35, roll):.0%}" for roll in ROLLS)
        print(f"{name}, found by roll: {', '.join(rolls)}")
    report_mesh(FaceMesh(sessions.open("face_mesh")), portraits)
    return 0


def read_portraits(folders: Sequence[Path], detector: Detector) -> Iterator[Portrait]:
    """Yield each picture in which the detector finds a face, with the largest one."""
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.suffix == ".jpg"):
        picture = np.asarray(Image.open(path).convert("RGB"))
        (detections,) = detector.detect([picture])
        if detections:
            yield picture, max(detections, key=lambda detection: detection.box[2] - detection.box[0])


def recall(detector: Detector, portraits: Sequence[Portrait], width: float, roll: float) -> float:
    """Return the share of portraits whose face is found, drawn on a grey square with this width and roll."""
    found = [is_found(detector.detect([draw(*portrait, width, roll)])[0], width) for portrait in portraits]
    return float(np.mean(found))


def draw(picture: Picture, detection: Detection, width: float, roll: float) -> Picture:
    """Return a grey square with the face in its middle, `width` of the square wide and rolled by `roll` degrees."""
    left, top, right, bottom = (float(value) for value in detection.box)
    scale = CANVAS * width / (right - left)
    # Shrinking by area first keeps small faces free of aliasing, which would hide them from any detector.
    reduced = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    centre = ((left + right) / 2 * scale, (top + bottom) / 2 * scale)
    affine = np.array(cv2.getRotationMatrix2D(centre, roll, 1), np.float64)
    affine[:, 2] += CANVAS / 2 - np.array(centre)
    drawn = cv2.warpAffine(reduced, affine, (CANVAS, CANVAS), borderValue=(110, 110, 110))
    return np.asarray(drawn, np.uint8)


def is_found(detections: Sequence[Detection], width: float) -> bool:
    """Return whether a detection's centre lies within half a face of the middle."""
    reach = CANVAS * width / 2
    return any(
        np.abs((detection.box[:2] + detection.box[2:]) / 2 - CANVAS / 2).max() < reach for detection in detections
    )


def report_mesh(landmarker: FaceMesh, portraits: Sequence[Portrait]) -> None:
    """Print how far the mesh's points move, by the distance of the outer eye corners, when the crop changes."""
    shifted = [mesh_change(landmarker, *portrait, crop) for portrait in portraits for crop in moved(portrait[1])]
    changes = [change for change, _ in shifted]
    print(
        f"face_mesh, crop moved 3 % or scaled 10 %: mean {np.mean(changes):.1%}, p95 {np.percentile(changes, 95):.1%}"
    )
    for roll in CROP_ROLLS:
        results = [mesh_change(landmarker, *portrait, rolled(portrait[1], roll)) for portrait in portraits]
        mean = np.mean([change for change, _ in results])
        print(f"face_mesh, crop rolled {roll}°: mean {mean:.1%}, least presence {min(p for _, p in results):.2f}")


def moved(detection: Detection) -> list[RotatedSquare]:
    """Return crops of a face moved by 3 % or scaled by 10 %."""
    square = region_of_detection(detection)
    step = 0.03 * square.side
    return [
        replace(square, x=square.x + step),
        replace(square, x=square.x - step),
        replace(square, y=square.y + step),
        replace(square, y=square.y - step),
        replace(square, side=square.side * 1.1),
        replace(square, side=square.side * 0.9),
    ]


def rolled(detection: Detection, degrees: float) -> RotatedSquare:
    """Return the crop of a face, rolled."""
    square = region_of_detection(detection)
    return replace(square, angle=square.angle + float(np.deg2rad(degrees)))


def mesh_change(
    landmarker: FaceMesh, picture: Picture, detection: Detection, crop: RotatedSquare
) -> tuple[float, float]:
    """Return the mean distance between the meshes of the right crop and another, and the other's presence."""
    right, other = landmarker.fit(picture, [region_of_detection(detection), crop])
    distances = np.linalg.norm(right.mesh[:, :2] - other.mesh[:, :2], axis=1)
    eyes = np.linalg.norm(right.mesh[263, :2] - right.mesh[33, :2])
    return float(distances.mean() / eyes), other.presence


if __name__ == "__main__":
    sys.exit(main())
