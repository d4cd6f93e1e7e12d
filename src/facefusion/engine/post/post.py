"""Everything that a job does to a video beside editing faces: what is filled, and what is kept to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

from facefusion.engine.post.fill import RegionFill
from facefusion.engine.post.sheet import ContactSheet
from facefusion.engine.post.thumbnail import Thumbnail
from facefusion.faces.types import Face
from facefusion.media.frame import Frame, Image
from facefusion.media.output import atomic_output
from facefusion.media.picture import Picture, write_picture
from facefusion.media.region import Rectangle
from facefusion.options import OutputOptions
from facefusion.state import State


@dataclass(frozen=True, slots=True)
class PostWork:
    """The parts that the options ask for.

    Attributes:
        region_fill: fills what is burnt in.
        thumbnail: picks the best frame; None where none is wanted.
        sheet: collects frames; None where no sheet is wanted.
    """

    region_fill: RegionFill
    thumbnail: Thumbnail | None
    sheet: ContactSheet | None

    @classmethod
    def of(cls, options: OutputOptions, pixel_aspect: Fraction = Fraction(1)) -> Self:
        """Make what the options ask for, of frames whose pixels are so wide by their height."""
        return cls(
            RegionFill(Rectangle.several(options.fill_region)),
            None if options.thumbnail is None else Thumbnail(pixel_aspect),
            None if options.contact_sheet is None else ContactSheet(pixel_aspect),
        )

    def fill(self, frame: Frame) -> Frame:
        """Return the frame with what is burnt in filled."""
        return self.region_fill.fill(frame)

    def see(self, frame: Frame, faces: Sequence[Face]) -> None:
        """Look at the next frame as it is written, and at the faces that were edited in it."""
        if self.thumbnail is not None:
            self.thumbnail.see(frame, faces)
        if self.sheet is not None:
            self.sheet.see(frame)

    def write(self, options: OutputOptions) -> None:
        """Write the pictures that were asked for, each whole or not at all.

        Raises:
            OutputError: one cannot be written.
        """
        if self.thumbnail is not None:
            _write(options.thumbnail, self.thumbnail.picture(), options.output_image_quality)
        if self.sheet is not None:
            _write(options.contact_sheet, self.sheet.picture(), options.output_image_quality)

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {
            "fill": self.region_fill.state(),
            "thumbnail": None if self.thumbnail is None else self.thumbnail.state(),
            "sheet": None if self.sheet is None else self.sheet.state(),
        }

    def restore(self, state: State) -> None:
        """Go on from a state of a job with the same wishes."""
        self.region_fill.restore(state["fill"])
        if self.thumbnail is not None:
            self.thumbnail.restore(state["thumbnail"])
        if self.sheet is not None:
            self.sheet.restore(state["sheet"])


def _write(path: Path | None, image: Image | None, quality: int) -> None:
    if path is None or image is None:
        return
    with atomic_output(path) as part:
        write_picture(part, Picture(image), quality=quality)
