"""Frames that somebody hands over one by one, edited by options that may change while it goes on."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from facefusion.engine.casting import options_of_roles
from facefusion.engine.doors.models import models_of
from facefusion.engine.doors.opening import opened
from facefusion.engine.links import create_link
from facefusion.engine.live.door import LiveDoor
from facefusion.engine.live.editing import LiveEdit
from facefusion.engine.live.prepare import check_live, live_plan, live_work
from facefusion.engine.notes import NoteListener, Notes
from facefusion.engine.plan import Plan, frame_memory
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import OptionsError
from facefusion.media.frame import Frame, Image
from facefusion.media.info import VideoInfo
from facefusion.media.live.sink import Quiet
from facefusion.media.live.source import LIVE_TIME_BASE, Captured
from facefusion.media.planes.opacity import on_white, shown
from facefusion.media.still.arrays import frame_of
from facefusion.options import Options

Size = tuple[int, int]
"""Width and height in pixels."""

_RATE: Final = Fraction(30)
"""Frames a second that are expected; each is shown at its own time, whatever the rate turns out to be."""
_OF_PROCESSORS: Final = frozenset(
    {"face_swapper", "face_masks", "face_enhancer", "face_editor", "age_modifier", "anonymizer"}
)
"""Options by which nothing is refused before work begins, and which no finder of faces goes by."""
_MOST_LARGER: Final = 4
"""How many times as many pixels as it had a frame may have when it leaves."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveShown:
    """A frame as it may be shown.

    Attributes:
        image: RGB uint8 (height, width, 3), with label and mark.
        faces: that were edited in it.
    """

    image: Image
    faces: int


class LiveSession:
    """Edits frames as they are handed over. For one thread.

    Trackers and processors remember from frame to frame as in a job. What is refused is told to the audit log; so are
    the beginning and the end of what is shown.

    Args:
        options: all options; target and output are not looked at.
        size: of the frames.
        warm: keeps the models.
        notify: called with what the user should know, one sentence each.

    Raises:
        FaceFusionError: the options are refused, or something that they need is not there.
    """

    def __init__(self, options: Options, size: Size, *, warm: WarmParts, notify: NoteListener | None = None) -> None:
        self._warm, self._notes = warm, Notes(notify)
        self._stage = _Stage(options, size, warm, self._notes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stage.ending.__exit__(kind, error, trace)

    @property
    def size(self) -> Size:
        """Of the frames that are handed over."""
        return self._stage.size

    @property
    def shown_size(self) -> Size:
        """Of the frames as they are shown."""
        return self._stage.plan.edited.width, self._stage.plan.edited.height

    def change(self, options: Options, size: Size) -> None:
        """Edit by other options from the next frame on; those from before hold where these are refused.

        Where only options of processors differ that nothing else goes by, faces are followed as before. All else begins
        anew: sources are read and asked for, and what was shown before is over.

        Raises:
            FaceFusionError: as of the class.
        """
        if self._stage.change(options, size):
            return
        before, self._stage = self._stage, _Stage(options, size, self._warm, self._notes)
        before.ending.close()

    def check_still(self) -> None:
        """Make sure that the sources may be used still.

        Raises:
            ConsentRevokedError: a consent was revoked meanwhile.
        """
        self._stage.door.still_open()

    def edit(self, image: Image, came: float) -> LiveShown:
        """Return a frame as it may be shown.

        Args:
            image: RGB uint8 (height, width, 3), of the size that was said.
            came: when it came, in seconds of `time.perf_counter`.

        Raises:
            TrustError: it shows what is refused, or it cannot be recorded that frames are shown.
            FaceFusionError: it cannot be edited.
        """
        return self._stage.edit(image, came)


class _Stage:
    """Everything that is made for one set of options."""

    def __init__(self, options: Options, size: Size, warm: WarmParts, notes: Notes) -> None:
        self.size, self._given = size, options
        with ExitStack() as ending:
            self.door = door = ending.enter_context(opened(options, notes))
            self.plan = plan = _planned(door.options, size)
            sessions = ending.enter_context(warm.sessions(plan.options, frame_memory(plan), notes.tell))
            self._processors = ExitStack()
            ending.callback(self._close_processors)
            kept = ending.enter_context(ExitStack())
            self._work, self._context = live_work(plan, sessions, notes, kept)
            finding = self._work.finding
            door.admit(plan, sessions, self._context.roles, None if finding is None else finding.analyser)
            door.begin_live()
            door.tell_unmarked()
            self._edit = LiveEdit(
                self._work, _frames_of(size), door.watch("live target"), plan.options.faces.detect_every
            )
            self._sink = _Hand()
            self._leaving = LiveDoor(self._sink, door)
            self._models = models_of(plan)
            self.ending = ending.pop_all()

    def change(self, options: Options, size: Size) -> bool:
        """Take over other options of processors; whether they are all that differs."""
        differing = {name for name, value in options if value != getattr(self._given, name)}
        if size != self.size or differing - _OF_PROCESSORS:
            return False
        if not differing:
            return True
        own = {name: getattr(options, name) for name in differing}
        plan = replace(self.plan, options=self.plan.options.model_copy(update=own))
        if models_of(plan) != self._models:  # the audit log names them
            return False
        given = options_of_roles(plan.options) if self._context.roles else ()
        pairs = zip(self._context.roles, given, strict=True)
        roles = tuple(replace(role, options=each) for role, each in pairs)
        with ExitStack() as made:
            context = replace(self._context, options=plan.options, roles=roles, resources=made)
            processors = tuple(create_link(link, context) for link in plan.links)
            before, self._processors = self._processors, made.pop_all()
        before.close()
        self.plan, self._given, self._context = plan, options, context
        self._work = replace(self._work, processors=processors, links=plan.links)
        self._edit.change(self._work)
        return True

    def _close_processors(self) -> None:
        self._processors.close()

    def edit(self, image: Image, came: float) -> LiveShown:
        """Return a frame as it may be shown; see `LiveSession.edit`."""
        ready = self._edit.edit(Captured(frame_of(image), None, came))
        self._leaving.leave(ready.frame, ready.faces)
        return LiveShown(self._sink.taken(), ready.faces)


class _Hand(Quiet):
    """Takes each frame that leaves, for whoever asked for it."""

    def __init__(self) -> None:
        self._frame: Frame | None = None

    def begin(self, info: VideoInfo) -> None:
        """Do nothing: a frame is taken as it is."""

    def show(self, frame: Frame) -> bool:
        """Take a frame."""
        self._frame = frame
        return True

    def close(self) -> None:
        """Do nothing."""

    def taken(self) -> Image:
        """Return the frame that was taken last, on white where it is transparent."""
        frame, self._frame = self._frame, None
        if frame is None:
            raise RuntimeError("no frame left")
        opacity = shown(frame.opacity, frame.opaque)
        return frame.image if opacity is None else on_white(frame.image, opacity)


def _planned(options: Options, size: Size) -> Plan:
    plan = live_plan(options, check_live(options, is_decoded=True), _frames_of(size))
    width, height = plan.edited.width, plan.edited.height
    if width * height > _MOST_LARGER * size[0] * size[1]:
        raise OptionsError(
            f"Live frames of {size[0]}x{size[1]} would become {width}x{height}", "Choose a model that enlarges less"
        )
    return plan


def _frames_of(size: Size) -> VideoInfo:
    name = Path("live frames")
    return VideoInfo(name, "live", "rawvideo", *size, _RATE, LIVE_TIME_BASE, pixel_format="gbrp")
