"""The target of a preview: a clip of which any frame can be had, or a picture."""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from facefusion.engine.post.fill import RegionFill
from facefusion.engine.preview.recent import Recent
from facefusion.errors import OptionsError
from facefusion.media.finder import FrameFinder
from facefusion.media.frame import Frame
from facefusion.media.info import PictureInfo, VideoInfo
from facefusion.media.load import load_picture
from facefusion.media.region import Rectangle
from facefusion.media.select import Selection
from facefusion.options import Options


class Target(Protocol):
    """Gives frames as they come before any processor."""

    @property
    def count(self) -> int:
        """How many frames there are."""
        ...

    @property
    def begin(self) -> Fraction:
        """When the first frame is shown, in seconds."""
        ...

    def index_at(self, seconds: float) -> int:
        """Return the number of the frame that is shown at a moment."""
        ...

    def seconds(self, index: int) -> float | None:
        """Return when a frame is shown, counted from the first; None for a picture."""
        ...

    def frames(self, first: int, last: int) -> list[Frame]:
        """Return frames that follow one another."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class ClipTarget:
    """Whatever moves.

    Args:
        path: the target.
        options: limits, and what of it is worked on.
        memory: bytes of decoded frames that are kept.
    """

    def __init__(self, path: Path, options: Options, memory: int) -> None:
        self._finder = FrameFinder(path, options.limits, Selection.of(options), memory=memory)
        self._regions = Rectangle.several(options.output.fill_region)
        self._last: Recent[list[Frame]] = Recent(1)

    @property
    def count(self) -> int:
        """How many frames there are."""
        return len(self._finder)

    @property
    def begin(self) -> Fraction:
        """When the first frame is shown, in seconds."""
        return self._finder.begin

    def index_at(self, seconds: float) -> int:
        """Return the number of a frame; see `FrameFinder.index_at`."""
        return self._finder.index_at(seconds)

    def seconds(self, index: int) -> float | None:
        """Return when a frame is shown, counted from the first."""
        return self._finder.seconds(index)

    def frames(self, first: int, last: int) -> list[Frame]:
        """Return frames that follow one another; what is burnt in is filled as in the first frames of a job."""
        if not 0 <= last < self.count:
            raise OptionsError(f"{self._finder.info.path} has no frame {last}", f"Choose from 0 to {self.count - 1}")
        return self._last.get((first, last), lambda: self._read(first, last))

    def close(self) -> None:
        """Let go of the clip."""
        self._last.clear()
        self._finder.close()

    def _read(self, first: int, last: int) -> list[Frame]:
        fill = RegionFill(self._regions).fill
        return [fill(self._finder.frame(index)) for index in range(first, last + 1)]


class PictureTarget:
    """A picture, which counts as one frame.

    Args:
        path: the target.
        options: limits, and what of it is worked on.
    """

    count = 1
    begin = Fraction(0)

    def __init__(self, path: Path, options: Options) -> None:
        picture = load_picture(path, options.limits)
        crop = Rectangle.several(options.input.crop)
        image = picture.cropped(crop[0]).image if crop else picture.image
        fill = RegionFill(Rectangle.several(options.output.fill_region)).fill
        self._path, self._frame = path, fill(Frame(0, 0, 0, Fraction(1), image))

    def index_at(self, seconds: float) -> int:
        """Return 0.

        Raises:
            OptionsError: another moment is asked for.
        """
        return self._checked(0 if seconds == 0 else 1)

    def seconds(self, index: int) -> float | None:
        """Return None: a picture has no time."""
        return None

    def frames(self, first: int, last: int) -> list[Frame]:
        """Return the picture.

        Raises:
            OptionsError: another frame is asked for.
        """
        self._checked(last)
        return [self._frame]

    def close(self) -> None:
        """Do nothing: the file is closed already."""

    def _checked(self, index: int) -> int:
        if index != 0:
            raise OptionsError(f"{self._path} is a picture, and has one frame", "Leave out its number and time")
        return index


def open_target(info: PictureInfo | VideoInfo, options: Options, memory: int) -> Target:
    """Open the target of a preview.

    Args:
        info: of the target.
        options: limits, and what of it is worked on.
        memory: bytes of decoded frames that are kept.

    Raises:
        InputError: it cannot be read.
    """
    return ClipTarget(info.path, options, memory) if isinstance(info, VideoInfo) else PictureTarget(info.path, options)


def mark(path: Path | None) -> Hashable:
    """Return what tells a file, or a folder, from another and from what it was before it changed."""
    if path is None:
        return None
    try:
        seen = path.stat()
    except OSError:
        return path, None
    return path, seen.st_mtime_ns, seen.st_size
