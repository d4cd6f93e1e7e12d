"""The analyser: all faces of a picture, whatever way up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import RotatedSquare
from facefusion.faces.detectors.base import Detector, DetectorModel, group_overlapping
from facefusion.faces.detectors.blazeface import BUNDLED, BlazeFace
from facefusion.faces.landmarkers.face_mesh import FaceMesh, MeshFit, region_of_detection, region_of_mesh
from facefusion.faces.landmarkers.iris import EyeRefiner, RefinedEyes
from facefusion.faces.landmarkers.lips import LipRefiner
from facefusion.faces.mesh import bounding_box, five_landmarks, pose_of
from facefusion.faces.recognisers.dlib_resnet import DlibResnet
from facefusion.faces.search import FaceSearch
from facefusion.faces.types import Detection, Face, Points, Pose
from facefusion.inference.session import SessionFactory
from facefusion.options import FaceSelectionOptions

MIN_PRESENCE = 0.5
_MOVED, _GROWN, _TURNED = 0.01, 0.025, 0.025
"""Shift in sides, growth and turn in radians from which a face lies beside the square that it was looked for in."""


@dataclass(frozen=True, slots=True)
class FaceAnalyser:
    """Finds faces, fits the mesh to them and computes whose they are.

    Attributes:
        search: looks for faces.
        landmarker: fits the mesh.
        eyes: refines the lids.
        lips: refines the mouth.
        recogniser: computes embeddings.
    """

    search: FaceSearch
    landmarker: FaceMesh
    eyes: EyeRefiner
    lips: LipRefiner
    recogniser: DlibResnet

    @classmethod
    def create(cls, options: FaceSelectionOptions, sessions: SessionFactory | None = None) -> FaceAnalyser:
        """Build the analyser.

        Args:
            options: which detectors, and how they look.
            sessions: where sessions come from; a factory of its own when None.

        Raises:
            ModelError: a model that was asked for is not there or cannot be used.
        """
        sessions = sessions or SessionFactory()
        return cls(
            search=face_search(options, sessions),
            landmarker=FaceMesh(sessions.open("face_mesh")),
            eyes=EyeRefiner(sessions.open("iris")),
            lips=LipRefiner(sessions.open("lips")),
            recogniser=DlibResnet(partial(sessions.open, "dlib_resnet")),
        )

    def find(self, image: npt.NDArray[np.uint8]) -> list[Face]:
        """Find all faces of a single picture, whatever way up, largest first.

        Args:
            image: RGB uint8 (H, W, 3).
        """
        detections = self.search.everywhere(image)
        faces = self.fit(image, [region_of_detection(detection) for detection in detections], refine=True)
        scored = zip(detections, faces, strict=True)
        found = [replace(face, score=detection.score) for detection, face in scored if face is not None]
        return sorted(_distinct(found), key=lambda face: face.width * face.height, reverse=True)

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Detect upright faces quickly: the first detector that sees any answers."""
        return self.search.quick(image)

    def detect_turned(self, image: npt.NDArray[np.uint8], turns: Sequence[int]) -> list[Detection]:
        """Detect faces that lie on a side or stand on their head, quickly; who uses one asks `is_surest` first.

        Args:
            image: RGB uint8 (H, W, 3).
            turns: by how many quarters, counter-clockwise, the picture is turned to look: 1, 2, 3 or several of them.
        """
        return self.search.turned(image, turns)

    def righted(self, image: npt.NDArray[np.uint8], detection: Detection) -> Detection | None:
        """Look from near in all four directions; return the face in the surest of them, None where there is none.

        The landmarker cannot decide this: it is as sure of a face that stands on its head.

        Args:
            image: RGB uint8 (H, W, 3).
            detection: a face in it, perhaps in another direction.
        """
        return self.search.righted(image, detection)

    def detect_near(self, image: npt.NDArray[np.uint8], around: RotatedSquare) -> list[Detection]:
        """Detect faces within a square of a picture, upright in the square; small ones are enlarged for it.

        Args:
            image: RGB uint8 (H, W, 3).
            around: the square.
        """
        return self.search.near(image, around)

    def fit(
        self, image: npt.NDArray[np.uint8], regions: Sequence[RotatedSquare], *, refine: bool = False
    ) -> list[Face | None]:
        """Fit one mesh in each region; None where there is no face.

        Args:
            image: RGB uint8 (H, W, 3).
            regions: squares around upright faces.
            refine: fit again in the region that the first fit gives; wanted when regions come from a detector.
        """
        fits = self.landmarker.fit(image, regions)
        if refine:
            fits = self.landmarker.fit(image, [region_of_mesh(fit.mesh) for fit in fits])
        return self._faces(image, fits)

    def fit_near(self, image: npt.NDArray[np.uint8], regions: Sequence[RotatedSquare]) -> list[Face | None]:
        """Fit one mesh in each region, and again where the face turns out to lie somewhat beside it; see `fit`.

        The landmarker draws a face towards the middle of its square: of a head that moves quickly, landmarks would be
        off by one per cent of its width.
        """
        fits = self.landmarker.fit(image, regions)
        better = [region_of_mesh(fit.mesh) for fit in fits]
        off = [place for place, region in enumerate(regions) if _beside(region, better[place])]
        again = iter(self.landmarker.fit(image, [better[place] for place in off]))
        fits = [next(again) if place in off else fit for place, fit in enumerate(fits)]
        return self._faces(image, fits)

    def embed(self, image: npt.NDArray[np.uint8], faces: Sequence[Face]) -> list[Face]:
        """Return the faces with their identity vectors."""
        embeddings = self.recogniser.embed(image, [face.mesh for face in faces])
        return [face.with_embedding(embedding) for face, embedding in zip(faces, embeddings, strict=True)]

    def _faces(self, image: npt.NDArray[np.uint8], fits: Sequence[MeshFit]) -> list[Face | None]:
        """Refine what was fitted and say what it is; None where there is no face."""
        there = [fit for fit in fits if fit.presence > MIN_PRESENCE]
        eyes = self.eyes.refine(image, [fit.mesh for fit in there])
        poses = [pose_of(seen.mesh) for seen in eyes]
        meshes = self.lips.refine(image, [seen.mesh for seen in eyes], poses)
        refined = zip(meshes, eyes, poses, strict=True)
        return [_face(*next(refined), fit.presence) if fit.presence > MIN_PRESENCE else None for fit in fits]


