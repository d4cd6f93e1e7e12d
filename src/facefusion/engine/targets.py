"""Target faces: which of those found are worked on, and why not when there are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from facefusion.errors import FaceError, FaceTooSmallError, FaceTurnedError, NoFaceError, ReferenceNotFoundError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.saved import face_state, restored_face
from facefusion.faces.select import order_faces
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image
from facefusion.options import FaceSelectionOptions
from facefusion.state import State, StateError

_RECOGNISE_EVERY = 25


class TargetSelector:
    """Selects the faces of a target, frame after frame, and remembers why others were left out.

    Args:
        analyser: computes embeddings.
        options: how to select.
        reference: identity of the person to work on, with mode `reference`.
    """

    def __init__(self, analyser: FaceAnalyser, options: FaceSelectionOptions, reference: Vector | None) -> None:
        self._analyser = analyser
        self._options = options
        self._reference = reference
        self._chosen_track: int | None = None
        self._distances: dict[int, float] = {}
        self._ages: Counter[int] = Counter()
        self._largest = 0.0
        self._least_yaw: float | None = None
        self._nearest: float | None = None
        self._had_usable = False
        self._has_chosen = False
        self.seen: tuple[Image, tuple[Face, ...]] | None = None
        """A frame in which faces were found, as long as none was ever selected; for the problem picture."""

    def select(self, image: Image, faces: Sequence[Face]) -> tuple[Face, ...]:
        """Return the faces of one picture or frame that are to be worked on, in the order asked for.

        Args:
            image: RGB uint8 (H, W, 3).
            faces: all faces found in it.
        """
        usable = [face for face in faces if self._is_usable(face)]
        self._had_usable = self._had_usable or bool(usable)
        chosen = order_faces(self._by_mode(image, usable, faces), self._options.face_selector_order)
        if chosen:
            self._has_chosen, self.seen = True, None
        elif faces and self.seen is None and not self._has_chosen:
            self.seen = (image, tuple(order_faces(faces, self._options.face_selector_order)))
        return tuple(chosen)

    def problem(self, path: Path) -> FaceError:
        """Return the error that says why no face of the whole target was selected.

        Args:
            path: the target, for the message.
        """
        options = self._options
        if self.seen is None:
            return NoFaceError(f"No face was found in {path}", "Use a target that shows a larger face, from the front")
        if self._nearest is not None:
            return ReferenceNotFoundError(
                f"The reference person was not found in {path}: the nearest face is at distance {self._nearest:.2f}, "
                f"the limit is {options.reference_face_distance:.2f}",
                "Use a better reference picture, or raise --reference-face-distance",
            )
        if self._had_usable:
            return NoFaceError(f"{path} shows no face at position {options.face_position}", "Lower --face-position")
        if self._least_yaw is None:
            return FaceTooSmallError(
                f"The largest face in {path} is {self._largest:.0f} pixels wide, the least is {options.face_min_size}",
                "Use a larger target, or lower --face-min-size",
            )
        return FaceTurnedError(
            f"Every face in {path} is turned {self._least_yaw:.0f}° or more from the camera, "
            f"the most is {options.face_max_yaw:.0f}°",
            "Use a target seen more from the front, or raise --face-max-yaw",
        )

    def state(self) -> State:
        """Return which face was chosen and all that is remembered of the others; see `facefusion.state`."""
        return {
            "chosen_track": self._chosen_track,
            "distances": [[track, distance] for track, distance in self._distances.items()],
            "ages": [[track, age] for track, age in self._ages.items()],
            "largest": self._largest,
            "least_yaw": self._least_yaw,
            "nearest": self._nearest,
            "had_usable": self._had_usable,
            "has_chosen": self._has_chosen,
            "seen": None if self.seen is None else _seen_state(*self.seen),
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._chosen_track = state["chosen_track"]
        self._distances = dict(state["distances"])
        self._ages = Counter(dict(state["ages"]))
        self._largest, self._least_yaw, self._nearest = state["largest"], state["least_yaw"], state["nearest"]
        self._had_usable, self._has_chosen = state["had_usable"], state["has_chosen"]
        self.seen = None if state["seen"] is None else _restored_seen(state["seen"])

    def _is_usable(self, face: Face) -> bool:
        self._largest = max(self._largest, face.width)
        if face.width < self._options.face_min_size:
            return False
        yaw = abs(face.pose.yaw)
        if yaw > self._options.face_max_yaw:
            self._least_yaw = min(yaw, self._least_yaw or yaw)
            return False
        return True

    def _by_mode(self, image: Image, usable: Sequence[Face], faces: Sequence[Face]) -> list[Face]:
        if self._options.face_selector_mode == "one":
            return self._one(usable, faces)
        if self._reference is not None:
            return [face for face in usable if self._is_reference(image, face, self._reference)]
        return list(usable)

    def _one(self, usable: Sequence[Face], faces: Sequence[Face]) -> list[Face]:
        """Take the face at the position; in a video, stay with it for as long as its track lasts, usable or not."""
        if self._chosen_track is not None and any(face.track_id == self._chosen_track for face in faces):
            return [face for face in usable if face.track_id == self._chosen_track]
        position = self._options.face_position
        chosen = order_faces(usable, self._options.face_selector_order)[position : position + 1]
        if chosen:
            self._chosen_track = chosen[0].track_id
        return chosen

    def _is_reference(self, image: Image, face: Face, reference: Vector) -> bool:
        """Whether the face is the reference person; a track is asked again now and then, and its best answer holds."""
        track = face.track_id
        if track is None or self._ages[track] % _RECOGNISE_EVERY == 0:
            distance = identity_distance(self._analyser.recogniser.embed(image, [face.mesh])[0], reference)
        else:
            distance = self._distances[track]
        if track is not None:
            self._ages[track] += 1
            distance = self._distances[track] = min(distance, self._distances.get(track, distance))
        self._nearest = min(distance, self._nearest if self._nearest is not None else distance)
        return distance < self._options.reference_face_distance


def _seen_state(image: Image, faces: Sequence[Face]) -> State:
    """Keep the picture without loss but small: it may be large, and is saved again and again."""
    _, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return {"png": png.ravel(), "faces": [face_state(face) for face in faces]}


def _restored_seen(state: State) -> tuple[Image, tuple[Face, ...]]:
    picture = cv2.imdecode(state["png"], cv2.IMREAD_COLOR)
    if picture is None:
        raise StateError("the saved picture of a problem cannot be read")
    image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    return image, tuple(restored_face(face) for face in state["faces"])
