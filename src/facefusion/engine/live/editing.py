"""The way of live frames through the stages, in one pass."""

from __future__ import annotations

from dataclasses import dataclass

from facefusion.engine.doors.watching import Watch
from facefusion.engine.work import Work
from facefusion.faces.pace import Every
from facefusion.faces.track import FaceTracker
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.live.source import LIVE_TIME_BASE, Captured
from facefusion.media.planes.convert import FrameConverter
from facefusion.processors.base import FaceFrame


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """An edited frame.

    Attributes:
        frame: it.
        faces: that were edited.
        came: when it was there, in seconds of `time.perf_counter`.
    """

    frame: Frame
    faces: int
    came: float


class LiveEdit:
    """Edits frames one by one, with trackers and processors that remember as in a job.

    Args:
        work: the stages.
        info: of the frames that come.
        watch: looks at them as they come.
        every: in which frames newcomers are looked for; see `FaceTracker`.
    """

    def __init__(self, work: Work, info: VideoInfo, watch: Watch, every: Every = "auto") -> None:
        self._work = work
        self._watch = watch
        self._tracker = None if work.finding is None else FaceTracker(work.finding.analyser, every)
        self._convert = FrameConverter(info.colour, info.orientation).convert
        self._length = max(1, round(1 / (info.frame_rate * LIVE_TIME_BASE)))
        self._index = 0
        self._origin: float | None = None
        self._last = -1

    def change(self, work: Work) -> None:
        """Edit the frames that follow by other processors; what is known of faces stays."""
        self._work = work

    def edit(self, captured: Captured) -> Ready:
        """Return a frame edited; times begin with 0 and always rise.

        Raises:
            TrustError: the frame, or a face in it that is worked on, is refused.
        """
        item = self._analysed(self._frame(captured))
        [edited] = self._work.edit([item])
        return Ready(edited.frame, len(self._work.edited_faces(item, item.frame.time)), captured.came)

    def _frame(self, captured: Captured) -> Frame:
        seconds = captured.came if captured.time is None else captured.time
        self._origin = seconds if self._origin is None else self._origin
        pts = self._last = max(round((seconds - self._origin) / LIVE_TIME_BASE), self._last + 1)
        original = self._convert(captured.picture)
        index, self._index = self._index, self._index + 1
        return Frame(index, pts, self._length, LIVE_TIME_BASE, original.view, original)

    def _analysed(self, frame: Frame) -> FaceFrame:
        finding, tracker = self._work.finding, self._tracker
        self._watch.see(frame.image, float(frame.time))
        if finding is None or tracker is None:
            return FaceFrame(frame, ())
        time = float(frame.time)
        found = tracker.update(frame.image, time)
        chosen = finding.selector.select(frame.image, found, time=time, begins_scene=tracker.begins_scene)
        self._watch.meet(frame.image, chosen, time)
        return FaceFrame(frame, chosen)
