"""Make the statistical model of faces that synthetic identities are drawn from, or check that the package's is this.

`python -m models.synthetic_face train-clean.tar --held-out FOLDER [PICTURE ...]` lays the faces of many official
portraits out alike, takes off their light, their smiles and their beards, and keeps the mean and the main directions in
which texture, shape and eyes differ together. Each direction is a sum over all of the people; none of them is in it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.mesh import mirror_vertices, vertex_normals
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.types import Points
from facefusion.media.frame import Image
from facefusion.options import FaceSelectionOptions
from facefusion.processors.anonymizer.face_space import LAYOUT, FaceSpace, chroma_size, layout_mesh
from facefusion.processors.face_swapper.mesh.expression import smile_of
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.view import View
from models.lips_material import JUDGED, Portrait, person_of, portraits
from models.portraits import read_pictures

Values = npt.NDArray[np.float64]

FILE = Path(__file__).parents[1] / "src" / "facefusion" / "processors" / "anonymizer" / "face_space.npz"
DATASETS = ("usgov:", "usgov2:")
"""Parts of the archive that are used: official portraits of members of the United States Congress, public domain."""
PEOPLE = 230
_SEED = 5
COUNT = 24
"""Directions that are kept."""
_WEIGHTS = {"texture": 1.0, "shape": 0.5, "eyes": 0.1, "light": 0.1}
"""Share of each part in what decides on the directions, of its whole variance."""
_MOST_TURNED, _MOST_NODDED = 18.0, 18.0
"""Degrees up to which a face shows both of its halves."""
_SAME = 0.55
"""Identity distance below which somebody may be one of those who are held out."""
_CLEAR_EYES = 0.4
"""Trust from which on the colour of eyes counts."""
_TAKEN = 0.8
"""Share of what goes with smiles and beards that is taken off: more would leave the folds of some inside out."""
_TOLERANCE = 1.0
"""Largest difference of a drawn texture, 0 to 255, from the package's: other processors round a little differently."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one portrait tells, laid out alike.

    Attributes:
        texture: as in `SourceModel`, float32 (H, W, 3).
        shape: level shape, float32 (468, 3).
        eyes: colours of iris, white and black, float32 (9,); NaN where they were not seen well.
        light: mean, spread, contrast and beard of the skin, float64 (8,).
        remainder: of the light at the vertices, float32 (468, 6).
    """

    texture: npt.NDArray[np.float32]
    shape: npt.NDArray[np.float32]
    eyes: npt.NDArray[np.float32]
    light: Values
    remainder: npt.NDArray[np.float32]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 when the package's file is another."""
    parser = argparse.ArgumentParser(prog="python -m models.synthetic_face", description=__doc__)
    parser.add_argument("portraits", type=Path, nargs="+", help="archive of face chips with an index, or pictures")
    parser.add_argument("--held-out", type=Path, nargs="*", default=[], help="pictures of people who must not be in it")
    parser.add_argument("--people", type=int, default=PEOPLE, help="how many people (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="only compare with the package's file")
    options = parser.parse_args(arguments)
    samples = collect(options.portraits, options.held_out, options.people)
    if len(samples) < 50:
        print(f"error: {len(samples)} faces are too few: at least 50 people must be in it", file=sys.stderr)
        return 1
    made = fit(samples)
    if not options.check:
        made.save(FILE)
        print(f"{FILE} written: {len(samples)} people, {FILE.stat().st_size} bytes")
        return 0
    there = FaceSpace.load()
    difference = max(
        float(np.abs(made.draw(seed, 0).textures[0] - there.draw(seed, 0).textures[0]).max()) for seed in range(8)
    )
    print(f"{FILE.name}: largest difference of eight drawn textures {difference:.2f}")
    return int(difference > _TOLERANCE)


def collect(paths: Sequence[Path], held_out: Sequence[Path], count: int) -> list[Sample]:
    """Return what the portraits of so many people tell, drawn from all but those who are held out.

    Args:
        paths: archives of face chips with an index, or pictures.
        held_out: pictures of people who must not be among them.
        count: how many people.
    """
    analyser = FaceAnalyser.create(FaceSelectionOptions())
    barred = np.array([_vector(analyser, image) for image in read_pictures(held_out)], np.float32).reshape(-1, 128)
    names = JUDGED | {person_of(path) for path in held_out}
    all_of_them = [each for each in portraits(paths) if each.person.startswith(DATASETS) and each.person not in names]
    samples: list[Sample] = []
    for place in np.random.default_rng(_SEED).permutation(len(all_of_them)):
        sample = _sample(analyser, all_of_them[place], barred)
        if sample is not None:
            samples.append(sample)
        if len(samples) == count:
            break
    return samples


def _vector(analyser: FaceAnalyser, image: Image) -> npt.NDArray[np.float32]:
    """Return the identity vector of the largest face; one far from everybody's where there is none."""
    faces = analyser.find(image)
    return analyser.recogniser.embed(image, [faces[0].mesh])[0] if faces else np.full(128, 9, np.float32)


def _sample(analyser: FaceAnalyser, portrait: Portrait, held_out: npt.NDArray[np.float32]) -> Sample | None:
    """Return what a portrait tells; None where it shows no face well, or somebody who is held out."""
    assert portrait.region is not None
    [face] = analyser.fit(portrait.image, [portrait.region], refine=True)
    if face is None or abs(face.pose.yaw) > _MOST_TURNED or abs(face.pose.pitch) > _MOST_NODDED:
        return None
    [known] = analyser.embed(portrait.image, [face])
    if any(identity_distance(known.embedding, other) < _SAME for other in held_out):
        return None
    view = View.of(portrait.image, face)
    return None if view.glasses else _laid_out(view)


def _laid_out(view: View) -> Sample:
    model = SourceModel.gather([view])
    mesh = layout_mesh()
    raster = MeshRaster.draw(mesh, vertex_normals(mesh), LAYOUT).growing(6)
    places = np.asarray(cv2.medianBlur(cv2.merge(list(raster.planes(model.mesh[:, :2]))), 3), np.float32)
    texture = cv2.remap(
        model.textures[0], places[..., 0], places[..., 1], cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    eyes = np.concatenate([model.eyes.iris, model.eyes.white, model.eyes.black])
    if model.eyes.trust < _CLEAR_EYES:
        eyes = np.full_like(eyes, np.nan)
    light = np.concatenate([model.light.mean, model.light.spread, [model.light.contrast, model.light.beard]])
    remainder = np.hstack([model.light.directional, model.light.remainder])
    return Sample(_even(np.asarray(texture, np.float32)), _even_shape(model.shape), eyes, light, remainder)


def _even(texture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the mean of a texture and its mirror image: light from one side is nobody's own."""
    return (texture + texture[:, ::-1]) / 2


def _even_shape(shape: Points) -> Points:
    mirrored = shape[mirror_vertices()] * np.array([-1, 1, 1], np.float32)
    return (shape + mirrored) / 2


def fit(samples: Sequence[Sample]) -> FaceSpace:
    """Return mean and main directions."""
    smiles = np.array([smile_of(sample.shape) for sample in samples])
    beards = np.array([sample.light[-1] for sample in samples])
    height, width = chroma_size()
    parts = {
        "texture": np.array(
            [
                np.concatenate(
                    [
                        sample.texture[:, :, 0].ravel(),
                        cv2.resize(sample.texture[:, :, 1:], (width, height), interpolation=cv2.INTER_AREA).ravel(),
                    ]
                )
                for sample in samples
            ],
            np.float64,
        ),
        "shape": np.array([sample.shape.ravel() for sample in samples], np.float64),
        "eyes": np.array([sample.eyes for sample in samples], np.float64),
        "light": np.array([sample.light for sample in samples], np.float64),
    }
    parts["eyes"] = np.where(np.isnan(parts["eyes"]), np.nanmean(parts["eyes"], 0), parts["eyes"])
    parts = {name: _at_rest(part, smiles, beards) for name, part in parts.items()}
    means = {name: part.mean(0) for name, part in parts.items()}
    scales = {name: np.sqrt(_WEIGHTS[name] / part.var(0).sum()) for name, part in parts.items()}
    joined = np.hstack([(parts[name] - means[name]) * scales[name] for name in parts])
    _, strengths, directions = np.linalg.svd(joined, full_matrices=False)
    strengths = strengths[:COUNT] / np.sqrt(len(samples) - 1)
    share = (strengths**2).sum() / joined.var(0).sum()
    print(f"{len(samples)} people; {COUNT} directions hold {share:.0%} of the variance")
    split = np.cumsum([part.shape[1] for part in parts.values()])[:-1]
    found = dict(zip(parts, np.split(directions[:COUNT] * strengths[:, None], split, axis=1), strict=True))
    return FaceSpace.of(
        means=means,
        directions={name: part / scales[name] for name, part in found.items()},
        light=np.mean([sample.remainder for sample in samples], 0),
    )


def _at_rest(part: Values, smiles: Values, beards: Values) -> Values:
    """Return values as they would be if nobody smiled or had a beard: what goes with these is taken off."""
    causes = np.column_stack([smiles, beards])
    away = causes - causes.mean(0)
    slopes, *_ = np.linalg.lstsq(away, part - part.mean(0), rcond=None)
    return part - causes @ slopes * _TAKEN


if __name__ == "__main__":
    sys.exit(main())
