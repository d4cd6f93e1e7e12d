"""Faces that were left out: why, as an error where none was worked on, and as notes where some were not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from facefusion.engine.casting import Casting
from facefusion.errors import FaceError, FaceTooSmallError, FaceTurnedError, NoFaceError, ReferenceNotFoundError
from facefusion.faces.saved import face_state, restored_face
from facefusion.faces.select import order_faces
from facefusion.faces.types import Face
from facefusion.media.frame import Image
from facefusion.options import FaceSelectionOptions
from facefusion.state import State, StateError


class LeftOut:
    """Says which faces can be used, and remembers those that cannot.

    Args:
        options: what a usable face is.
        casting: who is named.

    Attributes:
        seen: a frame in which faces were found, and when it is shown, as long as none was ever selected; for the
            problem picture.
    """

    def __init__(self, options: FaceSelectionOptions, casting: Casting) -> None:
        self._options = options
        self._casting = casting
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget all frames so far."""
        self._largest = 0.0
        self._least_yaw: float | None = None
        self._had_usable = False
        self._has_chosen = False
        self._found: set[str] = set()
        self._turned = 0
        self._small = 0
        self.seen: tuple[Image, tuple[Face, ...], float | None] | None = None

    def is_small(self, face: Face) -> bool:
        """Whether a face has too few pixels."""
        return face.width < self._options.face_min_size

    def is_turned(self, face: Face) -> bool:
        """Whether a face is turned too far."""
        return abs(face.pose.yaw) > self._options.face_max_yaw

    def is_usable(self, face: Face) -> bool:
        """Whether a face is neither; what it is, is remembered."""
        self._largest = max(self._largest, face.width)
        if self.is_small(face):
            return False
        if self.is_turned(face):
            yaw = abs(face.pose.yaw)
            self._least_yaw = min(yaw, self._least_yaw or yaw)
            return False
        self._had_usable = True
        return True

    def found(self, name: str) -> None:
        """Remember that somebody who is named was found."""
        self._found.add(name)

    def see(
        self,
        image: Image,
        faces: Sequence[Face],
        chosen: Sequence[Face],
        *,
        time: float | None = None,
        is_wanted: Callable[[Face], bool],
    ) -> None:
        """Count the frame among those in which faces were left as they are, where some were.

        Args:
            image: RGB uint8 (H, W, 3).
            faces: all faces found in it.
            chosen: those that are worked on.
            time: of the frame in seconds; None of a picture.
            is_wanted: whether a face would be worked on if it could be used.
        """
        self._turned += any(self.is_turned(face) and not self.is_small(face) and is_wanted(face) for face in faces)
        self._small += any(self.is_small(face) and is_wanted(face) for face in faces)
        if chosen:
            self._has_chosen, self.seen = True, None
        elif faces and self.seen is None and not self._has_chosen:
            self.seen = (image, tuple(order_faces(faces, self._options.face_selector_order)), time)

    def problem(self, path: Path, nearest: Mapping[str, float | None]) -> FaceError:
        """Return the error that says why no face of the whole target was selected.

        Args:
            path: the target, for the message.
            nearest: of each person who is named by a picture, how near any face came.
        """
        options = self._options
        if self.seen is None:
            return NoFaceError(f"No face was found in {path}", "Use a target that shows a larger face, from the front")
        if any(distance is not None for distance in nearest.values()):
            return self._not_found(path, nearest)
        if self._had_usable:
            return self._unwanted(path)
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

    def _unwanted(self, path: Path) -> NoFaceError:
        """Return the error for a target with faces that could be used, none of which is the one that is meant."""
        if self._options.selects_by_attributes:
            return NoFaceError(
                f"No face that is meant in {path} is of the kind that is selected",
                "Loosen --face-selector-age-start, --face-selector-age-end, --face-selector-gender "
                "or --face-selector-race",
            )
        if self._options.face_selector_mode == "one":
            position = self._options.face_position
            return NoFaceError(f"{path} shows no face at position {position}", "Lower --face-position")
        return NoFaceError(f"{path} shows no face at a position of the map", "Lower the positions in --map")

    def notes(self, path: Path, nearest: Mapping[str, float | None], frames: int | None) -> list[str]:
        """Return what the user should know once all is done, a sentence each.

        Args:
            path: the target.
            nearest: see `problem`.
            frames: how many there were; None for a picture.
        """
        missing = [person for person in self._casting.people if person.name not in self._found]
        notes = [f"{person.name[:1].upper()}{person.name[1:]} was not found in {path}" for person in missing]
        for position, person in enumerate(missing):
            if (distance := nearest.get(person.name)) is not None:
                notes[position] += (
                    f": the nearest face is at distance {distance:.2f}, the limit is {person.distance:.2f}"
                    if distance >= person.distance
                    else ": faces like theirs are more like others of the map"
                )
        left = (
            (self._turned, f"turned more than {self._options.face_max_yaw:.0f}°"),
            (self._small, f"narrower than {self._options.face_min_size} pixels"),
        )
        where = "Some faces" if frames is None else "Faces in {count} of {frames} frames"
        notes += [
            f"{where.format(count=count, frames=frames)} are {what} and were left as they are"
            for count, what in left
            if count
        ]
        return notes

    def state(self) -> State:
        """Return all that is remembered; see `facefusion.state`."""
        return {
            "largest": self._largest,
            "least_yaw": self._least_yaw,
            "had_usable": self._had_usable,
            "has_chosen": self._has_chosen,
            "found": sorted(self._found),
            "counts": [self._turned, self._small],
            "seen": None if self.seen is None else _seen_state(*self.seen),
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._largest, self._least_yaw = state["largest"], state["least_yaw"]
        self._had_usable, self._has_chosen = state["had_usable"], state["has_chosen"]
        self._found = set(state["found"])
        self._turned, self._small = state["counts"]
        self.seen = None if state["seen"] is None else _restored_seen(state["seen"])

    def _not_found(self, path: Path, nearest: Mapping[str, float | None]) -> FaceError:
        """Say that nobody who is named was found."""
        who = "The reference person was not" if len(self._casting.people) == 1 else "None of the people of the map was"
        limits = {person.name: person.distance for person in self._casting.people}
        distance, limit = min((value, limits[name]) for name, value in nearest.items() if value is not None)
        return ReferenceNotFoundError(
            f"{who} found in {path}: the nearest face is at distance {distance:.2f}, the limit is {limit:.2f}",
            "Use a better reference picture, or raise --reference-face-distance",
        )


def _seen_state(image: Image, faces: Sequence[Face], time: float | None) -> State:
    """Keep the picture without loss but small: it may be large, and is saved again and again."""
    _, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return {"png": png.ravel(), "faces": [face_state(face) for face in faces], "time": time}


def _restored_seen(state: State) -> tuple[Image, tuple[Face, ...], float | None]:
    picture = cv2.imdecode(state["png"], cv2.IMREAD_COLOR)
    if picture is None:
        raise StateError("the saved picture of a problem cannot be read")
    image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
    return image, tuple(restored_face(face) for face in state["faces"]), state["time"]
