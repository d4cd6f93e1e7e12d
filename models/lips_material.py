"""The portraits that the lip network learns from, opened, and the faces in them as they are before lips are refined."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from facefusion.faces.align import RotatedSquare
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from facefusion.faces.landmarkers.face_mesh import FaceMesh
from facefusion.faces.landmarkers.iris import EyeRefiner
from facefusion.faces.recognisers.dlib_resnet import DlibResnet
from facefusion.faces.types import Face, Points
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Image
from facefusion.options import FaceSelectionOptions
from models.portraits import read_pictures

JUDGED = frozenset(
    [
        *(f"usgov:{name}" for name in ("john-joyce", "david-trone", "debbie-wasserman-schultz", "anthony-gonzalez")),
        *(f"usgov:{name}" for name in ("chris-pappas", "van-taylor", "bill-posey")),
        *(f"london:{number}" for number in ("005", "010", "017", "022", "029", "033", "041")),
    ]
)
"""People in pictures that `benchmarks.quality` judges with."""
_CHIP_PADDING = 24
_CHIP_SHARE = 0.95
"""Side of the square around the face as a share of a padded chip."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A picture of one person.

    Attributes:
        person: whose it is.
        image: RGB uint8 (H, W, 3).
        region: where the face is; None where it is to be found.
    """

    person: str
    image: Image
    region: RotatedSquare | None = None


class LeftOutLips:
    """Stands in for the lip network where the mesh's own lips are wanted."""

    def refine(self, image: Image, meshes: Sequence[Points]) -> list[Points]:
        """Return the meshes as they are."""
        return list(meshes)

    @classmethod
    def analyser(cls) -> FaceAnalyser:
        """Make an analyser that does everything but refine lips."""
        sessions, score = SessionFactory(("cpu",)), FaceSelectionOptions().face_detector_score
        ranges = {"blazeface_full_range": FULL_RANGE, "blazeface_short_range": SHORT_RANGE}
        return FaceAnalyser(
            detectors=tuple(BlazeFace(sessions.open(name), layout, score=score) for name, layout in ranges.items()),
            landmarker=FaceMesh(sessions.open("face_mesh")),
            eyes=EyeRefiner(sessions.open("iris")),
            lips=cls(),
            recogniser=DlibResnet(partial(sessions.open, "dlib_resnet")),
        )


def portraits(paths: Sequence[Path]) -> Iterator[Portrait]:
    """Yield what is in the files: pictures, and archives of chips with an index."""
    for path in paths:
        if path.suffix == ".tar":
            yield from _chips(path)
        else:
            yield Portrait(person_of(path), next(read_pictures([path])))


def person_of(path: Path) -> str:
    """Return whose portrait a file of `congress` or `pairs` is, in the words of the chips' index."""
    if path.parent.name == "pairs":
        return f"london:{path.stem.split('-')[1]}"
    return f"usgov:{path.stem.removeprefix('senate-')}"


def find_meshes(analyser: FaceAnalyser, portrait: Portrait) -> list[Face]:
    """Return the faces of a portrait with their identities."""
    if portrait.region is None:
        faces = analyser.find(portrait.image)
    else:
        faces = [face for face in analyser.fit(portrait.image, [portrait.region], refine=True) if face is not None]
    return analyser.embed(portrait.image, faces) if faces else []


def _chips(path: Path) -> Iterator[Portrait]:
    """Yield the chips of an archive, twice as large and with a margin: the mesh wants one."""
    with tarfile.open(path) as archive:
        contents = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
    for row in csv.DictReader(io.StringIO(contents["index.csv"].decode())):
        chip = cv2.imdecode(np.frombuffer(contents[row["file"]], np.uint8), cv2.IMREAD_COLOR_RGB)
        margin = (_CHIP_PADDING, _CHIP_PADDING)
        padded = np.pad(chip, (margin, margin, (0, 0)), mode="edge")
        image = cv2.resize(padded, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        height, width = image.shape[:2]
        yield Portrait(row["identity"], image, RotatedSquare(width / 2, height / 2, height * _CHIP_SHARE, 0.0))
