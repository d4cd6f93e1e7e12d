"""Labelled faces made unrecognisable, one by one, and whether two recognisers still know them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from models.lips_material import portraits

from benchmarks.common import assets, pictures
from benchmarks.mobilefacenet import MobileFaceNet
from benchmarks.pairs import Portrait, Studio
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE
from facefusion.faces.types import Face, Points
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame, Image
from facefusion.options import Options
from facefusion.processors.anonymizer import SPEC
from facefusion.processors.base import FaceFrame, ProcessorContext

Vectors = npt.NDArray[np.float32]
_CHIPS = "london"
_FEATURES = (LEFT_EYE, RIGHT_EYE, (*OUTER_LIPS, *INNER_LIPS))


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A face, and whose it is.

    Attributes:
        person: a name.
        portrait: the picture and the face.
    """

    person: str
    portrait: Portrait


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of a face.

    Attributes:
        bundled: identity vector of the result by the bundled recogniser.
        second: the same by MobileFaceNet.
        expression: how far lids and lips lie from where they were, each feature brought onto itself as a whole, in
            percent of the distance of the eyes; None where no face is seen in the result.
        moved: the same with nothing brought onto anything.
    """

    bundled: Vectors
    second: Vectors
    expression: float | None
    moved: float | None


def labelled_faces(studio: Studio) -> Iterator[Labelled]:
    """Yield all labelled faces at hand: news photographs, official portraits, studio portraits, generated people."""
    for path in sorted(assets("lfw_subset").glob("*/*.jpg")):
        yield from _of_path(studio, path, path.parent.name)
    for path in pictures("congress", "pairs", "pictures/synthetic"):
        name = path.stem.split("-")[1] if path.parent.name == "pairs" else path.stem
        yield from _of_path(studio, path, f"{'london' if path.parent.name == 'pairs' else path.parent.name}:{name}")
    there = {path.stem.split("-")[1] for path in pictures("pairs")}
    for number, chip in enumerate(portraits([assets("train/train-clean.tar")])):
        dataset, _, name = chip.person.partition(":")
        if dataset != _CHIPS or name in there or chip.region is None:
            continue
        [face] = studio.analyser.fit(chip.image, [chip.region], refine=True)
        if face is not None:
            face = studio.analyser.embed(chip.image, [face])[0]
            yield Labelled(chip.person, Portrait(f"{chip.person}-{number}", chip.image, face))


def _of_path(studio: Studio, path: Path, person: str) -> Iterator[Labelled]:
    portrait = studio.portrait(path)
    if portrait is not None:
        yield Labelled(person, portrait)


class Hidden:
    """Makes faces unrecognisable by one method, and looks at them again.

    Args:
        studio: opens and finds faces.
        second: the other recogniser.
        method: see the option.
        strength: see the option.
        seed: of the new faces.
    """

    def __init__(self, studio: Studio, second: MobileFaceNet, method: str, *, strength: float, seed: int) -> None:
        self._analyser: FaceAnalyser = studio.analyser
        self._second = second
        self._context = context_of(method, strength=strength, seed=seed)

    def outcome(self, labelled: Labelled) -> Outcome:
        """Return what becomes of a face."""
        portrait = labelled.portrait
        image = edited(self._context, portrait.image, portrait.face)
        fits = self._analyser.fit(image, [region_of_mesh(portrait.face.mesh)], refine=True)
        face = self._analyser.embed(image, [fits[0] or portrait.face])[0]
        second = self._second.embed(replace(portrait, image=image, face=face))
        assert face.embedding is not None
        seen = None if fits[0] is None else fits[0].mesh
        errors = (None, None) if seen is None else expression_error(portrait.face.mesh, seen)
        return Outcome(face.embedding, second, *errors)


def context_of(method: str, *, strength: float = 1.0, seed: int = 0) -> ProcessorContext:
    """Return what the processor is made from."""
    values = {"anonymizer_method": method, "anonymizer_strength": strength, "anonymizer_seed": seed}
    options = Options.parse({"processors": ("anonymizer",), **values})
    return ProcessorContext(options, (), SessionFactory(("cpu",)))


def edited(context: ProcessorContext, image: Image, face: Face) -> Image:
    """Return a picture with a face made unrecognisable."""
    processor = SPEC.create(context)
    processor.process([FaceFrame(Frame(0, 0, 1, Fraction(1), image), (face,))])
    [done] = processor.finish()  # type: ignore[attr-defined]
    return done.frame.image


def expression_error(before: Points, after: Points) -> tuple[float, float]:
    """Return `Outcome.expression` and `Outcome.moved`.

    Args:
        before: mesh of the face, float32 (468, 3).
        after: mesh of the result.
    """
    eyes = float(np.linalg.norm(before[33, :2] - before[263, :2]))
    steps = [after[list(feature), :2] - before[list(feature), :2] for feature in _FEATURES]
    own = [step - step.mean(0) for step in steps]
    return _percent(own, eyes), _percent(steps, eyes)


def _percent(steps: Sequence[Points], eyes: float) -> float:
    lengths = np.concatenate([np.linalg.norm(step, axis=1) for step in steps])
    return 100 * float(lengths.mean()) / max(eyes, 1e-6)


def threshold(values: npt.NDArray[np.float64], different: npt.NDArray[np.bool_], rate: float) -> float:
    """Return the likeness from which two people are taken for one in so many of the pairs of two.

    Args:
        values: likeness of each pair of faces, (N, N); more is more alike.
        different: which pairs are of two people.
        rate: share of false matches, 0 to 1.
    """
    above = np.triu(different, 1)
    return float(np.quantile(values[above], 1 - rate))


def likeness(one: Vectors, other: Vectors, *, by_distance: bool) -> npt.NDArray[np.float64]:
    """Return how alike faces are, float64 (N, M): cosines, or distances times -1."""
    one64, other64 = one.astype(np.float64), other.astype(np.float64)
    if not by_distance:
        return one64 @ other64.T
    squares = (one64**2).sum(1)[:, None] + (other64**2).sum(1)[None] - 2 * one64 @ other64.T
    return -np.sqrt(np.maximum(squares, 0))
