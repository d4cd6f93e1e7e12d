"""The analyser: all faces of a picture, whatever way up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import Affine, RotatedSquare, apply_affine, crop, invert_affine
from facefusion.faces.detectors.base import Detector, group_overlapping
from facefusion.faces.detectors.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from facefusion.faces.landmarkers.face_mesh import FaceMesh, MeshFit, region_of_detection, region_of_mesh
from facefusion.faces.landmarkers.iris import EyeRefiner, RefinedEyes
from facefusion.faces.landmarkers.lips import LipRefiner
from facefusion.faces.mesh import bounding_box, five_landmarks, pose_of
from facefusion.faces.recognisers.dlib_resnet import DlibResnet
from facefusion.faces.types import Detection, Face, Points
from facefusion.inference.session import SessionFactory
from facefusion.options import FaceSelectionOptions

MIN_PRESENCE = 0.5
SAME_FACE_OVERLAP = 0.3
UPRIGHT_PRIOR = 0.9
_MOVED, _GROWN, _TURNED = 0.01, 0.025, 0.025
"""Shift in sides, growth and turn in radians from which a face lies beside the square that it was looked for in."""
_CLEAR = 0.9
_NEAR = 1.5
_NEAR_SIZE = 256
_SEEN_SIDE = 384
"""Least longer side, in pixels, of the picture in which turned faces are looked for; the detector's own is half."""
_TILE_SHARE = 0.6
_TILED_FROM = 384


