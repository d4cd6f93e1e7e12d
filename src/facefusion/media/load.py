"""One way to read pictures: in this process, or in one of their own."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Protocol

from facefusion.media import isolation
from facefusion.media.info import PictureInfo
from facefusion.media.picture import Picture, picture_info, read_picture
from facefusion.options import LimitOptions


class PictureReader(Protocol):
    """Reads pictures, one after the other."""

    def info(self, path: Path) -> PictureInfo:
        """Read the header of a picture; see `facefusion.media.picture.picture_info`."""
        ...

    def read(self, path: Path) -> Picture:
        """Read a picture; see `facefusion.media.picture.read_picture`."""
        ...

    def close(self) -> None:
        """Let go of what reading takes, as often as one likes."""
        ...


def picture_reader(limits: LimitOptions) -> PictureReader:
    """Return what reads pictures as `limits.isolate` asks.

    Args:
        limits: what is refused.
    """
    return isolation.IsolatedPictures(limits) if limits.isolate else _Pictures(limits)


def load_picture(path: Path, limits: LimitOptions) -> Picture:
    """Read one picture as `limits.isolate` asks.

    Raises:
        InputError: what `facefusion.media.picture.read_picture` raises.
        IsolationError: the system has no means for isolation.
    """
    with closing(picture_reader(limits)) as reader:
        return reader.read(path)


def load_picture_info(path: Path, limits: LimitOptions) -> PictureInfo:
    """Read the header of one picture as `limits.isolate` asks.

    Raises:
        InputError: what `facefusion.media.picture.picture_info` raises.
        IsolationError: the system has no means for isolation.
    """
    with closing(picture_reader(limits)) as reader:
        return reader.info(path)


class _Pictures:
    """Reads pictures in this process.

    Args:
        limits: what is refused.
    """

    def __init__(self, limits: LimitOptions) -> None:
        self._limits = limits

    def info(self, path: Path) -> PictureInfo:
        return picture_info(path, self._limits)

    def read(self, path: Path) -> Picture:
        return read_picture(path, self._limits)

    def close(self) -> None:
        pass
