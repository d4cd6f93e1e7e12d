"""Tracking: the same face from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import RotatedSquare
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.base import box_overlap
from facefusion.faces.irises import IrisFilter
from facefusion.faces.landmarkers.face_mesh import region_of_detection, region_of_mesh
from facefusion.faces.mesh import bounding_box, five_landmarks, pose_of
from facefusion.faces.saved import face_state, restored_face
from facefusion.faces.smooth import OneEuroFilter
from facefusion.faces.types import Detection, Face
from facefusion.state import State

DETECT_EVERY = 10
"""Frames between looks for new faces while there are tracks."""
SAME_TRACK_OVERLAP = 0.35
_THUMBNAIL = (48, 27)
_CUT_DIFFERENCE = 28.0


@dataclass(slots=True)
class _Track:
    """One face through time; `face` is as measured, the filter's output is what others see."""

    number: int
    face: Face
    filter: OneEuroFilter
    irises: IrisFilter

    def state(self) -> State:
        return {
            "number": self.number,
            "face": face_state(self.face),
            "filter": self.filter.state(),
            "irises": self.irises.state(),
        }

    @classmethod
    def of_state(cls, state: State) -> Self:
        face = restored_face(state["face"])
        smooth = OneEuroFilter(face.mesh, 0.0)
        smooth.restore(state["filter"])
        return cls(state["number"], face, smooth, IrisFilter.of_state(state["irises"]))


class FaceTracker:
    """Follows all faces of one video; feed it every frame in order.

    While a face is followed, its mesh in one frame tells the landmarker where to look in the next, and the detector
    runs only now and then for newcomers. A scene cut ends all tracks.

    Args:
        analyser: finds faces.
    """

    def __init__(self, analyser: FaceAnalyser) -> None:
        self._analyser = analyser
        self._tracks: list[_Track] = []
        self._next_number = 0
        self._since_detection = DETECT_EVERY
        self._thumbnail: npt.NDArray[np.int16] | None = None

    def update(self, image: npt.NDArray[np.uint8], time: float) -> list[Face]:
        """Return the faces of the next frame, smoothed, each with its `track_id`.

        Args:
            image: RGB uint8 (H, W, 3).
            time: seconds; later than the last frame's.
        """
        cut = self._is_cut(image)
        if cut:
            self._tracks = []
        self._follow(image, time)
        self._since_detection += 1
        if cut or self._since_detection >= DETECT_EVERY:
            self._look_for_newcomers(image, time)
        return [self._smoothed(track) for track in self._tracks]

    def state(self) -> State:
        """Return the tracks and what else is remembered; see `facefusion.state`."""
        return {
            "tracks": [track.state() for track in self._tracks],
            "next_number": self._next_number,
            "since_detection": self._since_detection,
            "thumbnail": None if self._thumbnail is None else self._thumbnail.copy(),
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._tracks = [_Track.of_state(track) for track in state["tracks"]]
        self._next_number = state["next_number"]
        self._since_detection = state["since_detection"]
        self._thumbnail = None if state["thumbnail"] is None else state["thumbnail"].copy()

    def _follow(self, image: npt.NDArray[np.uint8], time: float) -> None:
        fits = self._analyser.fit(image, [region_of_mesh(track.face.mesh) for track in self._tracks])
        followed: list[_Track] = []
        for track, face in zip(self._tracks, fits, strict=True):
            # Two tracks that slid onto one face leave one; a face that was lost is looked for at once.
            if face is None or any(box_overlap(face.box, other.face.box) > 0.6 for other in followed):
                self._since_detection = DETECT_EVERY
                continue
            track.face = replace(face, score=track.face.score)
            track.filter.update(face.mesh, time)
            track.irises.update(face.irises, face.mesh)
            followed.append(track)
        self._tracks = followed

    def _look_for_newcomers(self, image: npt.NDArray[np.uint8], time: float) -> None:
        self._since_detection = 0
        detections: Sequence[Detection] = self._analyser.detect(image)
        if not detections and not self._tracks:
            for face in self._analyser.find(image):
                self._start(face, time)
            return
        new = [found for found in detections if not self._is_known(found)]
        regions: list[RotatedSquare] = [region_of_detection(found) for found in new]
        for found, fitted in zip(new, self._analyser.fit(image, regions, refine=True), strict=True):
            if fitted is not None and not self._is_known(Detection(fitted.box, fitted.score, fitted.landmarks5)):
                self._start(replace(fitted, score=found.score), time)

    def _is_known(self, found: Detection) -> bool:
        return any(box_overlap(found.box, track.face.box) > SAME_TRACK_OVERLAP for track in self._tracks)

    def _start(self, face: Face, time: float) -> None:
        irises = IrisFilter()
        irises.update(face.irises, face.mesh)
        self._tracks.append(_Track(self._next_number, face, OneEuroFilter(face.mesh, time), irises))
        self._next_number += 1

    @staticmethod
    def _smoothed(track: _Track) -> Face:
        mesh = track.filter.value
        return replace(
            track.face,
            mesh=mesh,
            box=bounding_box(mesh),
            landmarks5=five_landmarks(mesh),
            pose=pose_of(mesh),
            track_id=track.number,
            irises=track.irises.on(mesh),
        )

    def _is_cut(self, image: npt.NDArray[np.uint8]) -> bool:
        """Whether this frame has little in common with the last."""
        step = max(1, image.shape[1] // 320)
        small = cv2.resize(image[::step, ::step], _THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.int16)
        before, self._thumbnail = self._thumbnail, small
        return before is not None and float(np.abs(small - before).mean()) > _CUT_DIFFERENCE
