"""Editing a video: decoding, editing and encoding side by side, in bounded memory, segment after segment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any

from facefusion.engine.channel import consumed, produced
from facefusion.engine.editing import VideoEdit
from facefusion.engine.finish import join_outputs
from facefusion.engine.plan import Plan, frames_in_flight
from facefusion.engine.progress import ProgressListener
from facefusion.engine.segments.cut import cut, describe
from facefusion.engine.segments.fingerprint import Fingerprint
from facefusion.engine.segments.folder import JobFolder, job_folder
from facefusion.engine.segments.sink import JobSink, SegmentEnd
from facefusion.engine.work import Edited, Work
from facefusion.errors import CancelledError, FaceError, InputError, OutputError
from facefusion.media.frame import Frame
from facefusion.media.info import VideoInfo
from facefusion.media.open import FrameReader, Start, open_reader
from facefusion.media.select import Selection
from facefusion.state import pack

MAX_BATCH = 4


def edit_video(plan: Plan, work: Work, *, progress: ProgressListener | None, cancel: threading.Event) -> Edited:
    """Edit a video.

    Raises:
        FaceFusionError: see `facefusion.engine.run.run`.
    """
    with work.clock.measure("prepare"):
        fingerprint = Fingerprint.of(plan, has_hooks=work.has_hooks)
    outputs = (plan.output, *plan.further_outputs)
    resume = plan.options.output.resume
    with job_folder(outputs, fingerprint, resume=resume, notes=work.notes) as (folder, state):
        folder.is_kept = not work.has_hooks  # such a job is never gone on with
        try:
            return _VideoJob(plan, work, folder, cancel).run(state, progress)
        except FaceError:
            folder.is_kept = False
            raise
        except CancelledError as error:
            raise _stopped(folder) from error
        except (InputError, OutputError) as error:
            if not (folder.is_kept and folder.frames):
                raise
            raise type(error)(error.what, f"{error.hint}; {_kept(folder)}") from error


@dataclass(frozen=True, slots=True)
class _VideoJob:
    """One run of a job."""

    plan: Plan
    work: Work
    folder: JobFolder
    cancel: threading.Event

    def run(self, state: Any, progress: ProgressListener | None) -> Edited:
        """Work on all frames that no finished segment holds, and finish the outputs."""
        with ExitStack() as stack:
            reader, frames = self._frames(stack)
            edit = VideoEdit(self.plan, self.work, reader.info.frames, progress)
            if self.folder.markers:
                edit.restore(state)
            self._edit(edit, reader.info, frames)
            edit.end()
            edit.check_faces()
            with self.work.clock.measure("join"):
                with edit.pictures():
                    notes = join_outputs(self.plan, self.folder, reader.range, self.cancel)
                self.work.notes.tell(*notes)
        return Edited(self.folder.frames, edit.faces)

    def _frames(self, stack: ExitStack) -> tuple[FrameReader, Iterator[Frame]]:
        """Open the target where the finished segments end; where that frame is not met, they are given up."""
        if self.folder.markers:
            wanted = self.folder.markers[-1].following
            if wanted is None:
                return stack.enter_context(self._open(None)), iter(())
            reader = stack.enter_context(self._open(Start(wanted.index, wanted.pts)))
            frames = iter(reader)
            first = next(frames, None)
            if first is not None and describe(first) == wanted:
                return reader, chain([first], frames)
            self.folder.clear()
        reader = stack.enter_context(self._open(None))
        return reader, iter(reader)

    def _open(self, start: Start | None) -> FrameReader:
        options = self.plan.options
        return open_reader(self.plan.target.path, limits=options.limits, selection=Selection.of(options), start=start)

    def _edit(self, edit: VideoEdit, info: VideoInfo, frames: Iterator[Frame]) -> None:
        """Decode, edit and encode side by side."""
        work, options = self.work, self.plan.options
        edited = self.plan.edited if isinstance(self.plan.edited, VideoInfo) else info
        size, waiting = _shares(frames_in_flight(options, info, edited))
        with (
            JobSink(self.folder, [rendition.encoding for rendition in self.plan.renditions]) as sink,
            produced(work.clock.each("decode", frames), waiting) as decoded,
            consumed(_timed(work, sink.take), waiting) as give,
        ):
            for batch, end in cut(decoded, batch_size=size, segment_length=options.runtime.video_chunk_size):
                if self.cancel.is_set():
                    raise CancelledError("The job was stopped")
                for frame in edit.edit(batch):
                    give(frame)
                if end is not None:
                    give(SegmentEnd(end, pack(edit.state())))
                    give.settle()  # so that a kill never costs more than the segment at work


def _stopped(folder: JobFolder) -> CancelledError:
    """Say what is left of a job that was stopped."""
    if not (folder.is_kept and folder.frames):
        return CancelledError("The job was stopped", "Nothing was written")
    return CancelledError("The job was stopped", _kept(folder).capitalize())


def _kept(folder: JobFolder) -> str:
    return f"{folder.frames} finished frames are kept; go on from there with --resume"


def _shares(in_flight: int) -> tuple[int, int]:
    """Return the size of a batch and how many frames may wait before and behind it, so that all fit in memory.

    A batch is there twice, before and after its edit; decoder and encoder hold one frame each, one is looked at ahead,
    and two are kept for the problem picture until a face is edited.
    """
    size = min(MAX_BATCH, max(1, in_flight // 6))
    return size, max(1, (in_flight - 2 * size - 5) // 2)


def _timed(work: Work, take: Callable[[Frame | SegmentEnd], None]) -> Callable[[Frame | SegmentEnd], None]:
    def call(item: Frame | SegmentEnd) -> None:
        with work.clock.measure("encode"):
            take(item)

    return call
