"""What is put into a made clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from av.stream import Disposition

from benchmarks.matrix.drawing import Signals, drawn, opacity
from benchmarks.matrix.tags import Tags

RATE = 48_000
TURNS = {
    "0": (1, 0, 0, 1),
    "90": (0, 1, -1, 0),
    "180": (-1, 0, 0, -1),
    "270": (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1),
    "upside down": (1, 0, 0, -1),
    "90, mirrored": (0, 1, 1, 0),
    "270, mirrored": (0, -1, -1, 0),
}
"""How a stored pixel (x, y) is shown: at (a x + c y, b x + d y), for (a, b, c, d), moved into view (ISO 14496-12)."""
UNTAGGED = Tags()


@dataclass(frozen=True)
class Pictures:
    """The moving picture of a clip.

    Attributes:
        codec: libav's name of the encoder.
        form: pixel format that it is given.
        size: of the stored picture.
        times: of the frames, in ticks.
        clock: seconds in a tick.
        rate: frames a second that are stated; from the clock where None.
        tags: what the numbers mean.
        turn: how it is to be turned clockwise for the eye.
        aspect: width of a pixel over its height.
        fields: which field comes first; none of both where it is empty.
        alpha: whether there is an alpha channel.
        options: of the encoder.
    """

    codec: str = "libx264"
    form: str = "yuv420p"
    size: tuple[int, int] = (128, 96)
    times: Sequence[int] = range(12)
    clock: Fraction = Fraction(1, 25)
    rate: Fraction | None = None
    tags: Tags = UNTAGGED
    turn: str = "0"
    aspect: Fraction = Fraction(1)
    fields: str = ""
    alpha: bool = False
    options: Mapping[str, str] = field(default_factory=dict)

    def upright(self, number: int) -> tuple[Signals, Signals | None]:
        """Return the picture of a frame, and its opacity, as the eye is to see them."""
        width, height = self.size if TURNS[self.turn][0] else self.size[::-1]
        picture = drawn(number, width, height)
        if self.fields:  # what moves has moved on in the second field
            second = 1 if self.fields == "top" else 0
            picture[second::2] = np.roll(picture[second::2], 2, axis=1)
        return picture, opacity(number, width, height) if self.alpha else None


@dataclass(frozen=True)
class Sound:
    """A track of sound.

    Attributes:
        codec: libav's name of the encoder.
        layout: of the channels.
        rate: samples a second.
        language: three letters.
        title: of the track.
        start: in seconds.
        disposition: what it is for.
    """

    codec: str
    layout: str = "stereo"
    rate: int = RATE
    language: str = ""
    title: str = ""
    start: Fraction = Fraction(0)
    disposition: Disposition = Disposition.default


@dataclass(frozen=True)
class Clip:
    """Everything that is put into one file.

    Attributes:
        pictures: the moving picture.
        sounds: tracks of sound.
        subtitles: codec and language of tracks of subtitles.
        chapters: start and end in milliseconds, and title.
        tags: of the file.
        picture_tags: of the moving picture.
        cover: whether there is cover art.
        fonts: whether a font is attached.
        muxer: options of the muxer.
        format: libav's name of the container, where the ending does not say it.
    """

    pictures: Pictures = field(default_factory=Pictures)
    sounds: tuple[Sound, ...] = ()
    subtitles: tuple[tuple[str, str], ...] = ()
    chapters: tuple[tuple[int, int, str], ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    picture_tags: Mapping[str, str] = field(default_factory=dict)
    cover: bool = False
    fonts: bool = False
    muxer: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers that its frames show."""
        return tuple(range(len(self.pictures.times)))

    @property
    def times(self) -> tuple[Fraction, ...]:
        """When its frames are shown, in seconds."""
        return tuple(time * self.pictures.clock for time in self.pictures.times)


def as_shown(picture: Signals, turn: str) -> Signals:
    """Turn what is stored as the display matrix says."""
    a, b, c, d = TURNS[turn]
    if not a:
        return np.swapaxes(picture, 0, 1)[:: b or 1, :: c or 1]
    return picture[::d, ::a]


def as_stored(picture: Signals, turn: str) -> Signals:
    """Turn what is seen to how it is stored."""
    a, b, c, d = TURNS[turn]
    if not a:
        return np.swapaxes(picture[:: b or 1, :: c or 1], 0, 1).copy()
    return picture[::d, ::a].copy()
