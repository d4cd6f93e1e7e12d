"""The speech of a job: whether there is any, and which part of which file it is."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from facefusion.engine.plan import Plan
from facefusion.media.info import VideoInfo
from facefusion.media.open import open_reader
from facefusion.media.select import Selection
from facefusion.media.sound.speech import Speech

_LOOSE, _AHEAD = Fraction(21, 20), Fraction(1, 2)
"""How much longer than a container says frames may go on, and seconds that are heard ahead of the last."""


def job_speech(plan: Plan, cancel: Callable[[], bool], work: Callable[[int], Path]) -> Speech | None:
    """Return the speech that the processors of a job follow; None where none does.

    Speech of a file of its own begins with the first frame that is written, the target's own where that frame lies.
    What lies well beyond the frames is not read, so that it counts neither for loudness nor for time.

    Args:
        plan: the job.
        cancel: asked while the speech is read whether to stop.
        work: returns the folder for what is kept while the job runs, given how many bytes that takes.

    Raises:
        InputError: the target cannot be read.
    """
    target = plan.target
    if not isinstance(target, VideoInfo) or not any(spec.needs_speech for spec in plan.processors):
        return None
    limits = plan.options.limits
    length = None if target.duration is None else target.duration * _LOOSE + _AHEAD
    own = plan.options.lip_syncer.source_audio
    start = _start(plan, target.path, target.start) if own is None else None
    return Speech(own or target.path, start, target.start, length, limits, cancel, work)


def _start(plan: Plan, path: Path, first: Fraction) -> Fraction:
    """Return when the first frame that is written is shown, on the target's own clock."""
    selection = Selection.of(plan.options)
    if not selection.is_trimmed:
        return first
    with open_reader(path, limits=plan.options.limits, selection=selection) as reader:
        return first if reader.range is None else reader.range.start
