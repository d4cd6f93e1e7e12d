"""Pictures: each is decoded in the child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from facefusion.media.info import PictureInfo, check_pixels
from facefusion.media.isolation.arena import Arena
from facefusion.media.isolation.channel import ChannelError, Message
from facefusion.media.isolation.desk import Desk
from facefusion.media.isolation.messages import SHAPES, Schema
from facefusion.media.isolation.sandbox import Sandbox
from facefusion.media.picture import Picture, picture_info, read_picture
from facefusion.media.region import Rectangle
from facefusion.media.sniff import open_input
from facefusion.options import LimitOptions

_SAMPLES: Final[Mapping[str, tuple[type, tuple[int, ...]]]] = {
    "image": (np.uint8, (3,)),
    "alpha": (np.uint8, ()),
    "deep": (np.uint16, (3,)),
    "deep_alpha": (np.uint16, ()),
}
"""Type and shape of a pixel in each of a picture's arrays."""
_INFO: Final = Schema(PictureInfo)
_BLOCKS: Final = ("icc_profile", "exif")
_LONGEST_BLOCK: Final = 16 << 20  # bytes
_MOST_SIDE: Final = 1 << 24


class PictureService:
    """The child's side: decodes the pictures that it is handed.

    Args:
        arena: where samples go.
        desk: where the files come from.
    """

    def __init__(self, arena: Arena, desk: Desk) -> None:
        self._arena = arena
        self._desk = desk

    def info(self, message: Message) -> Message:
        """Read the header of the file that came with the message."""
        limits = LimitOptions.model_validate(message["limits"])
        info = picture_info(Path(message["path"]), limits, file=self._desk.taken())
        return {"is": "info", "info": _INFO.dump(info)}

    def read(self, message: Message) -> Message:
        """Decode the file that came with the message."""
        limits = LimitOptions.model_validate(message["limits"])
        picture = read_picture(Path(message["path"]), limits, file=self._desk.taken())
        samples = {name: getattr(picture, name) for name in _SAMPLES}
        blocks = {name: getattr(picture, name) for name in _BLOCKS}
        told = {name: np.frombuffer(block, np.uint8) for name, block in blocks.items() if block}
        return {"is": "picture", "arrays": self._arena.put(samples | told)}


class IsolatedPictures:
    """The parent's side: reads pictures in a child process, which is started with the first.

    Args:
        limits: what is refused, and what the process may take.
    """

    def __init__(self, limits: LimitOptions) -> None:
        self._limits = limits
        self._sandbox: Sandbox | None = None

    def info(self, path: Path) -> PictureInfo:
        """Have the header of a picture read; see `picture_info`.

        Raises:
            InputError: what `picture_info` raises, or the process took too much, or crashed.
            IsolationError: the system has no means for it.
        """
        sandbox, answer = self._call("picture info", path)
        with sandbox.believing():
            info = _INFO.load(answer.get("info"))
            _check_sides(path, info.width, info.height, self._limits)
            return replace(info, path=path)

    def read(self, path: Path, file: FileIO | None = None) -> Picture:
        """Have a picture decoded; see `read_picture`.

        Args:
            path: of the file.
            file: the file, open; opened by name where it is not given. It is closed in the end.

        Raises:
            InputError: what `read_picture` raises, or the process took too much, or crashed.
            IsolationError: the system has no means for it.
        """
        sandbox, answer = self._call("read picture", path, file)
        with sandbox.believing():
            picture = _believed(sandbox.arena.take(SHAPES.load(answer.get("arrays"))))
            height, width = picture.image.shape[:2]
            _check_sides(path, width, height, self._limits)
            return picture

    def close(self) -> None:
        """End the process, as often as one likes."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def _call(self, what: str, path: Path, given: FileIO | None = None) -> tuple[Sandbox, Message]:
        with open_input(path) if given is None else given as file:
            if self._sandbox is None:
                self._sandbox = Sandbox(str(path), self._limits)
            wish = {"do": what, "path": str(path), "limits": self._limits.model_dump(mode="json")}
            return self._sandbox, self._sandbox.call(wish, [file.fileno()])


def _check_sides(path: Path, width: int, height: int, limits: LimitOptions) -> None:
    """Make sure that there can be a picture of this size.

    Raises:
        ChannelError: there can not.
        InputLimitError: it is larger than it may be.
    """
    if not (1 <= width <= _MOST_SIDE and 1 <= height <= _MOST_SIDE):
        raise ChannelError("no picture")
    check_pixels(path, width, height, limits)


def _believed(arrays: Mapping[str, npt.NDArray[Any]]) -> Picture:
    """Put a picture together.

    Raises:
        ChannelError: there can be no such picture.
        Exception: nor such EXIF.
    """
    blocks = {name: arrays[name] for name in _BLOCKS if name in arrays}
    samples = {name: values for name, values in arrays.items() if name not in blocks}
    for name, values in samples.items():
        kind, channels = _SAMPLES[name]
        if values.dtype != kind or values.shape != samples["image"].shape[:2] + channels:
            raise ChannelError("no picture")
    if any(block.ndim != 1 or block.dtype != np.uint8 or block.size > _LONGEST_BLOCK for block in blocks.values()):
        raise ChannelError("no picture")
    known: dict[str, Any] = {**samples, **{name: block.tobytes() for name, block in blocks.items()}}
    picture = Picture(**known)
    # EXIF is looked into again when a picture is cropped or written; here it is known whom to blame.
    picture.cropped(Rectangle(0, 0, 1, 1))
    return picture
