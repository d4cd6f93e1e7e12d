"""Target faces: which of those found are worked on, and what each of them becomes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facefusion.engine.attribute_filter import AttributeFilter
from facefusion.engine.casting import Casting
from facefusion.engine.fading import Fades
from facefusion.engine.left_out import LeftOut
from facefusion.engine.recognition import Recognition
from facefusion.errors import FaceError
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.select import order_faces
from facefusion.faces.types import Face, Vector
from facefusion.media.frame import Image
from facefusion.options import FaceSelectionOptions
from facefusion.processors.base import ProcessorSpec
from facefusion.state import State

_LEAST_SIZE, _MOST_YAW = 8, 90.0
"""What every face is wider than that is found at all, and turned less than."""


def selection_of(options: FaceSelectionOptions, processors: Sequence[ProcessorSpec]) -> FaceSelectionOptions:
    """Return how to select for some processors: where one takes every face, none is too small or turned too far.

    Limits that the user has set still hold.
    """
    if not takes_every_face(processors):
        return options
    usual = type(options).model_fields
    limits = {"face_min_size": _LEAST_SIZE, "face_max_yaw": _MOST_YAW}
    loosened = {name: limit for name, limit in limits.items() if getattr(options, name) == usual[name].default}
    return options.model_copy(update=loosened)


def takes_every_face(processors: Sequence[ProcessorSpec]) -> bool:
    """Whether one of the processors gets every face that is found; see `ProcessorSpec`."""
    return any(spec.takes_every_face for spec in processors)


class TargetSelector:
    """Selects the faces of a target, frame after frame, and remembers why others were left out.

    Args:
        analyser: computes identity vectors.
        options: how to select.
        casting: who is named, and what becomes of everybody else.
        attributes: says who is of the kind that is selected; everybody is when None.
        fades: whether faces come and go slowly in a video.
    """

    def __init__(
        self,
        analyser: FaceAnalyser,
        options: FaceSelectionOptions,
        casting: Casting | None = None,
        attributes: AttributeFilter | None = None,
        *,
        fades: bool = True,
    ) -> None:
        self._attributes = attributes
        self._options = options
        self._casting = casting or Casting()
        known = [(person.vector, person.distance) for person in self._casting.people if person.vector is not None]
        self._recognition = Recognition(analyser, known)
        self._recognised = [person for person in self._casting.people if person.vector is not None]
        self._placed = {person.position: person for person in self._casting.people if person.vector is None}
        self._fades, self._has_fades = Fades(), fades
        self._chosen_track: int | None = None
        self.left_out = LeftOut(options, self._casting)

    def select(
        self, image: Image, faces: Sequence[Face], *, time: float | None = None, begins_scene: bool = False
    ) -> tuple[Face, ...]:
        """Return the faces of one picture or frame that are to be worked on, in the order asked for.

        Args:
            image: RGB uint8 (H, W, 3).
            faces: all faces found in it.
            time: of the frame in seconds; without it nothing fades in or out.
            begins_scene: whether it is a video's first frame or comes after a cut.
        """
        if self._casting.people or self._options.face_selector_mode == "one":
            self._recognition.see(faces)
        usable = [face for face in faces if self.left_out.is_usable(face)]
        if self._attributes is not None:
            usable = self._attributes.select(image, usable)
        roles = self._roles(image, order_faces(usable, self._options.face_selector_order), faces)
        cast = [(face, roles.get(id(face))) for face in faces if not self.left_out.is_turned(face)]
        if time is None or not self._has_fades:
            chosen = [face.with_role(role) for face, role in cast if role is not None]
        else:
            chosen = self._fades.update(cast, image.shape[:2], time, begins_scene=begins_scene)
        self.left_out.see(image, faces, chosen, time=time, is_wanted=self._is_wanted)
        return tuple(order_faces(chosen, self._options.face_selector_order))

    @property
    def seen(self) -> tuple[Image, tuple[Face, ...], float | None] | None:
        """A frame in which faces were found, and its time, as long as none was ever selected; see `LeftOut.seen`."""
        return self.left_out.seen

    def problem(self, path: Path) -> FaceError:
        """Return the error that says why no face of the whole target was selected; see `LeftOut.problem`."""
        return self.left_out.problem(path, self._nearest())

    def notes(self, path: Path, frames: int | None = None) -> list[str]:
        """Return what the user should know once all is done; see `LeftOut.notes`."""
        return self.left_out.notes(path, self._nearest(), frames)

    @property
    def has_people(self) -> bool:
        """Whether anybody is named whom a face has to be recognised for."""
        return self._recognition.has_people

    @property
    def is_unsure(self) -> bool:
        """Whether it is not known who somebody in the last frame is; see `Recognition.is_unsure`."""
        return self._recognition.is_unsure

    @property
    def learnt(self) -> tuple[Vector, float, int] | None:
        """Who is meant with mode `one`, where that is learnt from the target; see `Recognition.learnt`."""
        return None if self._casting.people else self._recognition.learnt

    def recall(self, vector: Vector, distance: float) -> None:
        """Let the person be meant of whom this was `learnt`."""
        self._recognition.recall(vector, distance)

    def begin_anew(self) -> None:
        """Forget why faces of the frames so far were left out; who is who is kept."""
        self.left_out.begin_anew()
        self._recognition.begin_anew()

    def state(self) -> State:
        """Return who is who and all that is remembered of the others; see `facefusion.state`."""
        return {
            "chosen_track": self._chosen_track,
            "recognition": self._recognition.state(),
            "fades": self._fades.state(),
            "left_out": self.left_out.state(),
            "attributes": None if self._attributes is None else self._attributes.state(),
        }

    def restore(self, state: State) -> None:
        """Go on from a state with the frame that follows."""
        self._chosen_track = state["chosen_track"]
        self._recognition.restore(state["recognition"])
        self._fades.restore(state["fades"])
        self.left_out.restore(state["left_out"])
        if self._attributes is not None:
            self._attributes.restore(state["attributes"])

    def _nearest(self) -> dict[str, float | None]:
        """Return for each person who is named by a picture how near any face came."""
        if not self._recognised:
            return {}
        return dict(zip((person.name for person in self._recognised), self._recognition.nearest, strict=True))

    def _roles(self, image: Image, usable: Sequence[Face], faces: Sequence[Face]) -> dict[int, int]:
        """Return the role of each usable face, in the order in which they are counted, that has one, by `id`."""
        if self._options.face_selector_mode == "one":
            return {id(face): 0 for face in self._one(image, usable, faces)}
        roles = ((face, self._role(image, face, position)) for position, face in enumerate(usable))
        return {id(face): role for face, role in roles if role is not None}

    def _role(self, image: Image, face: Face, position: int) -> int | None:
        person = self._placed.get(position)
        if person is None and self._recognised:
            number = self._recognition.who(image, face)
            person = None if number is None else self._recognised[number]
        if person is None:
            return self._casting.others
        self.left_out.found(person.name)
        return person.role

    def _one(self, image: Image, usable: Sequence[Face], faces: Sequence[Face]) -> list[Face]:
        """Take the face at the position; in a video stay with this person, who may turn away, leave and come back."""
        if self._recognition.has_people:
            for face in self._likeliest_first(usable, faces):
                if self._recognition.who(image, face) == 0:
                    self._chosen_track = face.track_id
                    return [face]
            return []
        position = self._options.face_position
        chosen = list(usable[position : position + 1])
        for face in chosen:
            self._chosen_track = face.track_id
            self._recognition.name(image, face, self._options.reference_face_distance)
        return chosen

    def _likeliest_first(self, usable: Sequence[Face], faces: Sequence[Face]) -> list[Face]:
        """Return who may be the chosen person: the track that was, for as long as it is nobody else's."""
        chosen = [face for face in faces if face.track_id == self._chosen_track]
        if chosen and self._recognition.answer(self._chosen_track) == 0:
            return [face for face in usable if face.track_id == self._chosen_track]
        return sorted(usable, key=lambda face: face.track_id != self._chosen_track)

    def _is_wanted(self, face: Face) -> bool:
        """Whether a face that cannot be used would be worked on if it could, as far as is known."""
        if self._options.face_selector_mode == "one" or self._recognised:
            is_named = self._recognition.answer(face.track_id) is not None
            return is_named or (self._options.face_selector_mode != "one" and self._casting.others is not None)
        return True
