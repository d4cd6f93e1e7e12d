"""The clip: people who talk and move, strung together, with cuts where segments meet, uneven frames, and sound.

Each frame bears its number, so that one which is missing, doubled or out of its place is known for certain.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import OutputContainer

from benchmarks.common import assets
from benchmarks.scenes import to_and_fro
from facefusion.media.frame import Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions

RATE: Final = 25
TAGS: Final = {"title": "A long talk", "artist": "Nobody in particular"}
_TICKS: Final = 12_800
_JITTER: Final = 0.6
"""Latest that a frame of the uneven stretch comes, in frames."""
_CLIPS: Final = (
    *("talk/talk-d0.mp4", "video/speaker_frontal_obama.mp4", "talk/talk-d3.mp4", "video/head_motion_male.mp4"),
    *("talk/talk-d20.mp4", "video/two_people_head_motion.mp4", "video/head_turning_female.mp4"),
)
_MOST_FRAMES: Final = 300
"""Frames of each that are kept; a longer shot goes to and fro."""
_SHOTS: Final = (40, 320)
"""Frames in a shot, least and most, where no border wants otherwise."""
_FROM_BORDER: Final[tuple[int | None, ...]] = (0, None, -1, 1, None, -3, 3, None, -12, None)
"""Where the cuts near borders lie, one border after the other, in frames from the border; None for no cut near it."""
_CLEAR: Final = 36
"""Frames on both sides of a border in which there is no other cut."""
_BITS, _CELL = 16, 8
_DARK, _LIGHT, _MIDDLE = 24, 232, 128
_SPEECH: Final = "audio/jfk_inaugural_16k.wav"
_SOUND_RATE: Final = 48_000


@dataclass(frozen=True, slots=True)
class Film:
    """The clip.

    Attributes:
        path: its file.
        frames: that it has.
        segment: frames in a segment, as it was made for.
        cuts: the first frames of all shots but the first.
        uneven: first frame of the stretch with a varying frame rate, and the one behind its last.
    """

    path: Path
    frames: int
    segment: int
    cuts: frozenset[int]
    uneven: tuple[int, int]

    @property
    def borders(self) -> tuple[int, ...]:
        """First frames of all segments but the first, as jobs are cut."""
        count = max(1, (self.frames + self.segment // 2) // self.segment)
        return tuple(number * self.segment for number in range(1, count))


def made_film(folder: Path, *, frames: int, segment: int, size: tuple[int, int], seed: int) -> Film:
    """Make the clip.

    Args:
        folder: for its file.
        frames: that it has.
        segment: frames in a segment of the jobs that work on it.
        size: width and height, even numbers of pixels.
        seed: of the lengths of shots and of the uneven stretch.

    Raises:
        MissingAssetsError: the test material is not there.
    """
    film = Film(folder / "film.mp4", frames, segment, frozenset(), (0, 0))
    chance = random.Random(seed)
    cuts = _cuts(film, chance)
    middle = film.borders[len(film.borders) // 2] if film.borders else frames // 2
    uneven = (max(1, middle - segment // 3), min(frames, middle + segment // 3))
    film = Film(film.path, frames, segment, frozenset(cuts), uneven)
    with av.open(str(film.path), "w") as container:
        container.metadata.update(TAGS)
        pictures = container.add_stream("libx264", rate=RATE, options={"crf": "14", "preset": "veryfast"})
        pictures.width, pictures.height, pictures.pix_fmt = *size, "yuv420p"
        pictures.codec_context.time_base = Fraction(1, _TICKS)
        _write_sound(container, Fraction(frames, RATE))
        for number, image in enumerate(_shown(cuts, frames, size)):
            frame = av.VideoFrame.from_ndarray(_numbered(image, number), format="rgb24")
            late = chance.uniform(0, _JITTER) if uneven[0] <= number < uneven[1] else 0.0
            frame.pts, frame.time_base = int((number + late) * _TICKS / RATE), Fraction(1, _TICKS)
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
    return film


def _cuts(film: Film, chance: random.Random) -> list[int]:
    """Return the first frames of all shots but the first: those at borders as wanted, others at random."""
    wanted: set[int] = set()
    for number, border in enumerate(film.borders):
        at = _FROM_BORDER[number % len(_FROM_BORDER)]
        wanted |= set() if at is None else {border + at}
    place = 0
    while (place := place + chance.randint(*_SHOTS)) < film.frames:
        if all(abs(place - border) > _CLEAR for border in film.borders):
            wanted.add(place)
    return sorted(wanted)


def _shown(cuts: list[int], frames: int, size: tuple[int, int]) -> Iterator[Image]:
    """Yield the frames: each shot shows the next clip, from a place that follows where it was left."""
    clips = [_clip(name, size) for name in _CLIPS]
    been = [0] * len(clips)
    for shot, (start, end) in enumerate(zip([0, *cuts], [*cuts, frames], strict=True)):
        number = shot % len(clips)
        clip = clips[number]
        order = to_and_fro(len(clip), been[number] + end - start)[been[number] :]
        been[number] = (been[number] + end - start) % (2 * (len(clip) - 1))
        for place in order:
            yield clip[place]


def _clip(name: str, size: tuple[int, int]) -> list[Image]:
    """Return the first frames of a clip; what has another shape stands before a blurred backdrop."""
    with open_reader(assets(*name.split("/")), limits=LimitOptions()) as reader:
        return [_fitted(frame.image, size) for frame, _ in zip(reader, range(_MOST_FRAMES), strict=False)]


def _fitted(image: Image, size: tuple[int, int]) -> Image:
    width, height = size
    scale = height / image.shape[0]
    small = cv2.resize(image, (min(width, round(image.shape[1] * scale)), height), interpolation=cv2.INTER_AREA)
    backdrop = cv2.GaussianBlur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (0, 0), height / 8)
    left = (width - small.shape[1]) // 2
    backdrop[:, left : left + small.shape[1]] = small
    return np.asarray(backdrop, np.uint8)


def _numbered(image: Image, number: int) -> Image:
    """Return a frame with its number in its upper left corner, in a code of which one place changes at a time."""
    marked = image.copy()
    code = number ^ (number >> 1)
    for bit in range(_BITS):
        shade = _LIGHT if code >> bit & 1 else _DARK
        marked[:_CELL, bit * _CELL : (bit + 1) * _CELL] = shade
    return marked


def number_of(image: Image) -> int:
    """Return the number that a frame bears."""
    code = 0
    for bit in range(_BITS):
        inner = image[2 : _CELL - 2, bit * _CELL + 2 : (bit + 1) * _CELL - 2]
        code |= int(inner.mean() > _MIDDLE) << bit
    number = 0
    while code:
        number ^= code
        code >>= 1
    return number


def _write_sound(container: OutputContainer, seconds: Fraction) -> None:
    """Write speech, over and over, for as long as the pictures last; before them, for it is small."""
    stream = container.add_stream("aac", rate=_SOUND_RATE, layout="mono")
    stream.metadata["language"] = "eng"
    wanted, written = int(seconds * _SOUND_RATE), 0
    while written < wanted:
        resampler = AudioResampler("fltp", "mono", _SOUND_RATE, frame_size=1024)
        with av.open(str(assets(*_SPEECH.split("/")))) as speech:
            for heard in speech.decode(audio=0):
                for block in resampler.resample(heard):
                    if written < wanted:
                        block.pts, block.time_base = written, Fraction(1, _SOUND_RATE)
                        written += block.samples
                        container.mux(stream.encode(block))
    container.mux(stream.encode(None))
