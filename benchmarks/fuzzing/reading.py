"""Everything that the product parses of an input: its headers, its pictures, and what is copied from it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from facefusion.errors import FaceFusionError
from facefusion.media.encoding.choose import Encoding, VideoWish, choose_encoding
from facefusion.media.encoding.segment import Segment, SegmentWriter
from facefusion.media.forms import MATROSKA, MP4, Form
from facefusion.media.info import PictureInfo
from facefusion.media.join import join
from facefusion.media.open import Start, open_reader
from facefusion.media.picture import read_picture
from facefusion.media.probe import probe
from facefusion.media.select import EVERYTHING, Selection
from facefusion.media.tracks.check import check_tracks
from facefusion.options import LimitOptions, OutputOptions

EVERY_WAY = 15
"""Multiples of this stand for every way; odd ones for joining into Matroska, even ones into MP4."""
_SOUGHT, _DEINTERLACED = 3, 5
_MIDDLE = 3
"""Number of the frame that is gone to directly."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an input.

    Attributes:
        outcome: `read`, or the name of the error that the product refused it with.
        stage: in which that happened.
        says: the text of that error.
        wrong: what must never happen, such as another kind of error; with its trace.
    """

    outcome: str = "read"
    stage: str = ""
    says: str = ""
    wrong: str = ""


class Product:
    """Reads inputs the way the product does; whether in a process of their own is the limits' matter alone.

    Args:
        folder: for what is written on the way.
        clip: a sound clip; its first frames are those of all outputs.
        limits: what is refused.
        done: called when the product has done with a file; to tell what went wrong, the program's text is opened.
    """

    def __init__(self, folder: Path, clip: Path, limits: LimitOptions, done: Callable[[], None]) -> None:
        self._done = done
        self._folder = folder
        self._limits = limits
        self._prepared = {form: self._prepare(clip, form) for form in (MATROSKA, MP4)}

    def read(self, path: Path, ways: int) -> Verdict:
        """Read a file in all ways; the first refusal is what counts.

        Args:
            path: of the file.
            ways: a number; what divides it decides on what is done beside the usual.
        """
        refusal = Verdict()
        for stage, step in self._steps(path, ways):
            try:
                texts = step()
            except FaceFusionError as error:
                texts = (str(error),)
                if refusal.outcome == "read":
                    refusal = Verdict(type(error).__name__, stage, str(error), "" if error.hint else "no hint")
            except Exception:  # noqa: BLE001 - these are what is looked for
                self._done()
                return Verdict("error", stage, "", traceback.format_exc())
            if strange := [text for text in texts if not text.isprintable()]:
                return Verdict("error", stage, "", f"what is said has control characters: {strange[0]!r}")
        return refusal

    def _steps(self, path: Path, ways: int) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
        """Yield the names of the steps and what they do; what it gives are sentences for people."""
        is_picture: list[bool] = []
        form = MATROSKA if ways % 2 else MP4

        def look() -> tuple[str, ...]:
            is_picture.append(isinstance(probe(path, self._limits), PictureInfo))
            return ()

        yield "probe", look
        if is_picture in ([], [True]):
            yield "picture", lambda: self._picture(path)
        if is_picture in ([], [False]):
            yield "frames", lambda: self._frames(path, EVERYTHING, None)
            if ways % _SOUGHT == 0:
                yield "seeking", lambda: self._middle(path)
            if ways % _DEINTERLACED == 0:
                yield "deinterlacing", lambda: self._frames(path, Selection(deinterlace=True), None)
            yield "check", lambda: check_tracks(path, form, OutputOptions())
            yield "join", lambda: self._join(path, form)

    def _picture(self, path: Path) -> tuple[str, ...]:
        read_picture(path, self._limits)
        return ()

    def _frames(self, path: Path, selection: Selection, start: Start | None) -> tuple[str, ...]:
        with open_reader(path, limits=self._limits, selection=selection, start=start) as reader:
            for frame in reader:
                _ = frame.image[0, 0]
            return reader.notes

    def _middle(self, path: Path) -> tuple[str, ...]:
        """Read from a frame in the middle on, as a job does that is taken up again."""
        with open_reader(path, limits=self._limits) as reader:
            place = next(islice(reader, _MIDDLE, None), None)
        if place is None:
            return ()
        return self._frames(path, EVERYTHING, Start(place.index, place.pts))

    def _prepare(self, clip: Path, form: Form) -> tuple[Encoding, Segment]:
        """Encode the pictures that stand in every output of a form."""
        name = f"joined{form.suffixes[0]}"
        with open_reader(clip, limits=self._limits) as reader:
            wish = VideoWish.of(OutputOptions(output_video_preset="ultrafast"))
            encoding = choose_encoding(self._folder / name, reader.info, wish)
            writer = SegmentWriter(self._folder / f"{name}.segment", encoding)
            for frame in islice(reader, 2):
                writer.write(frame)
            return encoding, writer.close()

    def _join(self, path: Path, form: Form) -> tuple[str, ...]:
        """Write an output with the sound, the subtitles and all else of the file."""
        encoding, segment = self._prepared[form]
        output = self._folder / f"joined{form.suffixes[0]}"
        join(output, encoding=encoding, segments=[segment], source=path, options=OutputOptions())
        return ()
