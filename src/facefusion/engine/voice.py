"""The voice of an output: the target's sound made higher or lower, where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from facefusion.engine.plan import Plan
from facefusion.media.info import VideoInfo
from facefusion.media.select import Trimmed
from facefusion.media.sequence import is_sequence
from facefusion.media.sound.pitch import shifted, write_flac
from facefusion.media.sound.speech import SPEECH_RATE, Speech

_NAME = "voice.flac"
_PROCESSOR = "anonymizer"


def voice_of(plan: Plan, folder: Path, kept_range: Trimmed | None, cancel: Callable[[], bool]) -> Path | None:
    """Return the file whose sound takes the place of the target's; None where that is copied.

    Args:
        plan: the job.
        folder: where a file may be made that goes with the job.
        kept_range: which part of the target the frames are; all of it when None.
        cancel: asked now and then whether to stop.

    Raises:
        CancelledError: `cancel` said so.
        InputError: the target's sound is damaged.
        OutputError: the disk is full, or refuses.
    """
    if plan.new_sound is not None or not changes_voice(plan):
        return plan.new_sound
    target, options = plan.target, plan.options
    assert isinstance(target, VideoInfo)
    start = target.start if kept_range is None else kept_range.start
    length = None if kept_range is None or kept_range.end is None else kept_range.end - kept_range.start
    speech = Speech(target.path, start, start, length, options.limits, cancel, lambda room: folder)
    path = folder / _NAME
    write_flac(path, shifted(speech.samples(), SPEECH_RATE, options.anonymizer.anonymizer_voice), SPEECH_RATE)
    return path


def changes_voice(plan: Plan) -> bool:
    """Whether the target has sound that is to be made higher or lower."""
    if not isinstance(plan.target, VideoInfo) or is_sequence(plan.target.path):
        return False
    is_wanted = plan.options.anonymizer.anonymizer_voice and any(spec.name == _PROCESSOR for spec in plan.processors)
    kept = any(rendition.options.keep_audio for rendition in plan.renditions)
    return bool(is_wanted and kept and plan.target.has_audio)
