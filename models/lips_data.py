"""Mouths to train the lip network on: crops, the teacher's lips and the mesh's own.

`python -m models.lips_data FOLDER --output lips.npz` reads the files that `lips_material.csv` names, with their
licences and digests, and no others: all may be used to train a network that companies use. The clips and folders of
pictures that `--measure` names are kept apart: the network is measured on them and never sees them while it learns.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import apply_affine, crop
from facefusion.faces.landmarkers.lips import LIPS, region_of_lips
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.types import Vector
from facefusion.media.frame import Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions
from models.lips_material import JUDGED, LeftOutLips, Portrait, find_meshes, portraits
from models.lips_teacher import LipTeacher
from models.portraits import read_pictures

MATERIAL = Path(__file__).with_name("lips_material.csv")
SIDE = 112
"""Side of a crop, in pixels; larger than what the network sees, so that it can be moved and turned."""
TRAINED, HELD_OUT, LEFT_OUT = "training", "people held out", "like people held out"
_EVERY = 10
"""One person in so many is held out."""
_ALIKE = 0.45
"""Distance of identity vectors below which two names may be one person."""
_FRAMES, _STEP = 200, 5
"""How many frames of a clip are looked at, and which of them are taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """One mouth.

    Attributes:
        crop: RGB uint8 (SIDE, SIDE, 3).
        teacher: the teacher's lips, float32 (40, 2), in shares of the crop's side.
        mesh: the mesh's own lips, likewise.
        person: whose it is, as the material names it.
        embedding: identity vector, float32 (128,).
        part: what it is for: TRAINED, HELD_OUT, LEFT_OUT or the name of what is only measured.
    """

    crop: npt.NDArray[np.uint8]
    teacher: npt.NDArray[np.float32]
    mesh: npt.NDArray[np.float32]
    person: str
    embedding: Vector
    part: str = TRAINED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.lips_data", description=__doc__)
    parser.add_argument("material", type=Path, help="folder that holds the files of lips_material.csv")
    parser.add_argument("--output", type=Path, required=True, help="archive to write (.npz)")
    parser.add_argument(
        "--measure", nargs="+", type=Path, default=[], help="clips, and folders of pictures, to measure on only"
    )
    options = parser.parse_args(arguments)
    paths = verified(options.material)
    maker = MouthMaker(LipTeacher(paths[0]))
    mouths = split([mouth for portrait in portraits(paths[1:]) for mouth in maker.mouths(portrait)])
    mouths += [mouth for path in options.measure for mouth in maker.measured(path)]
    save(mouths, options.output)
    for part in sorted({mouth.part for mouth in mouths}):
        print(f"{part}: {sum(mouth.part == part for mouth in mouths)} mouths")
    return 0


def verified(folder: Path) -> list[Path]:
    """Return the files of the list, the teacher first.

    Raises:
        ValueError: one is not what the list says.
    """
    paths = []
    for row in csv.DictReader(MATERIAL.read_text("utf-8").splitlines()):
        path = folder / row["file"]
        if hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
            raise ValueError(f"{path} is not the file that {MATERIAL.name} names")
        paths.append(path)
    return paths


class MouthMaker:
    """Finds mouths in pictures and asks the teacher about them.

    Args:
        teacher: the network to learn from.
    """

    def __init__(self, teacher: LipTeacher) -> None:
        self._teacher = teacher
        self._analyser = LeftOutLips.analyser()

    def mouths(self, portrait: Portrait, part: str = TRAINED) -> Iterator[Mouth]:
        """Yield the mouths of one picture."""
        for face in find_meshes(self._analyser, portrait):
            affine = region_of_lips(face.mesh).to_crop(SIDE)
            lips = self._teacher.lips(portrait.image, face.mesh)
            yield Mouth(
                crop=crop(portrait.image, affine, SIDE),
                teacher=apply_affine(affine, lips) / np.float32(SIDE),
                mesh=apply_affine(affine, face.mesh[list(LIPS), :2]) / np.float32(SIDE),
                person=portrait.person,
                embedding=np.asarray(face.embedding, np.float32),
                part=part,
            )

    def measured(self, place: Path) -> Iterator[Mouth]:
        """Yield the mouths of the JPEG pictures in a folder, or of every fifth frame of a clip."""
        for image in read_pictures([place]) if place.is_dir() else _frames(place):
            yield from self.mouths(Portrait(place.stem, image), part=place.stem)


def split(mouths: Sequence[Mouth]) -> list[Mouth]:
    """Hold out every tenth person and those that the benchmarks judge with, and leave out who looks like one of them.

    The same person may stand in the material under two names; identity vectors tell.
    """
    held = np.array([mouth.embedding for mouth in mouths if is_held_out(mouth.person)])
    return [_with_part(mouth, held) for mouth in mouths]


def is_held_out(person: str) -> bool:
    """Whether a person is held out, by name; the same on every run."""
    return person in JUDGED or int(hashlib.sha256(person.encode()).hexdigest(), 16) % _EVERY == 0


def _with_part(mouth: Mouth, held: npt.NDArray[np.float32]) -> Mouth:
    if is_held_out(mouth.person):
        part = HELD_OUT
    else:
        nearest = min((identity_distance(mouth.embedding, other) for other in held), default=np.inf)
        part = LEFT_OUT if nearest < _ALIKE else TRAINED
    return Mouth(mouth.crop, mouth.teacher, mouth.mesh, mouth.person, mouth.embedding, part)


def _frames(path: Path) -> Iterator[Image]:
    with open_reader(path, limits=LimitOptions()) as reader:
        for frame in islice(reader, 0, _FRAMES, _STEP):
            yield frame.image


def save(mouths: Sequence[Mouth], path: Path) -> None:
    """Write what training needs: no names and no identities."""
    np.savez(
        path,
        crops=np.array([mouth.crop for mouth in mouths]),
        teacher=np.array([mouth.teacher for mouth in mouths], np.float32),
        mesh=np.array([mouth.mesh for mouth in mouths], np.float32),
        part=np.array([mouth.part for mouth in mouths]),
    )


if __name__ == "__main__":
    sys.exit(main())
