"""Animated pictures: each is decoded in the child when it is fetched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import Final

from facefusion.media.animation import Animation
from facefusion.media.info import VideoInfo
from facefusion.media.isolation.arena import Arena
from facefusion.media.isolation.belief import Notes, believed
from facefusion.media.isolation.channel import ChannelError, Message
from facefusion.media.isolation.desk import Desk
from facefusion.media.isolation.messages import SHAPES, Schema
from facefusion.media.isolation.sandbox import Sandbox
from facefusion.media.still.arrays import Pixels
from facefusion.media.still.reader import Schedule
from facefusion.options import LimitOptions


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is known of an animation when it has been opened; see `Animation`."""

    info: VideoInfo
    notes: Notes
    time_base: Fraction
    times: tuple[int, ...]


_OPENED: Final = Schema(_Opened)


class AnimationService:
    """The child's side: an animation that is asked for its pictures.

    Args:
        arena: where samples go.
        desk: where the file comes from.
    """

    def __init__(self, arena: Arena, desk: Desk) -> None:
        self._arena = arena
        self._desk = desk
        self._animation: Animation

    def open(self, message: Message) -> Message:
        """Open the file that came with the message."""
        limits = LimitOptions.model_validate(message["limits"])
        self._animation = made = Animation(Path(message["path"]), self._desk.taken(), limits)
        schedule = made.schedule
        opened = _Opened(made.info, made.notes, schedule.time_base, tuple(schedule.times))
        return {"is": "open", "animation": _OPENED.dump(opened)}

    def fetch(self, message: Message) -> Message:
        """Decode a picture."""
        pixels = self._animation.fetch(message["number"])
        return {"is": "picture", "arrays": self._arena.put({"pixels": pixels})}


class IsolatedAnimation:
    """The parent's side: stands in for a `facefusion.media.animation.Animation`.

    Args:
        path: of the file.
        file: the file, open; closed at once, as the process has its own access.
        limits: what is refused, and what the process may take.

    Attributes:
        info: see `Animation`.
        notes: see `Animation`.
        schedule: see `Animation`.

    Raises:
        InputError: what opening an `Animation` raises, or the process took too much, or crashed.
        IsolationError: the system has no means for it.
    """

    def __init__(self, path: Path, file: FileIO, limits: LimitOptions) -> None:
        with file:
            self._sandbox = Sandbox(str(path), limits)
            try:
                wish = {"path": str(path), "limits": limits.model_dump(mode="json")}
                answer = self._sandbox.call({"do": "open animation", **wish}, [file.fileno()])
                opened = self._believed(answer, path, limits)
            except BaseException:
                self._sandbox.close()
                raise
        self.info: VideoInfo = opened.info
        self.notes: tuple[str, ...] = opened.notes
        self.schedule = Schedule(opened.time_base, opened.times)

    def fetch(self, number: int) -> Pixels:
        """Have a picture decoded; see `Animation.fetch`."""
        answer = self._sandbox.call({"do": "fetch", "number": number})
        with self._sandbox.believing():
            pixels = self._sandbox.arena.take(SHAPES.load(answer.get("arrays")))["pixels"]
            if pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
                raise ChannelError("no picture")
            return pixels

    def close(self) -> None:
        """End the process."""
        self._sandbox.close()

    def _believed(self, answer: Message, path: Path, limits: LimitOptions) -> _Opened:
        """Return what the process says of the animation, as far as there can be such a one."""
        with self._sandbox.believing():
            opened = _OPENED.load(answer.get("animation"))
            info = believed(opened, path, limits)
            if len(opened.times) < 2 or any(before > after for before, after in pairwise(opened.times)):
                raise ChannelError("no animation")
            return replace(opened, info=info)
