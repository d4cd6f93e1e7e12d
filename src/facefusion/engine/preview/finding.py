"""The faces of single frames, found as a job finds them in its first."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facefusion.engine.attribute_filter import AttributeFilter
from facefusion.engine.casting import Casting, cast, map_inputs, options_of_roles
from facefusion.engine.inputs import worn_references
from facefusion.engine.plan import Plan
from facefusion.engine.preview.recent import Recent
from facefusion.engine.preview.target import mark
from facefusion.engine.run import enriched_role
from facefusion.engine.targets import TargetSelector, selection_of, takes_every_face
from facefusion.engine.work import Finding
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.enrich import FaceEnricher
from facefusion.faces.pace import Every
from facefusion.faces.select import order_faces
from facefusion.faces.track import FaceTracker
from facefusion.faces.types import Face
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.options import FaceSelectionOptions, Options
from facefusion.processors.base import FaceFrame, Role

_OF_TARGETS = frozenset(
    {"face_selector_mode", "face_position", "face_min_size", "face_max_yaw", "face_selector_age_start"}
    | {"face_selector_age_end", "face_selector_gender", "face_selector_race"}
)
"""Options of the selection that concern neither sources nor references."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The faces of frames that follow one another.

    Attributes:
        all: every face of the frame that is shown, in the order in which they are counted.
        chosen: of each frame, those that are worked on, with what processors need to know of them.
    """

    all: tuple[Face, ...]
    chosen: tuple[tuple[Face, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What was found in a frame, and whether a scene begins with it."""

    faces: tuple[Face, ...]
    begins_scene: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What finds faces with one set of options."""

    analyser: FaceAnalyser
    enricher: FaceEnricher


class FaceFinder:
    """Finds the faces of frames, and remembers what needs no second look.

    Args:
        most: frames whose faces are remembered.
    """

    def __init__(self, most: int = 32) -> None:
        self._parts: Recent[Parts] = Recent(2)
        self._casts: Recent[tuple[Casting, tuple[Role, ...]]] = Recent(4)
        self._faces: Recent[tuple[_Seen, ...]] = Recent(most)
        self._found: Recent[Found] = Recent(most)

    def cast(self, plan: Plan, sessions: SessionFactory) -> tuple[Casting, tuple[Role, ...]]:
        """Return who plays what; sources are read when they, or how they are looked at, changed.

        Raises:
            InputError: a picture cannot be read.
            FaceError: a picture has no usable face, or several where none was chosen.
        """
        options, needs = plan.options, plan.needs
        parts = self._open(options, sessions)

        def read() -> tuple[Casting, tuple[Role, ...]]:
            parts.enricher.prepare({*needs, "attributes"} if options.faces.selects_by_attributes else needs)
            casting, roles = cast(parts.analyser, options, plan.output, sessions.kept)
            return casting, tuple(enriched_role(role, parts.enricher, needs, sessions.kept) for role in roles)

        casting, roles = self._casts.get((_people_key(options), sessions, needs), read)
        own = zip(roles, options_of_roles(options), strict=True)
        return casting, tuple(replace(role, options=each) for role, each in own)

    def analyser(self, plan: Plan, sessions: SessionFactory) -> FaceAnalyser:
        """Return what finds faces and tells them apart."""
        return self._open(plan.options, sessions).analyser

    def find(
        self, plan: Plan, sessions: SessionFactory, frames: Sequence[Frame], key: Hashable, place: int = -1
    ) -> Found:
        """Return the faces of frames.

        Args:
            plan: the job.
            sessions: opens models.
            frames: those that follow one another.
            key: what tells them, and the one that is shown, from others.
            place: which of them is shown.
        """
        options, needs = plan.options, plan.needs
        casting, _ = self.cast(plan, sessions)
        parts = self._open(options, sessions)
        of_clip = isinstance(plan.target, VideoInfo)
        seen = (key, _detection_key(options.faces), sessions)
        every, every_face = options.faces.detect_every, takes_every_face(plan.processors)
        faces = self._faces.get(seen, lambda: _faces(parts.analyser, frames, every, of_clip=of_clip))

        def select() -> Found:
            wanted = AttributeFilter(parts.enricher, options.faces) if options.faces.selects_by_attributes else None
            selection = selection_of(options.faces, plan.processors)
            selector = TargetSelector(parts.analyser, selection, casting, wanted, fades=not every_face)
            finding = Finding(parts.analyser, selector, parts.enricher, needs)
            order = options.faces.face_selector_order
            given = (
                faces
                if of_clip
                else tuple(replace(each, faces=tuple(order_faces(each.faces, order))) for each in faces)
            )
            chosen = tuple(_select(finding, *pair, of_clip=of_clip) for pair in zip(frames, given, strict=True))
            return Found(tuple(order_faces(given[place].faces, order)), chosen)

        key = (seen, options.faces.model_dump_json(), _people_key(options), needs, every_face)
        return self._found.get(key, select)

    def _open(self, options: Options, sessions: SessionFactory) -> Parts:
        def make() -> Parts:
            return Parts(FaceAnalyser.create(options.faces, sessions), FaceEnricher(options.faces, sessions))

        return self._parts.get((_detection_key(options.faces), sessions), make)


def _faces(analyser: FaceAnalyser, frames: Sequence[Frame], every: Every, *, of_clip: bool) -> tuple[_Seen, ...]:
    """Return all faces: of a picture as such, of frames as a job finds them that begins with the first."""
    if not of_clip:
        return tuple(_Seen(tuple(analyser.find(frame.image))) for frame in frames)
    tracker = FaceTracker(analyser, every)
    return tuple(_Seen(tuple(tracker.update(frame.image, float(frame.time))), tracker.begins_scene) for frame in frames)


def _select(finding: Finding, frame: Frame, seen: _Seen, *, of_clip: bool) -> tuple[Face, ...]:
    """Return the faces of a frame that are worked on, with what processors need to know of them."""
    time = float(frame.time) if of_clip else None
    chosen = finding.selector.select(frame.image, seen.faces, time=time, begins_scene=seen.begins_scene)
    return finding.enriched([FaceFrame(frame, chosen)])[0].faces


def _detection_key(faces: FaceSelectionOptions) -> Hashable:
    """Return what decides which faces are found."""
    return faces.model_dump_json(
        include={name for name in type(faces).model_fields if name.startswith(("face_detector", "face_landmarker"))}
        | {"face_classifier_model", "detect_every"}
    )


def _people_key(options: Options) -> Hashable:
    """Return what decides who plays what."""
    paths: list[Path] = [*options.source_paths, *map_inputs(options), *worn_references(options)]
    reference = options.faces.reference_face_path
    return (
        *map(mark, paths),
        mark(reference),
        repr(options.face_map),
        options.faces.model_dump_json(exclude=set(_OF_TARGETS)),
        options.limits.model_dump_json(),
    )
