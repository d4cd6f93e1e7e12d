"""What a file holds, as far as it is compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from benchmarks.matrix.drawing import Signals
from benchmarks.matrix.samples import Plane, depth
from benchmarks.matrix.tags import Tags


@dataclass(frozen=True)
class Shown:
    """A frame.

    Attributes:
        time: when it is shown, in seconds.
        picture: its R'G'B'.
        alpha: its opacity.
        form: its pixel format.
        planes: its samples.
        tags: what they mean.
        fields: which field comes first, if it is interlaced.
    """

    time: Fraction
    picture: Signals
    alpha: Signals | None
    form: str
    planes: list[Plane]
    tags: Tags
    fields: str = ""

    @property
    def depth(self) -> int:
        """Bits of a sample."""
        return 8 if self.form == "pal8" else depth(self.form)


@dataclass(frozen=True)
class Track:
    """A track of sound: codec, language, title, disposition; of its packets the times and digests of each and of all.

    Where raw samples are cut into packets is for the reader to decide, so that is no part of the digest of PCM. Nor are
    the heads (ADTS) that AAC has in a transport stream and nowhere else.
    """

    codec: str
    language: str
    title: str
    disposition: int
    times: tuple[Fraction, ...]
    digest: str
    digests: tuple[str, ...]


@dataclass(frozen=True)
class Texts:
    """A track of subtitles: codec, language; start and length in milliseconds and plain text of each."""

    codec: str
    language: str
    lines: tuple[tuple[int, int, str], ...]


@dataclass
class Held:
    """Everything that is compared of a file.

    Attributes:
        frames: of its moving picture.
        end: when the last of them ends, where that is told.
        codec: of the moving picture.
        is_turned: whether players are to turn it.
        aspect: width of a pixel over its height.
        hdr: mastering display and light level, as numbers.
        sounds: its tracks of sound.
        subtitles: its tracks of subtitles.
        chapters: start and end in milliseconds, and title.
        tags: of the file and of the moving picture, names in lower case.
        timecode: of its first frame.
        cover: digest of its cover art.
        fonts: names and digests of attached files.
    """

    frames: list[Shown] = field(default_factory=list)
    end: Fraction | None = None
    codec: str = ""
    is_turned: bool = False
    aspect: Fraction = Fraction(1)
    hdr: tuple[float, ...] = ()
    sounds: list[Track] = field(default_factory=list)
    subtitles: list[Texts] = field(default_factory=list)
    chapters: list[tuple[int, int, str]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    timecode: str = ""
    cover: str = ""
    fonts: list[tuple[str, str]] = field(default_factory=list)
