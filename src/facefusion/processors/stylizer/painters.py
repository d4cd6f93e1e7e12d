"""Painters: what makes the look of frames, with what it has to remember for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from facefusion.errors import OptionsError
from facefusion.media.frame import Image
from facefusion.options import StylizerOptions
from facefusion.processors.stylizer.canvas import on_canvas
from facefusion.processors.stylizer.cartoon import Cartoon
from facefusion.processors.stylizer.cube import read_cube
from facefusion.processors.stylizer.grading import Grading
from facefusion.processors.stylizer.oil import Oil
from facefusion.processors.stylizer.sketch import Sketch
from facefusion.processors.stylizer.steady import Steadied
from facefusion.state import State


class Look(Protocol):
    """Draws a frame in another way; what it draws depends on the canvas and on nothing else."""

    def paint(self, canvas: Image, size: tuple[int, int]) -> Image:
        """Return the look of a frame, RGB uint8, at a size.

        Args:
            canvas: the frame, smaller where it is large, RGB uint8; see `facefusion.processors.stylizer.canvas`.
            size: height and width of the frame.
        """
        ...


class Painter(Protocol):
    """Gives frames of one video another look."""

    remembers: bool
    """Whether frames have to come in order."""

    def see(self, image: Image) -> Image:
        """Return what the next frame is painted from; every frame is shown, painted or not."""
        ...

    def paint(self, seen: Image, image: Image) -> Image:
        """Return a frame in its look, RGB uint8 (H, W, 3)."""
        ...

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state."""
        ...


class DrawingPainter:
    """Draws frames from what they show, steadied over time.

    Args:
        look: how.
    """

    remembers = True

    def __init__(self, look: Look) -> None:
        self._look = look
        self._steadied = Steadied()

    def see(self, image: Image) -> Image:
        """Return the frame's canvas, steadied."""
        return self._steadied.update(on_canvas(image))

    def paint(self, seen: Image, image: Image) -> Image:
        """Return the look of a frame; see `Painter`."""
        return self._look.paint(seen, (image.shape[0], image.shape[1]))

    def state(self) -> State:
        """Return what is remembered of the last frame."""
        return self._steadied.state()

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self._steadied.restore(state)


class GradingPainter:
    """Gives frames the colours of a table.

    Args:
        grading: looks colours up.
    """

    remembers = False

    def __init__(self, grading: Grading) -> None:
        self._grading = grading

    def see(self, image: Image) -> Image:
        """Return the frame itself."""
        return image

    def paint(self, seen: Image, image: Image) -> Image:
        """Return the look of a frame; see `Painter`."""
        return self._grading.graded(seen)

    def state(self) -> State:
        """Return an empty state: each frame is graded by itself."""
        return {}

    def restore(self, state: State) -> None:
        """Do nothing: nothing is remembered."""


def painter_for(options: StylizerOptions) -> Painter:
    """Return what makes the look that is asked for.

    Raises:
        OptionsError: there is no table of colours where one is needed, or one where none is.
        InputError: the table of colours cannot be read.
    """
    if (options.stylizer_look == "lut") == (options.stylizer_lut is None):
        if options.stylizer_lut is None:
            raise OptionsError("No table of colours is given", "Name a .cube file with --stylizer-lut")
        raise OptionsError(
            f"The look {options.stylizer_look} has no use for the table of colours {options.stylizer_lut}",
            "Choose --stylizer-look lut, or leave the table out",
        )
    if options.stylizer_lut is not None:
        return GradingPainter(Grading(read_cube(options.stylizer_lut)))
    looks: dict[str, Callable[[float], Look]] = {"cartoon": Cartoon, "oil": Oil, "sketch": Sketch}
    return DrawingPainter(looks[options.stylizer_look](options.stylizer_stroke))
