"""The preview: any frame of a target as a job would show it."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from facefusion.engine.doors.opening import opened
from facefusion.engine.notes import NoteListener, Notes
from facefusion.engine.plan import Plan, frame_memory
from facefusion.engine.preview.aim import aim
from facefusion.engine.preview.door import PreviewDoor
from facefusion.engine.preview.finding import FaceFinder
from facefusion.engine.preview.processing import Processing
from facefusion.engine.preview.recent import Recent
from facefusion.engine.preview.shown import Shown, changed_by, shown
from facefusion.engine.preview.target import Target, mark, open_target
from facefusion.engine.warm.parts import WarmParts
from facefusion.faces.types import Face
from facefusion.inference.kept import Kept
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Frame
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.picture import Picture
from facefusion.options import Options
from facefusion.processors.base import FaceFrame
from facefusion.processors.chained.links import edited_faces

MEMORY = 256 << 20
"""Bytes of frames that are kept, before and after their edit."""
_SOURCES = 256 << 20
"""Bytes of what is made of sources."""
_WITHOUT_EFFECT = frozenset(
    {"face_swapper", "face_masks", "face_enhancer", "face_editor", "age_modifier", "anonymizer", "output_path"}
)
"""Options by which nothing is refused before work begins."""


@dataclass(frozen=True, slots=True, eq=False)
class _Models:
    """What opens models, and what lets go of it."""

    sessions: SessionFactory
    ending: ExitStack


class Preview:
    """Shows frames of a target as a job with the same options gives them.

    Each frame is shown as if a job began with it, or so many frames before: what a job knows from frames before, such
    as a face's smoothed movement or whether it wears glasses, a preview does not. What was found out is kept as long as
    nothing changes that it depends on: decoded frames, their faces, the source, models. Safe to use from several
    threads; one call works at a time.

    Args:
        options: of the job; its output is not needed and never written.
        memory: bytes of frames that are kept.
        warm: keeps models for previews that follow; they go with this one when None.
        kept: keeps what is made of this preview's sources, where `warm` keeps nothing of anybody's; `warm` when None.
        notify: called with what the user should know, one sentence each.

    Raises:
        FaceFusionError: whatever a job refuses before any work; see `facefusion.errors`.
    """

    def __init__(
        self,
        options: Options,
        *,
        memory: int = MEMORY,
        warm: WarmParts | None = None,
        kept: Kept | None = None,
        notify: NoteListener | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._notes = Notes(notify)
        self._warm, self._is_warm_after = warm or WarmParts(most_kept=_SOURCES, ways=1), warm is not None
        self._kept = kept
        self._plans: Recent[Plan] = Recent(2)
        self._models: Recent[_Models] = Recent(1, lambda models: models.ending.close())
        self._targets: Recent[Target] = Recent(1, lambda target: target.close())
        self._faces = FaceFinder()
        self._memory = memory
        self._options = options
        self._resources = ExitStack()
        self._enter(options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def options(self) -> Options:
        """The options that hold now."""
        return self._options

    @property
    def info(self) -> PictureInfo | VideoInfo:
        """What is known of the target."""
        with self._lock:
            return self._plan().target

    @property
    def count(self) -> int:
        """How many frames there are to be shown; 1 for a picture."""
        with self._lock:
            return self._target(self._plan()).count

    def change(self, values: Mapping[str, Any] | None = None, **options: Any) -> None:
        """Change options, by name; what is not named stays.

        Raises:
            FaceFusionError: they are refused; those from before hold on.
        """
        self.become(self._options.changed({**(values or {}), **options}))

    def become(self, options: Options) -> None:
        """Take other options in place of all that held; what they leave as it was is not found out again.

        Raises:
            FaceFusionError: they are refused; those from before hold on.
        """
        with self._lock:
            before, self._options = self._options, options
            try:
                self._plan()
                if (options.trust, options.signing) != (before.trust, before.signing):
                    self._enter(options)
            except BaseException:
                self._options = before
                raise

    def show(
        self,
        frame: int | None = None,
        *,
        time: float | None = None,
        history: int = 0,
        max_side: int | None = None,
        boxes: bool = False,
        changes: bool = False,
    ) -> Shown:
        """Return a frame before and after the processors.

        Args:
            frame: its number, from 0, in what the job would work on; 0 when neither is given.
            time: a moment instead, in seconds from the first frame.
            history: frames before it that are gone through first, so that what a job knows from them is known; each
                costs as much as the frame itself. Processors that keep frames back are then given those that follow,
                too; without history they see the frame alone.
            max_side: longest side of the pictures in pixels; the frame's own where it is shorter, or when None.
            boxes: whether faces are drawn into the picture before.
            changes: whether it is told where the picture was changed.

        Raises:
            OptionsError: there is no such frame.
            FaceFusionError: it cannot be read or edited.
        """
        with self._lock, self._door.watched():
            plan = self._plan()
            target = self._target(plan)
            index = target.index_at(time) if time is not None else frame or 0
            place = min(index, max(0, history))
            ahead = max(0, min(plan.kept_back, target.count - 1 - index)) if place else 0
            frames = target.frames(index - place, index + ahead)
            before, seconds = frames[place], target.seconds(index)
            found, edited = self._edit(plan, frames, (self._target_key(plan), place, ahead, index), place, seconds)
            worked_on = edited_faces(plan.links, edited, before.time - target.begin)
            edited = edited.with_faces(worked_on)
            changed = changed_by(before.image, edited.frame.image) if changes else None
            edited = self._door.leave(edited, seconds)
        return shown(
            before, edited, found,
            index=index, time=seconds, max_side=max_side, boxes=boxes, changed=changed,
        )  # fmt: skip

    def write(self, path: Path, seen: Shown, *, compare: bool = False) -> None:
        """Write what was shown as a picture, sealed and recorded as the output of a job is.

        Args:
            path: file to write, in place of whatever is there; its ending says in which form.
            seen: as `show` returned it.
            compare: whether the frame before is beside it, on the left.

        Raises:
            TrustError: it may not leave.
            OutputError: it cannot be written.
        """
        picture = Picture(seen.compared if compare else seen.after)
        if seen.opacity is not None and not compare:
            picture = picture.with_opacity(seen.opacity)
        quality = self._options.output.output_image_quality
        with self._lock, self._door.watched():
            self._door.write(path, picture, faces=len(seen.edited), quality=quality)

    def close(self) -> None:
        """Let go of the target and of all that is kept."""
        with self._lock:
            self._resources.close()
            self._targets.clear()
            self._models.clear()
            if not self._is_warm_after:
                self._warm.clear()

    def _enter(self, options: Options) -> None:
        """Come in by another door; the one before is left when that went well."""
        with ExitStack() as resources:
            door = resources.enter_context(opened(options, self._notes))
            plan = self._plan()
            results = max(2, self._memory // 2 // (plan.edited.height * plan.edited.width * 6))
            processing = Processing(results, door.room.folder)
            resources.callback(processing.close)
            self._resources.close()
            self._resources, self._door, self._processing = resources.pop_all(), PreviewDoor(door), processing

    def _edit(
        self, plan: Plan, frames: Sequence[Frame], key: Hashable, place: int, seconds: float | None
    ) -> tuple[tuple[Face, ...], FaceFrame]:
        """Return all faces of the frame at a place among others, and what becomes of it."""
        sessions, begin = self._open(plan), self._target(plan).begin
        if not plan.finds_faces:
            self._door.admit(plan, sessions, (), None)
            plain = [FaceFrame(frame, ()) for frame in frames]
            self._door.enter(plain[place], seconds)
            return (), self._processing.run(plan, sessions, (), plain, key, place=place, begin=begin)
        _, roles = self._faces.cast(plan, sessions)
        self._door.admit(plan, sessions, roles, self._faces.analyser(plan, sessions))
        found = self._faces.find(plan, sessions, frames, key, place)
        items = [FaceFrame(*pair) for pair in zip(frames, found.chosen, strict=True)]
        self._door.enter(items[place], seconds)
        return found.all, self._processing.run(plan, sessions, roles, items, (key, found), place=place, begin=begin)

    def _plan(self) -> Plan:
        """Return the plan of the options that hold now; what is refused is found out when it may have changed."""
        options = self._options
        deciding = tuple(repr(value) for name, value in options if name not in _WITHOUT_EFFECT)
        plan = self._plans.get((deciding, mark(options.target_path)), lambda: aim(options))
        return replace(plan, options=options)

    def _target_key(self, plan: Plan) -> Hashable:
        options = plan.options
        groups = (options.input, options.limits, options.output.fill_region, options.output.output_video_fps)
        return mark(plan.target.path), *map(repr, groups)

    def _target(self, plan: Plan) -> Target:
        return self._targets.get(
            self._target_key(plan), lambda: open_target(plan.target, plan.options, self._memory // 2)
        )

    def _open(self, plan: Plan) -> SessionFactory:
        def make() -> _Models:
            with ExitStack() as ending:
                found = self._warm.sessions(plan.options, frame_memory(plan), self._notes.tell)
                sessions = ending.enter_context(found)
                own = sessions if self._kept is None else sessions.keeping(self._kept)
                return _Models(own, ending.pop_all())

        return self._models.get((repr(plan.options.models), repr(plan.options.runtime)), make).sessions
