"""Outputs: the child looks through what a source holds beside its pictures, and writes the finished file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Final, TypeVar

from facefusion.errors import OutputUnwritableError
from facefusion.media import forms
from facefusion.media.encoding.encoders import ENCODERS
from facefusion.media.encoding.encoding import Encoding
from facefusion.media.encoding.final import final_segments
from facefusion.media.encoding.segment import Segment
from facefusion.media.files import NAMED, Mode
from facefusion.media.forms import Form
from facefusion.media.isolation.belief import NOTES
from facefusion.media.isolation.channel import ChannelError, Message
from facefusion.media.isolation.desk import Desk
from facefusion.media.isolation.messages import Schema
from facefusion.media.isolation.sandbox import Sandbox
from facefusion.media.join import join
from facefusion.media.select import Trimmed
from facefusion.media.sequence import is_sequence
from facefusion.media.tracks.check import check_tracks
from facefusion.options import LimitOptions, OutputOptions

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Join:
    """What `join` is to do."""

    output: Path
    encoding: Encoding
    segments: tuple[Segment, ...]
    source: Path | None
    options: OutputOptions
    range: Trimmed | None
    speech: Path | None


@dataclass(frozen=True, slots=True)
class _Check:
    """What `check_tracks` is to do."""

    source: Path
    form: Form
    options: OutputOptions


_INDEXED, _LEAST_OUTPUT = 2, 64 << 20
"""Times as large, and bytes larger, than what is copied into it an output may be."""
_SPEECH: Final = 32 << 10
"""Bytes a second of speech that is encoded anew, at most."""
_JOIN: Final = Schema(_Join)
_CHECK: Final = Schema(_Check)


class OutputService:
    """The child's side.

    Args:
        desk: where files come from.
    """

    def __init__(self, desk: Desk) -> None:
        self._files = _HandedFiles(desk)

    def check(self, message: Message) -> Message:
        """Find out what an output will hold; see `check_tracks`."""
        task = _CHECK.load(message["task"])
        notes = check_tracks(task.source, _known(task.form, forms.FORMS), task.options, files=self._files)
        return {"is": "done", "notes": NOTES.dump(notes)}

    def join(self, message: Message) -> Message:
        """Write an output; see `join`."""
        task = _JOIN.load(message["task"])
        encoding = replace(
            task.encoding,
            form=_known(task.encoding.form, forms.FORMS),
            encoder=_known(task.encoding.encoder, ENCODERS.values()),
        )
        join(
            task.output,
            encoding=encoding,
            segments=task.segments,
            source=task.source,
            options=task.options,
            range=task.range,
            speech=task.speech,
            files=self._files,
        )
        return {"is": "done"}


class _HandedFiles:
    """Has the parent open files; see `facefusion.media.files.Files`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def source(self, path: Path) -> FileIO:
        return self._desk.opened(str(path), "rb")

    def open(self, path: Path, mode: Mode) -> FileIO:
        return self._desk.opened(str(path), mode)


def check_tracks_apart(source: Path, form: Form, options: OutputOptions, *, limits: LimitOptions) -> tuple[str, ...]:
    """Find out in a child process what an output will hold beside the moving picture; see `check_tracks`.

    Raises:
        OutputTypeError: the form does not hold this sound.
        InputError: the source cannot be read, or the process took too much, or crashed.
        IsolationError: the system has no means for it.
    """
    if is_sequence(source):
        return ()
    task = _CHECK.dump(_Check(source, form, options))
    with Sandbox(str(source), limits) as sandbox:
        answer = sandbox.call({"do": "check tracks", "task": task}, opened=Handing({source: ("rb",)}, source))
        with sandbox.believing():
            return NOTES.load(answer.get("notes"))


def join_apart(
    output: Path,
    *,
    encoding: Encoding,
    segments: Sequence[Segment],
    source: Path | None,
    options: OutputOptions,
    limits: LimitOptions,
    range: Trimmed | None = None,  # noqa: A002 - what the readers call it
    speech: Path | None = None,
    cancel: Callable[[], bool] = bool,
) -> None:
    """Write the finished file of a video in a child process, as that reads the source once more; see `join`.

    Two passes over frames, which read the segments alone, run here.

    Raises:
        CancelledError: `cancel` said so.
        FaceFusionError: what `join` raises, or the process took too much, or crashed.
        IsolationError: the system has no means for it.
        ValueError: there are no segments.
    """
    if not segments:
        raise ValueError("there are no segments")
    with final_segments(encoding, segments, cancel=cancel) as final:
        parts = tuple(replace(segment, times=tuple(segment.times)) for segment in final)  # as JSON knows them
        task = _Join(output, replace(encoding, is_final=True), parts, source, options, range, speech)
        allowed: dict[Path, tuple[Mode, ...]] = {segment.path: ("rb",) for segment in final}
        allowed[output] = ("wb", "rb", "r+b")
        inputs = [path for path in (source, speech) if path is not None]
        allowed |= dict.fromkeys(inputs, ("rb",))
        # An output holds what is copied, and indices of it; of speech that is encoded anew there may be more.
        copied = sum(path.stat().st_size for path in allowed if path != output and path.exists())
        if speech is not None:
            copied += int((segments[-1].end - segments[0].times[0]) * encoding.time_base) * _SPEECH
        with Sandbox(str(source or output), limits, writes=_INDEXED * copied + _LEAST_OUTPUT) as sandbox:
            wish = {"do": "join", "task": _JOIN.dump(task)}
            sandbox.call(wish, cancel=cancel, opened=Handing(allowed, *inputs))


class Handing:
    """Opens for the child what belongs to its task, and nothing else.

    Args:
        allowed: files, and how each may be opened.
        inputs: which of them are inputs.
    """

    def __init__(self, allowed: Mapping[Path, Sequence[Mode]], *inputs: Path) -> None:
        self._allowed = {str(path): path for path in allowed}
        self._modes = {str(path): modes for path, modes in allowed.items()}
        self._inputs = frozenset(inputs)

    def __call__(self, message: Message) -> FileIO:
        """Open what a message asks for.

        Raises:
            ChannelError: that does not belong to the task.
            InputError: the input is not there any more.
            OutputUnwritableError: the system refuses.
        """
        name = str(message.get("name"))
        mode = next((mode for mode in self._modes.get(name, ()) if mode == message.get("mode")), None)
        if mode is None:
            raise ChannelError(f"{name!r} is no file of this task")
        path = self._allowed[name]
        if path in self._inputs:
            return NAMED.source(path)
        try:
            return NAMED.open(path, mode)
        except OSError as error:
            raise OutputUnwritableError(f"{path} cannot be opened: {error.strerror}", "Run the job again") from error


def _known(value: T, known: Iterable[T]) -> T:
    """Return the one of the known values that equals this copy: they are compared by identity.

    Raises:
        ChannelError: there is none.
    """
    for one in known:
        if one == value:
            return one
    raise ChannelError(f"no {type(value).__name__}")
