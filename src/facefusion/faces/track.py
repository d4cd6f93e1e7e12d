"""Tracking: the same face from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.base import box_overlap
from facefusion.faces.followed import Track
from facefusion.faces.landmarkers.face_mesh import region_of_detection
from facefusion.faces.pace import Every, Pace
from facefusion.faces.scene import CutDetector
from facefusion.faces.types import Detection, Face
from facefusion.state import State

TURN_EVERY = 3
"""Looks for upright faces to one in another direction."""
BRIDGED = 5
"""Frames for which a lost face is looked for where it should be, and goes on as the same track when it is found."""
SAME_TRACK_OVERLAP = 0.35
_ONE_FACE = 0.6
"""Overlap of two tracks from which they lie on one face."""
_TOUCHING = 0.05
"""Overlap from which one may be in front of the other."""
_CLEAR = 0.9
"""Score from which a detection is believed to be the right way up."""
_TURNS = (1, 2, 3)


class FaceTracker:
    """Follows all faces of one video; feed it every frame in order.

    While a face is followed, its mesh in one frame tells the landmarker where to look in the next, and the detector
    runs only now and then for newcomers, now and then in one more direction than upright. A scene cut ends all tracks.

    Args:
        analyser: finds faces.
        detect_every: in which frames newcomers are looked for; see `facefusion.faces.pace`. Where a scene begins and
            where a face is lost that is done at once in any case.

    Attributes:
        begins_scene: whether the last frame was the first or came after a cut.
    """

    def __init__(self, analyser: FaceAnalyser, detect_every: Every = "auto") -> None:
        self._analyser = analyser
        self._cuts = CutDetector()
        self._tracks: list[Track] = []
        self._lost: list[Track] = []
        self._next_number = 0
        self._pace = Pace(detect_every)
        self._turn = 0
        self._has_dropped = False
        self.begins_scene = True

    def update(self, image: npt.NDArray[np.uint8], time: float, *, frames: int = 1) -> list[Face]:
        """Return the faces of the next frame, smoothed, each with its `track_id`.

        Args:
            image: RGB uint8 (H, W, 3).
            time: seconds; later than the last frame's.
            frames: of the video since the last that was given: more than 1 where some are left out.
        """
        self.begins_scene = self._cuts.update(image)
        if self.begins_scene:
            self._tracks, self._lost = [], []
        self._follow(image, time)
        for track in self._tracks:
            track.touch(touching=self._touches(track))
        self._look_for_lost(image, time)
        if self._is_look_due(image, time, frames):
            self._look_for_newcomers(image, time)
        return [track.smoothed() for track in self._tracks]

    def state(self) -> State:
        """Return the tracks and what else is remembered; see `facefusion.state`."""
        return {
            "cuts": self._cuts.state(),
            "tracks": [track.state() for track in self._tracks],
            "lost": [track.state() for track in self._lost],
            "next_number": self._next_number,
            "pace": self._pace.state(),
            "turn": self._turn,
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._cuts.restore(state["cuts"])
        self._tracks = [Track.of_state(track) for track in state["tracks"]]
        self._lost = [Track.of_state(track) for track in state["lost"]]
        self._pace.restore(state["pace"])
        self._next_number, self._turn = state["next_number"], state["turn"]

    def _follow(self, image: npt.NDArray[np.uint8], time: float) -> None:
        fits = self._analyser.fit_near(image, [track.expected() for track in self._tracks])
        pairs = [(track, face) for track, face in zip(self._tracks, fits, strict=True) if face is not None]
        self._has_dropped = False
        same = [pair for pair in pairs if not pair[0].is_another(image, pair[1])]
        if pairs and len(same) < len(pairs):
            self._drop([track for track, _ in pairs if all(track is not kept for kept, _ in same)], is_cut=not same)
            pairs = same
        # Two tracks that slid onto one face leave one: that of which this was to be expected.
        pairs.sort(key=lambda pair: pair[0].surprise(pair[1]))
        followed: list[Track] = []
        for track, face in pairs:
            if all(box_overlap(face.box, other.face.box) <= _ONE_FACE for other in followed):
                track.see(replace(face, score=track.face.score), time)
                followed.append(track)
        self._lost += [track for track in self._tracks if track not in followed]
        self._tracks = [track for track in self._tracks if track in followed]

    def _drop(self, tracks: Sequence[Track], *, is_cut: bool) -> None:
        """End tracks that show somebody else from one frame to the next: all at once do so where there is a cut."""
        self._tracks = [] if is_cut else [track for track in self._tracks if track not in tracks]
        self._lost = [] if is_cut else self._lost
        self.begins_scene = self.begins_scene or is_cut
        self._pace.hurry()
        self._has_dropped = not is_cut

    def _is_look_due(self, image: npt.NDArray[np.uint8], time: float, frames: int) -> bool:
        if self.begins_scene:
            self._pace.restart()
        boxes = [track.face.box for track in self._tracks]
        sure = not self._lost and all(track.is_clear for track in self._tracks)
        assert self._cuts.thumbnail is not None
        return self._pace.is_due(self._cuts.thumbnail, boxes, image.shape[:2], time, sure=sure, frames=frames)

    def _look_for_newcomers(self, image: npt.NDArray[np.uint8], time: float) -> None:
        detections = self._analyser.detect(image)
        if not detections and not self._tracks:
            for face in self._analyser.find(image):
                self._take(face, time)
            return
        self._fit_new(image, self._righted(image, detections), time)
        if turns := self._next_turns():
            turned = self._analyser.detect_turned(image, turns)
            self._fit_new(image, self._righted(image, turned), time)

    def _next_turns(self) -> Sequence[int]:
        """Return in which directions to look beside upright: all where a scene begins, else one now and then."""
        if self.begins_scene:
            return _TURNS
        self._turn = (self._turn + 1) % (len(_TURNS) * TURN_EVERY)
        turn, rest = divmod(self._turn, TURN_EVERY)
        return _TURNS[turn : turn + 1] if rest == 0 else ()

    def _look_for_lost(self, image: npt.NDArray[np.uint8], time: float) -> None:
        """Look for lost faces from near, for small ones escape a look at the whole picture."""
        for track in list(self._lost):
            near = [found for found in self._analyser.detect_near(image, track.around()) if not self._is_known(found)]
            self._fit_new(image, near[:1], time, of=track)
            if track in self._lost and not track.missed:
                self._pace.hurry()
        for track in self._lost:
            track.missed += 1
        self._lost = [track for track in self._lost if track.missed <= BRIDGED]

    def _righted(self, image: npt.NDArray[np.uint8], detections: Sequence[Detection]) -> list[Detection]:
        """Return those that are not followed; which way up one is, is made sure of where that is not clear."""
        new = (found for found in detections if not self._is_known(found))
        sure = (found if found.score > _CLEAR else self._analyser.righted(image, found) for found in new)
        return [found for found in sure if found is not None]

    def _fit_new(
        self, image: npt.NDArray[np.uint8], new: Sequence[Detection], time: float, *, of: Track | None = None
    ) -> None:
        """Fit meshes to newly detected faces and follow them, or `of` a lost track that face alone."""
        fits = self._analyser.fit(image, [region_of_detection(found) for found in new], refine=True)
        for found, face in zip(new, fits, strict=True):
            if face is None or self._is_known(Detection(face.box, face.score, face.landmarks5)):
                continue
            if of is None or of.is_again(face):
                self._take(replace(face, score=found.score), time)

    def _is_known(self, found: Detection) -> bool:
        return any(box_overlap(found.box, track.face.box) > SAME_TRACK_OVERLAP for track in self._tracks)

    def _take(self, face: Face, time: float) -> None:
        """Follow a face that was found: as the track that was lost there, or as a new one."""
        again = min(
            (track for track in self._lost if track.is_again(face)),
            key=lambda track: track.surprise(face),
            default=None,
        )
        if again is not None:
            self._lost.remove(again)
            again.see(face, time)
            self._tracks.append(again)
            return
        track = Track.start(self._next_number, face, time)
        # What is found where a neighbour slid in front is half of a face at best.
        track.is_hidden = self._has_dropped and self._touches(track)
        self._tracks.append(track)
        self._next_number += 1

    def _touches(self, track: Track) -> bool:
        near = (box_overlap(track.face.box, other.face.box) for other in self._tracks if other is not track)
        return any(overlap > _TOUCHING for overlap in near)
