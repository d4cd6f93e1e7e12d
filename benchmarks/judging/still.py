"""One swap of a picture, judged."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.common import Figures, assets
from benchmarks.judging.parsing import FaceParser
from benchmarks.judging.seam import judge_seam
from benchmarks.mobilefacenet import MobileFaceNet
from benchmarks.pairs import Portrait, Studio
from facefusion.faces.align import RotatedSquare, apply_affine, crop, similarity_transform
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE, rotation_of
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.media.frame import Image

HEAD = 384
"""Side of the head that seam and hair are looked at in, in pixels: what is fine there is fine on a screen."""
_FEATURES = (LEFT_EYE, RIGHT_EYE, (*OUTER_LIPS, *INNER_LIPS))
_INSIDE = 0.9
_COVERED = 0.2


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found.

    Attributes:
        turn: how far the target is turned to a side, in degrees.
        to_source: identity distance of result and source, by the bundled recogniser.
        to_target: of result and target.
        like_source: cosine of result and source, by MobileFaceNet.
        like_target: of result and target.
        expression: how far eyes and mouth are bent otherwise than the target's, in eye distances.
        pose: by how much the head is turned otherwise, in degrees.
        gradient: see `Seam`.
        own_gradient: see `Seam`.
        colour: see `Seam`.
        hair: share of the target's face, where the new face covers it, that looks like hair in the result.
        sharpness: fine detail of the new face over that of the face it replaces.
    """

    turn: float
    to_source: float
    to_target: float
    like_source: float
    like_target: float
    expression: float
    pose: float
    gradient: float
    own_gradient: float
    colour: float
    hair: float
    sharpness: float

    @property
    def figures(self) -> Figures:
        """All of it by name."""
        return asdict(self)


class Judge:
    """Judges swaps of pictures.

    Args:
        studio: swaps them.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._second = MobileFaceNet(assets("models/identity/mobilefacenet_128_dynbatch.onnx"))
        self._parser = FaceParser(assets("models/parse/unet_celebamask19_467k.onnx"))

    def judge(self, source: Portrait, target: Portrait) -> tuple[Portrait, Judgement]:
        """Swap a pair; return the result and what is to be said of it."""
        result = self._studio.swap(source, target)
        to_head = _head(target)
        mask = crop(_as_bytes(self._studio.mask(source, target)), to_head, HEAD).astype(np.float32) / 255
        before, after = (crop(image, to_head, HEAD) for image in (target.image, result.image))
        parsed, parsed_after = self._parser.parse(before), self._parser.parse(after)
        seam = judge_seam(after, before, mask, np.asarray(parsed.skin & parsed_after.skin))
        covered = parsed.face & (mask > _COVERED)
        vectors = [self._second.embed(portrait) for portrait in (result, source, target)]
        inside = mask > _INSIDE
        return result, Judgement(
            turn=target.turn,
            to_source=identity_distance(result.embedding, source.embedding),
            to_target=identity_distance(result.embedding, target.embedding),
            like_source=float(vectors[0] @ vectors[1]),
            like_target=float(vectors[0] @ vectors[2]),
            expression=_expression_error(result, target),
            pose=_pose_error(result, target),
            gradient=seam.gradient,
            own_gradient=seam.own_gradient,
            colour=seam.colour,
            hair=float((parsed_after.hair & covered).sum() / max(int(covered.sum()), 1)),
            sharpness=_detail(after, inside) / max(_detail(before, inside), 0.1),
        )


def _head(portrait: Portrait) -> npt.NDArray[np.float64]:
    """Return the transform from a picture to an upright view of a head."""
    middle = (portrait.face.box[:2] + portrait.face.box[2:]) / 2
    angle = float(np.radians(portrait.face.pose.roll))
    side = 1.5 * max(portrait.face.width, portrait.face.height)
    return RotatedSquare(float(middle[0]), float(middle[1]), side, angle).to_crop(HEAD)


def _as_bytes(mask: npt.NDArray[np.float32]) -> Image:
    return np.asarray(np.rint(mask * 255), np.uint8)


def _expression_error(result: Portrait, target: Portrait) -> float:
    """Return how far the rims of eyes and mouth are bent otherwise, in eye distances.

    Each feature is laid over that of the target as well as turning, moving and scaling can: where it lies and how large
    it is makes a face the source's, how it is bent is expression.
    """
    eyes = float(np.linalg.norm(target.face.mesh[263, :2] - target.face.mesh[33, :2]))
    errors = []
    for feature in _FEATURES:
        mine, other = (portrait.face.mesh[list(feature), :2] for portrait in (result, target))
        laid = apply_affine(similarity_transform(mine, other), mine)
        errors.append(np.linalg.norm(laid - other, axis=1).mean())
    return float(np.mean(errors) / max(eyes, 1e-3))


def _pose_error(result: Portrait, target: Portrait) -> float:
    """Return by how many degrees the head is turned otherwise."""
    difference = rotation_of(result.face.mesh).T @ rotation_of(target.face.mesh)
    return float(np.degrees(np.arccos(np.clip((np.trace(difference) - 1) / 2, -1, 1))))


def _detail(head: Image, inside: npt.NDArray[np.bool_]) -> float:
    grey = cv2.cvtColor(head, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.std(cv2.Laplacian(grey, cv2.CV_32F)[inside])) if inside.any() else 0.0
