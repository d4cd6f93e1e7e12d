"""Finishing a video: from segments to the files that were asked for."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from facefusion.engine.doors.leaving import Way
from facefusion.engine.plan import Plan, Rendition
from facefusion.engine.segments.folder import JobFolder
from facefusion.engine.voice import voice_of
from facefusion.media import forms, isolation
from facefusion.media.encoding.animation import write_animation
from facefusion.media.encoding.segment import Segment
from facefusion.media.info import VideoInfo
from facefusion.media.join import join
from facefusion.media.select import Trimmed
from facefusion.media.sequence import is_sequence
from facefusion.media.sequence_join import joined_sequence, mixture


def join_outputs(
    plan: Plan, folder: JobFolder, kept_range: Trimmed | None, cancel: threading.Event, way: Way
) -> dict[Path, int]:
    """Join the finished segments of each output, with everything that is copied from the target.

    Args:
        plan: the job.
        folder: where its segments are.
        kept_range: which part of the target they are; all of it when None.
        cancel: ends the work soon after it is set.
        way: where the outputs go.

    Returns:
        how many pictures each sequence has, by its pattern.

    Raises:
        CancelledError: `cancel` was set.
        InputDamagedError: the target's sound is damaged.
        OutputError: an output cannot be written.
    """
    kept_range = _whole_range(plan, folder, kept_range)
    counts: dict[Path, int] = {}
    sound = voice_of(plan, folder.path, kept_range, cancel.is_set)
    for place, rendition in enumerate(plan.renditions):
        segments = [marker.parts[place] for marker in folder.markers]
        if rendition.encoding.form.kind == "picture":
            joined = partial(joined_sequence, rendition.path, segments, first=_first_number(plan), cancel=cancel.is_set)
            counts[rendition.path] = way.sequence(rendition.path, joined)
        else:
            # Until it is whole, it lies among the segments, so that a kill leaves nothing elsewhere.
            part = way.file(rendition.path, within=folder.path)
            _write(plan, rendition, part, segments, kept_range=kept_range, sound=sound, cancel=cancel)
    return counts


def told_mixtures(plan: Plan, counts: Mapping[Path, int]) -> tuple[str, ...]:
    """Say which sequences lie among pictures that are none of them, once they are in place; one sentence each.

    Args:
        plan: the job.
        counts: as `join_outputs` returned them.

    Raises:
        OutputUnwritableError: a folder cannot be read.
    """
    notes = (mixture(path, first=_first_number(plan), frames=count) for path, count in counts.items())
    return tuple(filter(None, notes))


def _first_number(plan: Plan) -> int:
    """Return the number of the first picture of sequences: by the option, else as in the target if that is one."""
    own = plan.target.first_number if isinstance(plan.target, VideoInfo) else None
    return next(number for number in (plan.options.output.sequence_start, own, 1) if number is not None)


def _whole_range(plan: Plan, folder: JobFolder, kept_range: Trimmed | None) -> Trimmed | None:
    """Say where the trimmed part ends: an end that is given as a frame's number is known only when that was read."""
    if kept_range is None or plan.options.input.trim_end is None:
        return kept_range
    last = folder.markers[-1].parts[0].end * plan.renditions[0].encoding.time_base
    return Trimmed(kept_range.start, kept_range.start + last)


def _write(
    plan: Plan,
    rendition: Rendition,
    part: Path,
    segments: Sequence[Segment],
    *,
    kept_range: Trimmed | None,
    sound: Path | None,
    cancel: threading.Event,
) -> None:
    """Write one file; `sound` is the file whose sound takes the place of the target's."""
    encoding = rendition.encoding
    if encoding.form in forms.ANIMATIONS:
        write_animation(part, encoding, segments, cancel=cancel.is_set)
        return
    limits = plan.options.limits
    joined = partial(isolation.join_apart, limits=limits) if limits.isolate else join
    joined(
        part,
        encoding=encoding,
        segments=segments,
        source=None if is_sequence(plan.target.path) else plan.target.path,
        options=rendition.options,
        range=kept_range,
        speech=sound,
        cancel=cancel.is_set,
    )