def _face(mesh: Points, seen: RefinedEyes, pose: Pose, presence: float) -> Face:
    return Face(
        box=bounding_box(mesh),
        score=presence,
        landmarks5=five_landmarks(mesh),
        mesh=mesh,
        presence=presence,
        pose=pose,
        irises=seen.irises,
    )


def _beside(region: RotatedSquare, better: RotatedSquare) -> bool:
    """Whether a square lies so far from a better one that it is worth to fit again."""
    moved = float(np.hypot(better.x - region.x, better.y - region.y)) / max(better.side, 1.0)
    grown = abs(better.side / max(region.side, 1e-3) - 1)
    turned = abs((better.angle - region.angle + np.pi) % (2 * np.pi) - np.pi)
    return moved > _MOVED or grown > _GROWN or turned > _TURNED


def _distinct(faces: Sequence[Face]) -> list[Face]:
    """Drop faces that two detections led to twice."""
    detections = [Detection(face.box, face.score, face.landmarks5) for face in faces]
    kept = {id(group[0]) for group in group_overlapping(detections, 0.5)}
    return [face for face, detection in zip(faces, detections, strict=True) if id(detection) in kept]


def face_search(options: FaceSelectionOptions, sessions: SessionFactory) -> FaceSearch:
    """Return the search that the options ask for.

    Raises:
        ModelError: a detector is not there or cannot be used.
    """
    detectors = tuple(_detector(name, options, sessions) for name in options.face_detector_model)
    turns = tuple(angle // 90 for angle in options.face_detector_angles)
    return FaceSearch(detectors, turns, options.face_detector_tiles)


def _detector(name: str, options: FaceSelectionOptions, sessions: SessionFactory) -> Detector:
    score = options.face_detector_score
    if name in BUNDLED:
        return BlazeFace(sessions.open(name), BUNDLED[name], score=score)
    model: DetectorModel = sessions.load(name, "face_detector")
    return model.detector(score=score, size=options.face_detector_size)
