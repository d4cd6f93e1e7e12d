"""Sound: the child decodes it into a file that the parent hands it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from facefusion.media.faults import writing
from facefusion.media.isolation.channel import Message
from facefusion.media.isolation.desk import Desk
from facefusion.media.isolation.messages import Schema
from facefusion.media.isolation.outputs import Handing
from facefusion.media.isolation.sandbox import Sandbox
from facefusion.media.sound.opening import open_sound
from facefusion.media.sound.reader import Layout, Samples, SoundReader
from facefusion.options import LimitOptions


@dataclass(frozen=True, slots=True)
class _Read:
    """What is to be read, and where it goes."""

    path: Path
    output: Path
    rate: int
    layout: Layout
    start: Fraction | None
    length: Fraction | None


_READ: Final = Schema(_Read)
_AT_ONCE: Final = 1 << 18
_LONGEST: Final = 24 * 3600
"""Seconds of sound of unknown length that are read at most."""


class SoundService:
    """The child's side.

    Args:
        desk: where files come from.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def read(self, message: Message) -> Message:
        """Write the sound of a file as float32 samples."""
        task = _READ.load(message["task"])
        sound = open_sound(task.path, self._desk.opened(str(task.path), "rb"))
        reader = SoundReader(sound, rate=task.rate, layout=task.layout, start=task.start, length=task.length)
        try:
            with self._desk.opened(str(task.output), "wb") as output:
                for piece in reader:
                    output.write(piece.astype("<f4").tobytes())
        finally:
            reader.close()
        return {"is": "done"}


def read_apart(
    path: Path,
    *,
    rate: int,
    layout: Layout,
    start: Fraction | None,
    length: Fraction | None,
    limits: LimitOptions,
    cancel: Callable[[], bool] = bool,
    folder: Path | None = None,
) -> Iterator[Samples]:
    """Yield the sound of a file, decoded in a child process; see `SoundReader`.

    What the process gives lies in a folder of its own within `folder`, the system's when None, until all is yielded.

    Raises:
        InputError: the file is damaged or holds no sound, or the process took too much, or crashed.
        IsolationError: the system has no means for it.
        DiskFullError: no space is left for the samples.
    """
    channels = 1 if layout == "mono" else 2
    most = int((_LONGEST if length is None else length) * rate + 1) * channels * 4
    with tempfile.TemporaryDirectory(prefix="facefusion-", dir=folder) as own:
        output = Path(own) / "samples"
        with writing(output):
            output.touch()
        task = _READ.dump(_Read(path, output, rate, layout, start, length))
        with Sandbox(str(path), limits, writes=most) as sandbox:
            handing = Handing({path: ("rb",), output: ("wb",)}, path)
            sandbox.call({"do": "read sound", "task": task}, cancel=cancel, opened=handing)
        with output.open("rb") as file:
            while piece := file.read(_AT_ONCE * 4 * channels):
                whole = len(piece) - len(piece) % (4 * channels)
                values = np.frombuffer(piece[:whole], "<f4").astype(np.float32)
                yield np.nan_to_num(values, posinf=0, neginf=0).reshape(-1, channels)
