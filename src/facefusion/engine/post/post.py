"""What is kept of the frames as they are written, to be shown beside the video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from facefusion.engine.post.sheet import ContactSheet
from facefusion.engine.post.thumbnail import Thumbnail
from facefusion.faces.types import Face
from facefusion.media.frame import Frame
from facefusion.media.output import atomic_output
from facefusion.media.picture import Picture, write_picture
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
        """Look at the next frame as it is written, and at the faces that were edited in it."""
        if frame.opacity is not None:
            frame = frame.with_image(on_white(frame.image, frame.opacity))
        if self.thumbnail is not None:
            self.thumbnail.see(frame, faces)
        if self.sheet is not None:
            self.sheet.see(frame)

    @contextmanager
    def written(self, options: OutputOptions) -> Iterator[None]:
        """Write the pictures that were asked for; they take their places when the block ends well.

        Raises:
            OutputError: one cannot be written.
        """
        thumbnail = None if self.thumbnail is None else self.thumbnail.picture()
        sheet = None if self.sheet is None else self.sheet.picture()
        with ExitStack() as stack:
            for path, image in ((options.thumbnail, thumbnail), (options.contact_sheet, sheet)):
                if path is not None and image is not None:
                    part = stack.enter_context(atomic_output(path))
                    write_picture(part, Picture(image), quality=options.output_image_quality)
            yield

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