@dataclass(frozen=True, slots=True)
class FaceAnalyser:
    """Finds faces, fits the mesh to them and computes whose they are.

    Attributes:
        detectors: detectors whose answers are joined; a face that several see is surer.
        landmarker: fits the mesh.
        eyes: refines the lids.
        lips: refines the mouth.
        recogniser: computes embeddings.
    """

    detectors: tuple[Detector, ...]
    landmarker: FaceMesh
    eyes: EyeRefiner
    lips: LipRefiner
    recogniser: DlibResnet

    @classmethod
    def create(cls, options: FaceSelectionOptions, sessions: SessionFactory | None = None) -> FaceAnalyser:
        """Build the analyser from the bundled models.

        Args:
            options: score threshold of the detectors.
            sessions: where sessions come from; a factory of its own when None.
        """
        sessions = sessions or SessionFactory()
        score = options.face_detector_score
        return cls(
            detectors=(
                BlazeFace(sessions.open("blazeface_full_range"), FULL_RANGE, score=score),
                BlazeFace(sessions.open("blazeface_short_range"), SHORT_RANGE, score=score),
            ),
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
        detections = self._detect_rotated(image)
        faces = self.fit(image, [region_of_detection(detection) for detection in detections], refine=True)
        scored = zip(detections, faces, strict=True)
        found = [replace(face, score=detection.score) for detection, face in scored if face is not None]
        return sorted(_distinct(found), key=lambda face: face.width * face.height, reverse=True)

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Detect upright faces quickly: the first detector that sees any answers."""
        for detector in self.detectors:
            if detections := detector.detect([image])[0]:
                return detections
        return []

    def detect_turned(self, image: npt.NDArray[np.uint8], turns: Sequence[int]) -> list[Detection]:
        """Detect faces that lie on a side or stand on their head, quickly; who uses one asks `is_surest` first.

        Args:
            image: RGB uint8 (H, W, 3).
            turns: by how many quarters, counter-clockwise, the picture is turned to look: 1, 2, 3 or several of them.
        """
        # The detector looks at a small picture in any case, and that is turned faster.
        step = max(1, max(image.shape[:2]) // _SEEN_SIDE)
        small = image[::step, ::step]
        enlarge = np.array([[step, 0, 0], [0, step, 0]], np.float64)
        candidates = [
            _carried(_rotate_back(detection, turn, small.shape[:2]), enlarge)
            for turn in turns
            for detection in self.detectors[0].detect([np.ascontiguousarray(np.rot90(small, turn))])[0]
        ]
        return [group[0] for group in group_overlapping(candidates, SAME_FACE_OVERLAP)]

    def righted(self, image: npt.NDArray[np.uint8], detection: Detection) -> Detection | None:
        """Look from near in all four directions; return the face in the surest of them, None where there is none.

        The landmarker cannot decide this: it is as sure of a face that stands on its head.

        Args:
            image: RGB uint8 (H, W, 3).
            detection: a face in it, perhaps in another direction.
        """
        region = region_of_detection(detection)
        square = replace(region, side=region.side * _NEAR)
        turned = [replace(square, angle=square.angle + quarter * np.pi / 2) for quarter in range(4)]
        looks = [self._look_near(image, each) for each in turned]
        surest = max((found for found in looks if found is not None), key=lambda found: found.score, default=None)
        return detection if surest is looks[0] and surest is not None else surest

    def detect_near(self, image: npt.NDArray[np.uint8], around: RotatedSquare) -> list[Detection]:
        """Detect faces within a square of a picture, upright in the square; small ones are enlarged for it.

        Args:
            image: RGB uint8 (H, W, 3).
            around: the square.
        """
        affine = around.to_crop(_NEAR_SIZE)
        near, back = crop(image, affine, _NEAR_SIZE), invert_affine(affine)
        return [_carried(found, back) for detector in self.detectors for found in detector.detect([near])[0]]

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
        meshes = self.lips.refine(image, [seen.mesh for seen in eyes])
        refined = iter([replace(seen, mesh=mesh) for seen, mesh in zip(eyes, meshes, strict=True)])
        return [_face(next(refined), fit.presence) if fit.presence > MIN_PRESENCE else None for fit in fits]

    def _detect_rotated(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Detect in all four directions; each face keeps the direction in which the detectors are surest.

        The landmarker cannot decide this: it is as sure of a sideways face.
        """
        candidates = [
            _rotate_back(detection, turn, image.shape[:2])
            for turn in range(4)
            for detection in self._detect_everywhere(np.ascontiguousarray(np.rot90(image, turn)))
        ]
        groups = group_overlapping(candidates, SAME_FACE_OVERLAP)
        return [self._surest_direction(image, group) for group in groups]

    def _surest_direction(self, image: npt.NDArray[np.uint8], group: Sequence[Detection]) -> Detection:
        """Return the best of one face's detections; where it is not clearly so, all are looked at again from near."""
        if len(group) == 1 or group[0].score > _CLEAR:
            return group[0]
        regions = [region_of_detection(candidate) for candidate in group]
        affines = [replace(region, side=region.side * _NEAR).to_crop(_NEAR_SIZE) for region in regions]
        crops = [crop(image, affine, _NEAR_SIZE) for affine in affines]
        doubts = np.ones(len(group))
        for detector in self.detectors:
            found = detector.detect(crops)
            doubts *= [1 - max((detection.score for detection in each), default=0.0) for each in found]
        surest = group[int(doubts.argmin())]
        return replace(surest, score=max(group[0].score, 1 - float(doubts.min())))

    def _look_near(self, image: npt.NDArray[np.uint8], around: RotatedSquare) -> Detection | None:
        """Return the surest face in a square, scored by how sure all detectors are together."""
        found = self.detect_near(image, around)
        groups = group_overlapping(found, SAME_FACE_OVERLAP)
        if not groups:
            return None
        return replace(groups[0][0], score=1 - float(np.prod([1 - member.score for member in groups[0]])))

    def _detect_everywhere(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Join all detectors over the picture and, for small faces, over its tiles; what several see is surer."""
        whole = [found for detector in self.detectors for found in detector.detect([image])[0]]
        joined = []
        for group in group_overlapping(whole, SAME_FACE_OVERLAP):
            doubt = float(np.prod([1 - member.score for member in group]))
            joined.append(replace(group[0], score=1 - doubt))
        if max(image.shape[:2]) < _TILED_FROM:
            return joined
        small = self._detect_tiles(image)
        return joined + [tile for tile in small if not _overlaps(tile, joined)]

    def _detect_tiles(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Run the first detector over four overlapping tiles."""
        height, width = (round(side * _TILE_SHARE) for side in image.shape[:2])
        corners = [(x, y) for y in (0, image.shape[0] - height) for x in (0, image.shape[1] - width)]
        tiles = [np.ascontiguousarray(image[y : y + height, x : x + width]) for x, y in corners]
        found = []
        for (x, y), detections in zip(corners, self.detectors[0].detect(tiles), strict=True):
            shift = np.array([x, y], np.float32)
            for detection in detections:
                box = detection.box + np.tile(shift, 2)
                found.append(Detection(box, detection.score, detection.landmarks5 + shift))
        return [group[0] for group in group_overlapping(found, SAME_FACE_OVERLAP)]


def _face(seen: RefinedEyes, presence: float) -> Face:
    mesh = seen.mesh
    return Face(
        box=bounding_box(mesh),
        score=presence,
        landmarks5=five_landmarks(mesh),
        mesh=mesh,
        presence=presence,
        pose=pose_of(mesh),
        irises=seen.irises,
    )


def _beside(region: RotatedSquare, better: RotatedSquare) -> bool:
    """Whether a square lies so far from a better one that it is worth to fit again."""
    moved = float(np.hypot(better.x - region.x, better.y - region.y)) / max(better.side, 1.0)
    grown = abs(better.side / max(region.side, 1e-3) - 1)
    turned = abs((better.angle - region.angle + np.pi) % (2 * np.pi) - np.pi)
    return moved > _MOVED or grown > _GROWN or turned > _TURNED


def _overlaps(detection: Detection, others: Sequence[Detection]) -> bool:
    return any(len(group_overlapping([detection, other], SAME_FACE_OVERLAP)) == 1 for other in others)


def _distinct(faces: Sequence[Face]) -> list[Face]:
    """Drop faces that two detections led to twice."""
    detections = [Detection(face.box, face.score, face.landmarks5) for face in faces]
    kept = {id(group[0]) for group in group_overlapping(detections, 0.5)}
    return [face for face, detection in zip(faces, detections, strict=True) if id(detection) in kept]


def _rotate_back(detection: Detection, turn: int, shape: tuple[int, int]) -> Detection:
    """Move a detection from a picture turned by `turn` quarters counter-clockwise to the picture as it is.

    Most faces are upright, so a turned one must be clearly surer to win over an upright one.
    """
    points = _turn_back(detection.landmarks5, turn, shape)
    corners = _turn_back(detection.box.reshape(2, 2), turn, shape)
    box = np.concatenate([corners.min(0), corners.max(0)])
    score = detection.score if turn == 0 else detection.score * UPRIGHT_PRIOR
    return Detection(box, score, points)


def _carried(detection: Detection, affine: Affine) -> Detection:
    """Move a detection by an affine transform; its box becomes that around the corners."""
    left, top, right, bottom = detection.box
    corners = apply_affine(affine, [[left, top], [right, top], [right, bottom], [left, bottom]])
    box = np.concatenate([corners.min(0), corners.max(0)])
    return Detection(box, detection.score, apply_affine(affine, detection.landmarks5))


def _turn_back(points: Points, turn: int, shape: tuple[int, int]) -> Points:
    height, width = shape
    x, y = points[:, 0], points[:, 1]
    turned = ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[turn]
    return np.stack(turned, 1).astype(np.float32)
