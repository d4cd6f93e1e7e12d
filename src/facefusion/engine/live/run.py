"""Live mode: capturing, editing and showing side by side, never more than one frame between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType

from facefusion.engine.doors.door import Count, Door
from facefusion.engine.doors.opening import opened
from facefusion.engine.live.door import LiveDoor
from facefusion.engine.live.editing import LiveEdit, Ready
from facefusion.engine.live.figures import LiveFigures, Tally
from facefusion.engine.live.prepare import check_live, live_plan, live_sessions, live_work
from facefusion.engine.live.slot import Slot
from facefusion.engine.notes import NoteListener, Notes
from facefusion.errors import TrustError
from facefusion.media.info import VideoInfo
from facefusion.media.live.sinks import EncodedSink, LiveSink
from facefusion.media.live.source import Captured, LiveSource
from facefusion.options import Options

_ENDING = 5.0
"""Seconds that a thread has to end."""


def run_live(
    options: Options,
    source: LiveSource,
    sink: LiveSink,
    *,
    cancel: threading.Event,
    report: Callable[[LiveFigures], None] = lambda figures: None,
    end: Callable[[LiveFigures], None] = lambda figures: None,
    notify: NoteListener | None = None,
) -> LiveFigures:
    """Edit frames as they come and show them, until there are no more, nobody wants them, or `cancel` is set.

    Frames that come while others are worked on give way to newer ones, so that what is shown is never older than the
    time of two edits and two outputs. The sink is called from this thread alone.

    Args:
        options: all options.
        source: gives frames; closed by whoever opened it.
        sink: takes them; finished and closed at the end, whatever ends it.
        cancel: ends the work soon after it is set; what was written is whole.
        report: called every `live_report` seconds.
        end: called with what happened in all, whatever ended it.
        notify: called with what the user should know, one sentence each.

    Returns:
        what happened.

    Raises:
        BrokenPipeError: whoever read the frames went away.
        FaceFusionError: see the tree in `facefusion.errors`.
    """
    tally, notes = Tally(), Notes(notify)
    with ExitStack() as ending:
        ending.push(partial(_end, sink))
        door = ending.enter_context(opened(options, notes))
        resources = ending.enter_context(ExitStack())
        resources.push(partial(_end, sink))
        if isinstance(sink, EncodedSink):
            sink.leave_by(partial(_file, door, tally))
        plan = live_plan(door.options, check_live(door.options), source.info)
        sessions = live_sessions(plan, notes, resources)
        work, context = live_work(plan, sessions, notes, resources)
        door.admit(plan, sessions, context.roles, work.finding.analyser if work.finding else None)
        door.begin_live()
        door.tell_unmarked()
        live = _Live(
            options, source, LiveEdit(work, source.info, door.watch("live target"), options.faces.detect_every), tally
        )
        resources.callback(lambda: end(tally.figures()))
        sink.begin(plan.edited if isinstance(plan.edited, VideoInfo) else source.info)
        with live.running() as edited:
            _show(edited, LiveDoor(sink, door), tally, cancel, _every(options.live.live_report, tally, report))
    return tally.figures()


def _end(
    sink: LiveSink, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> None:
    """Finish and close a sink; of a file in which something is refused nothing is left."""
    if isinstance(sink, EncodedSink) and isinstance(error, TrustError):
        sink.discard(error)
    sink.close()


@contextmanager
def _file(door: Door, tally: Tally, path: Path) -> Iterator[Path]:
    """Give what to write frames to that are kept in a file."""

    def count() -> Count:
        figures = tally.figures()
        return Count(figures.shown, figures.faces)

    with door.leaving(count) as way:
        yield way.file(path)


def _show(
    edited: Slot[Ready], door: LiveDoor, tally: Tally, cancel: threading.Event, report: Callable[[], None]
) -> None:
    """Show frames as they are ready."""
    while not cancel.is_set():
        was_over = edited.is_over
        ready = edited.take(door.patience)
        if ready is None:
            if was_over or not door.idle():
                return
        else:
            if not door.leave(ready.frame, ready.faces):
                return
            tally.shown(ready.came, ready.faces)
        report()


def _every(seconds: float, tally: Tally, report: Callable[[LiveFigures], None]) -> Callable[[], None]:
    """Return what reports when it is time to."""
    last = time.monotonic()

    def call() -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            report(tally.figures())

    return call


class _Live:
    """The two threads behind what is shown.

    Args:
        options: all options.
        source: gives frames.
        edit: edits them.
        tally: counts them.
    """

    def __init__(self, options: Options, source: LiveSource, edit: LiveEdit, tally: Tally) -> None:
        self._waits = not options.live.live_drop
        self._source, self._edit, self._tally = source, edit, tally
        self._over = threading.Event()
        self._captured: Slot[Captured] = Slot()
        self._edited: Slot[Ready] = Slot()

    @contextmanager
    def running(self) -> Iterator[Slot[Ready]]:
        """Run both; yields where edited frames are. Leaving the block ends them."""
        threads = [threading.Thread(target=each, daemon=True) for each in (self._capture, self._work)]
        for thread in threads:
            thread.start()
        try:
            yield self._edited
        finally:
            self._over.set()
            self._captured.finish()
            self._edited.finish()
            self._source.stop()
            for thread in threads:
                thread.join(_ENDING)

    def _capture(self) -> None:
        """Hand over frames as they come."""
        with self._finishing(self._captured):
            for captured in self._paced(self._source.frames()):
                if self._over.is_set():
                    return
                self._tally.came()
                if self._captured.put(captured, waits=self._waits):
                    self._tally.dropped()

    def _work(self) -> None:
        """Edit the newest frame there is."""
        with self._finishing(self._edited):
            for captured in self._captured:
                if self._over.is_set():
                    return
                if self._edited.put(self._edit.edit(captured), waits=self._waits):
                    self._tally.dropped()

    def _paced(self, frames: Iterator[Captured]) -> Iterator[Captured]:
        """Hold frames back until their own time, where they do not come at it; they count as come then."""
        if self._source.is_paced or self._waits:
            yield from frames
            return
        start: float | None = None
        for captured in frames:
            now, at = time.perf_counter(), captured.time or 0.0
            start = now - at if start is None else start
            if start + at > now and self._over.wait(start + at - now):
                return
            yield Captured(captured.picture, captured.time, max(start + at, captured.came))

    @contextmanager
    def _finishing(self, slot: Slot[Captured] | Slot[Ready]) -> Iterator[None]:
        """Tell the other side how a thread ended."""
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:  # noqa: BLE001 - raised again on the other side
            error = raised
        with suppress(Exception):
            slot.finish(error)
