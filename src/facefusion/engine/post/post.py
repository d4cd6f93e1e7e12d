"""What is kept of the frames as they are written, to be shown beside the video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from facefusion.engine.doors.leaving import Way
from facefusion.engine.post.sheet import ContactSheet
from facefusion.engine.post.thumbnail import Thumbnail
from facefusion.faces.types import Face
from facefusion.media.frame import Frame
from facefusion.media.picture import Picture
from facefusion.media.planes.opacity import on_white
from facefusion.options import OutputOptions
from facefusion.state import State


@dataclass(frozen=True, slots=True)
class PostWork:
    """The parts that the options ask for.

    Attributes:
        thumbnail: picks the best frame; None where none is wanted.
        sheet: collects frames; None where no sheet is wanted.
    """

    thumbnail: Thumbnail | None
    sheet: ContactSheet | None

    @classmethod
    def of(cls, options: OutputOptions, pixel_aspect: Fraction = Fraction(1)) -> Self:
        """Make what the options ask for, of frames whose pixels are so wide by their height."""
        return cls(
            None if options.thumbnail is None else Thumbnail(pixel_aspect),
            None if options.contact_sheet is None else ContactSheet(pixel_aspect),
        )

    def see(self, frame: Frame, faces: Sequence[Face]) -> None:
        """Look at the next frame as it is written but for its label, and at the faces that were edited in it."""
        if frame.opacity is not None:
            frame = frame.with_image(on_white(frame.image, frame.opacity))
        if self.thumbnail is not None:
            self.thumbnail.see(frame, faces)
        if self.sheet is not None:
            self.sheet.see(frame)

    def write(self, options: OutputOptions, way: Way) -> None:
        """Write the pictures that were asked for.

        Raises:
            OutputError: one cannot be written.
        """
        thumbnail = None if self.thumbnail is None else self.thumbnail.picture()
        sheet = None if self.sheet is None else self.sheet.picture()
        for path, image in ((options.thumbnail, thumbnail), (options.contact_sheet, sheet)):
            if path is not None and image is not None:
                way.picture(path, Picture(image), quality=options.output_image_quality)

    def begin_at(self, index: int, frames: int) -> None:
        """Look at a part of a video, whose parts are put together by `take_behind`.

        Args:
            index: of the frame that is shown next.
            frames: of the whole video.
        """
        for part in (self.thumbnail, self.sheet):
            if part is not None:
                part.begin_at(index, frames)

    def take_behind(self, state: State) -> None:
        """Take over what was kept of the part of the video that comes next, by its state."""
        if self.thumbnail is not None:
            self.thumbnail.take_behind(state["thumbnail"])
        if self.sheet is not None:
            self.sheet.take_behind(state["sheet"])

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {
            "thumbnail": None if self.thumbnail is None else self.thumbnail.state(),
            "sheet": None if self.sheet is None else self.sheet.state(),
        }

    def restore(self, state: State) -> None:
        """Go on from a state of a job with the same wishes."""
        if self.thumbnail is not None:
            self.thumbnail.restore(state["thumbnail"])
        if self.sheet is not None:
            self.sheet.restore(state["sheet"])
