"""The search for faces: with several detectors, in several directions, in the whole picture and in pieces of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import Affine, RotatedSquare, apply_affine, crop, invert_affine
from facefusion.faces.detectors.base import Detector, group_overlapping
from facefusion.faces.landmarkers.face_mesh import region_of_detection
from facefusion.faces.shrink import halved_to
from facefusion.faces.types import Detection, Points

SAME_FACE_OVERLAP = 0.3
UPRIGHT_PRIOR = 0.9
_LYING_PRIOR = 0.8
"""Of what a detector sees in another direction than upright: it tells less well where the face is."""
ALL_TURNS: Final = (0, 1, 2, 3)
USUAL_TILES: Final = 2
_CLEAR = 0.9
_SAME_DIRECTION = 0.7
"""Cosine of the angle between two faces that are the same way up."""
_NEAR = 1.5
_NEAR_SIZE = 256
_SEEN_SIDE = 384
"""Least longer side, in pixels, of the picture in which turned faces are looked for; the detector's own is half."""
_TILE_OVERLAP = 1 / 3
"""Of two neighbours, as a share of a tile: a face that one cuts through lies whole in the other."""
_TILES_AT_ONCE = 4

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FaceSearch:
    """Looks for faces.

    Attributes:
        detectors: detectors whose answers are joined; a face that several see is surer. The first looks into tiles.
        turns: by how many quarters, counter-clockwise, a picture is turned to look.
        tiles: pieces along the longer side in which small faces are looked for, in pictures and in videos; when None
            two in pictures and none in videos.
    """

    detectors: tuple[Detector, ...]
    turns: tuple[int, ...] = ALL_TURNS
    tiles: int | None = None

    def everywhere(self, image: Image) -> list[Detection]:
        """Return the faces of a single picture; each is given in the direction in which the detectors are surest.

        The landmarker cannot decide this: it is as sure of a sideways face.
        """
        # Turning a picture and looking into its pieces takes time, and detectors look at a small one in any case.
        small = halved_to(image, self._enough)
        enlarge = np.diag([image.shape[0] / small.shape[0]] * 2) @ np.eye(2, 3)
        candidates = [
            _carried(_rotate_back(detection, turn, small.shape[:2]), enlarge)
            for turn in self.turns
            for detection in self._in_one_direction(np.ascontiguousarray(np.rot90(small, turn)))
        ]
        groups = group_overlapping(candidates, SAME_FACE_OVERLAP)
        return [self._surest_direction(image, group) for group in groups]

    def quick(self, image: Image) -> list[Detection]:
        """Return upright faces: the first detector that sees any answers."""
        tiles = self._small(image, self.tiles) if self.tiles is not None else []
        for detector in self.detectors:
            if detections := detector.detect([image])[0]:
                return _with_small(detections, tiles)
        return tiles

    def turned(self, image: Image, turns: Sequence[int]) -> list[Detection]:
        """Return faces that lie on a side or stand on their head, of those directions that are looked in at all.

        Args:
            image: RGB uint8 (H, W, 3).
            turns: by how many quarters, counter-clockwise, the picture is turned to look: 1, 2, 3 or several of them.
        """
        # The detector looks at a small picture in any case, and that is turned faster.
        step = max(1, max(image.shape[:2]) // max(_SEEN_SIDE, self.detectors[0].side))
        small = image[::step, ::step]
        enlarge = np.array([[step, 0, 0], [0, step, 0]], np.float64)
        candidates = [
            _carried(_rotate_back(detection, turn, small.shape[:2]), enlarge)
            for turn in turns
            if turn in self.turns
            for detection in self.detectors[0].detect([np.ascontiguousarray(np.rot90(small, turn))])[0]
        ]
        return [group[0] for group in group_overlapping(candidates, SAME_FACE_OVERLAP)]

    def righted(self, image: Image, detection: Detection) -> Detection | None:
        """Look from near in all directions; return the face in the surest of them, None where there is none.

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

    def near(self, image: Image, around: RotatedSquare) -> list[Detection]:
        """Return the faces within a square of a picture, upright in the square; small ones are enlarged for it.

        Args:
            image: RGB uint8 (H, W, 3).
            around: the square.
        """
        affine = around.to_crop(_NEAR_SIZE)
        near, back = crop(image, affine, _NEAR_SIZE), invert_affine(affine)
        return [_carried(found, back) for detector in self.detectors for found in detector.detect([near])[0]]

    @property
    def _enough(self) -> int:
        """Longer side of a picture, in pixels, of which each look still halves what it sees."""
        pieces = USUAL_TILES if self.tiles is None else self.tiles
        return 2 * math.ceil(max(detector.side for detector in self.detectors) * (pieces - (pieces - 1) * _TILE_OVERLAP))

    def _surest_direction(self, image: Image, group: Sequence[Detection]) -> Detection:
        """Return the best of one face's detections; where it is not clearly so, all are looked at again from near."""
        if len(group) == 1 or group[0].score > _CLEAR:
            return group[0]
        regions = [region_of_detection(candidate) for candidate in group]
        affines = [replace(region, side=region.side * _NEAR).to_crop(_NEAR_SIZE) for region in regions]
        crops = [crop(image, affine, _NEAR_SIZE) for affine in affines]
        doubts = np.ones(len(group))
        for detector in self.detectors:
            found = detector.detect(crops)
            doubts *= [1 - max(map(_upright_score, each), default=0.0) for each in found]
        angle = regions[int(doubts.argmin())].angle
        # Some detectors know a face in any direction, but draw a good box only where it is upright: the better score.
        alike = zip(group, regions, strict=True)
        surest = next(one for one, region in alike if np.cos(region.angle - angle) > _SAME_DIRECTION)
        return replace(surest, score=max(group[0].score, 1 - float(doubts.min())))

    def _look_near(self, image: Image, around: RotatedSquare) -> Detection | None:
        """Return the surest face in a square, scored by how sure all detectors are together."""
        groups = group_overlapping(self.near(image, around), SAME_FACE_OVERLAP)
        if not groups:
            return None
        return replace(groups[0][0], score=1 - float(np.prod([1 - member.score for member in groups[0]])))

    def _in_one_direction(self, image: Image) -> list[Detection]:
        """Join all detectors over the picture and, for small faces, over its tiles; what several see is surer."""
        whole = [found for detector in self.detectors for found in detector.detect([image])[0]]
        joined = []
        for group in group_overlapping(whole, SAME_FACE_OVERLAP):
            doubt = float(np.prod([1 - member.score for member in group]))
            joined.append(replace(group[0], score=1 - doubt))
        return _with_small(joined, self._small(image, USUAL_TILES if self.tiles is None else self.tiles))

    def _small(self, image: Image, pieces: int) -> list[Detection]:
        """Run the first detector over overlapping tiles, where these show more than the whole picture does."""
        detector = self.detectors[0]
        if pieces < 2 or max(image.shape[:2]) < 2 * detector.side:
            return []
        found = []
        everywhere = tile_corners(image.shape[:2], pieces)
        for start in range(0, len(everywhere), _TILES_AT_ONCE):
            corners = everywhere[start : start + _TILES_AT_ONCE]
            tiles = [np.ascontiguousarray(image[top:bottom, left:right]) for left, top, right, bottom in corners]
            for (left, top, *_), detections in zip(corners, detector.detect(tiles), strict=True):
                shift = np.array([[1, 0, left], [0, 1, top]], np.float64)
                found += [_carried(detection, shift) for detection in detections]
        return [group[0] for group in group_overlapping(found, SAME_FACE_OVERLAP)]


def tile_corners(shape: tuple[int, ...], pieces: int) -> list[tuple[int, int, int, int]]:
    """Return left, top, right and bottom of overlapping tiles that cover a picture, in pixels.

    Args:
        shape: height and width of the picture.
        pieces: along its longer side, at least 2; along the shorter as many as make tiles about square, at least 2.
    """
    shorter = max(2, round(pieces * min(shape) / max(shape)))
    rows, columns = (pieces, shorter) if shape[0] > shape[1] else (shorter, pieces)
    spans = [_spans(shape[0], rows), _spans(shape[1], columns)]
    return [(left, top, right, bottom) for (top, bottom), (left, right) in product(*spans)]


def _spans(length: int, pieces: int) -> list[tuple[int, int]]:
    size = round(length / (pieces - (pieces - 1) * _TILE_OVERLAP))
    starts = [round(place * (length - size) / (pieces - 1)) for place in range(pieces)]
    return [(start, start + size) for start in starts]


def _with_small(detections: list[Detection], small: Sequence[Detection]) -> list[Detection]:
    """Add what was found in tiles and nowhere else."""
    return detections + [one for one in small if not _overlaps(one, detections)]


def _overlaps(detection: Detection, others: Sequence[Detection]) -> bool:
    return any(len(group_overlapping([detection, other], SAME_FACE_OVERLAP)) == 1 for other in others)


def _rotate_back(detection: Detection, turn: int, shape: tuple[int, int]) -> Detection:
    """Move a detection from a picture turned by `turn` quarters counter-clockwise to the picture as it is.

    Most faces are upright, so a turned one must be clearly surer to win over an upright one.
    """
    points = _turn_back(detection.landmarks5, turn, shape)
    corners = _turn_back(detection.box.reshape(2, 2), turn, shape)
    box = np.concatenate([corners.min(0), corners.max(0)])
    score = _upright_score(detection) * (1 if turn == 0 else UPRIGHT_PRIOR)
    return Detection(box, score, points)


def _upright_score(detection: Detection) -> float:
    """Return the score, which is less where the face lies."""
    across, down = detection.landmarks5[1] - detection.landmarks5[0]
    return detection.score * (_LYING_PRIOR if across < abs(down) else 1)


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
