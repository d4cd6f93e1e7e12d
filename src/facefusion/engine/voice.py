"""The voice of an output: the target's sound made higher or lower, where that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path

from facefusion.engine.plan import Plan
from facefusion.media.info import VideoInfo
from facefusion.media.select import Selection, Trimmed
from facefusion.media.sequence import is_sequence
from facefusion.media.sound.pitch import shifted, write_flac
from facefusion.media.sound.reader import Samples
from facefusion.media.sound.speech import SPEECH_RATE, Speech
from facefusion.media.sound.stretches import changed_within
from facefusion.media.times import read_times
from facefusion.options.moments import Moment, Stretch
from facefusion.processors.chained.links import ChainLink

_NAME = "voice.flac"
_PROCESSOR = "anonymizer"


def voice_of(plan: Plan, folder: Path, kept_range: Trimmed | None, cancel: Callable[[], bool]) -> Path | None:
    """Return the file whose sound takes the place of the target's; None where that is copied.

    Each link of the chain that changes voices does so in the stretches in which it works.

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
    sound, places = speech.samples(), _Places(plan, target)
    for link in _changing(plan):
        sound = _changed(sound, link, places)
    path = folder / _NAME
    write_flac(path, sound, SPEECH_RATE)
    return path


def changes_voice(plan: Plan) -> bool:
    """Whether the target has sound that is to be made higher or lower."""
    if not isinstance(plan.target, VideoInfo) or is_sequence(plan.target.path):
        return False
    kept = any(rendition.options.keep_audio for rendition in plan.renditions)
    return bool(kept and plan.target.has_audio and _changing(plan))


def _changing(plan: Plan) -> Sequence[ChainLink]:
    """Return the links that make the sound higher or lower."""
    return [link for link in plan.links if link.spec.name == _PROCESSOR and link.options.anonymizer.anonymizer_voice]


def _changed(sound: Iterable[Samples], link: ChainLink, places: _Places) -> Iterator[Samples]:
    """Return sound as it is behind a link."""
    change = partial(shifted, rate=SPEECH_RATE, semitones=link.options.anonymizer.anonymizer_voice)
    if not link.stretches:
        return change(sound)
    stretches = [each for stretch in link.stretches if (each := places.of(stretch)) is not None]
    return changed_within(sound, stretches, change)


class _Places:
    """Tells where in the sound moments of the frames lie.

    Args:
        plan: the job.
        target: of it.
    """

    def __init__(self, plan: Plan, target: VideoInfo) -> None:
        self._plan, self._target = plan, target

    def of(self, stretch: Stretch) -> tuple[int, int | None] | None:
        """Return the first sample of a stretch and the one behind its last; None where the frames end before it."""
        start = 0 if stretch.start is None else self._sample(stretch.start)
        return None if start is None else (start, None if stretch.end is None else self._sample(stretch.end))

    def _sample(self, moment: Moment) -> int | None:
        """Return the sample that is heard at a moment; None where that lies behind all frames."""
        seconds = moment.seconds
        if seconds is None:
            assert moment.frame is not None
            if moment.frame >= len(self._times):
                return None
            seconds = (self._times[moment.frame] - self._times[0]) * self._target.time_base
        return round(seconds * SPEECH_RATE)

    @cached_property
    def _times(self) -> Sequence[int]:
        options = self._plan.options
        return read_times(self._target.path, options.limits, Selection.of(options)).pts
