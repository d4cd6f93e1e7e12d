"""Videos: their frames are decoded in the child, and selected and converted here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Final

from facefusion.errors import FaceFusionError
from facefusion.media.clip import Clip, Timed, open_clip
from facefusion.media.info import VideoInfo
from facefusion.media.isolation.arena import Arena
from facefusion.media.isolation.belief import NOTES, Notes, believed
from facefusion.media.isolation.channel import Message
from facefusion.media.isolation.desk import Desk
from facefusion.media.isolation.messages import Schema
from facefusion.media.isolation.samples import Receiver, Sender, Told
from facefusion.media.isolation.sandbox import Sandbox
from facefusion.options import LimitOptions

_SLOTS: Final = 2  # one is filled while the other is emptied


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is known of a clip when it has been opened; see `Clip`."""

    info: VideoInfo
    origin: int
    stated_frames: int | None
    notes: Notes


_OPENED: Final = Schema(_Opened)
_TOLD: Final = Schema(Told)


class ClipService:
    """The child's side: a clip that is asked for its frames.

    Args:
        arena: where samples go.
        desk: where the file comes from.
    """

    def __init__(self, arena: Arena, desk: Desk) -> None:
        self._arena = arena
        self._desk = desk
        self._sender = Sender()
        self._clip: Clip
        self._frames: Iterator[Timed] = iter(())

    def open(self, message: Message) -> Message:
        """Open the file that came with the message."""
        limits = LimitOptions.model_validate(message["limits"])
        path = Path(message["path"])
        self._clip = clip = open_clip(path, limits, deinterlace=message["deinterlace"], file=self._desk.taken())
        opened = _Opened(clip.info, clip.origin, clip.stated_frames, clip.notes)
        return {"is": "open", "clip": _OPENED.dump(opened)}

    def frames(self, message: Message) -> Message:
        """Begin with the first frame; see `Clip.frames`."""
        self._frames = self._clip.frames()
        return {"is": "done"}

    def restart(self, message: Message) -> Message:
        """Go back; see `Clip.restart`."""
        self._clip.restart()
        return {"is": "done"}

    def after(self, message: Message) -> Message:
        """Go to a moment; see `Clip.after`."""
        frames = self._clip.after(message["tick"])
        self._frames = iter(()) if frames is None else frames
        return {"is": "done", "found": frames is not None}

    def next(self, message: Message) -> Message:
        """Put the next frame into a slot."""
        found = next(self._frames, None)
        if found is None:
            return {"is": "end", "notes": list(self._clip.notes)}
        told = self._sender.put(*found, self._arena.slot(message["slot"]))
        return {"is": "frame", "frame": _TOLD.dump(told)}


class IsolatedClip:
    """The parent's side: stands in for a `facefusion.media.clip.Clip` that a child process has opened.

    Args:
        path: of the file.
        limits: what is refused, and what the process may take.
        deinterlace: whether interlaced frames are made progressive.
        file: the file, open; closed at once, as the process has its own access.

    Attributes:
        info: see `Clip`.
        origin: see `Clip`.
        stated_frames: see `Clip`.
        notes: see `Clip`.

    Raises:
        InputError: what opening a `Clip` raises, or the process took too much, or crashed.
        IsolationError: the system has no means for it.
    """

    def __init__(self, path: Path, limits: LimitOptions, *, deinterlace: bool, file: FileIO) -> None:
        self._owed = 0
        self._receiver = Receiver(limits.max_pixels)
        with file:
            self._sandbox = Sandbox(str(path), limits, slots=_SLOTS)
            try:
                wish = {"path": str(path), "limits": limits.model_dump(mode="json"), "deinterlace": deinterlace}
                answer = self._sandbox.call({"do": "open clip", **wish}, [file.fileno()])
                opened = self._believed(answer, path, limits)
            except BaseException:
                self._sandbox.close()
                raise
        self.info: VideoInfo = opened.info
        self.origin: int = opened.origin
        self.stated_frames: int | None = opened.stated_frames
        self.notes: tuple[str, ...] = opened.notes

    def frames(self) -> Iterator[Timed]:
        """Yield all frames; see `Clip.frames`.

        Raises:
            InputError: the stream breaks, or the process does.
        """
        self._call({"do": "frames"})
        return self._read()

    def restart(self) -> None:
        """Go back to the first frame."""
        self._call({"do": "restart"})

    def after(self, tick: int) -> Iterator[Timed] | None:
        """Go to the first frame shown at or after `tick`; see `Clip.after`."""
        found = self._call({"do": "after", "tick": tick}).get("found")
        return self._read() if found else None

    def close(self) -> None:
        """End the process."""
        self._sandbox.close()

    def _believed(self, answer: Message, path: Path, limits: LimitOptions) -> _Opened:
        """Return what the process says of the clip, as far as there can be such a clip."""
        with self._sandbox.believing():
            opened = _OPENED.load(answer.get("clip"))
            return replace(opened, info=believed(opened, path, limits))

    def _call(self, message: Message) -> Message:
        """Ask for something that is no frame."""
        while self._owed:
            self._owed -= 1
            with suppress(FaceFusionError):  # of frames that nobody wants any more
                self._sandbox.answer()
        return self._sandbox.call(message)

    def _read(self) -> Iterator[Timed]:
        """Have frames decoded, one more than was asked for."""
        for slot in range(_SLOTS):
            self._ask(slot)
        slot = 0
        while True:
            self._owed -= 1
            answer = self._sandbox.answer()
            if answer.get("is") == "end":
                with self._sandbox.believing():
                    self.notes = NOTES.load(answer.get("notes"))
                return
            timed = self._taken(answer, slot)
            self._ask(slot)
            slot = (slot + 1) % _SLOTS
            yield timed

    def _ask(self, slot: int) -> None:
        self._sandbox.ask({"do": "next", "slot": slot})
        self._owed += 1

    def _taken(self, answer: Message, slot: int) -> Timed:
        """Return the frame that lies in a slot."""
        with self._sandbox.believing():
            told = _TOLD.load(answer.get("frame"))
            frame = self._receiver.take(told, self._sandbox.arena.slot(slot))
            frame.time_base = self.info.time_base
            return frame, told.pts, told.duration
