"""What a step of the restoration is, and what it is given to see."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from facefusion.media.frame import Image
from facefusion.processors.base import FaceFrame
from facefusion.processors.film_restorer.motion import Field, Motion, joined, warped
from facefusion.state import State


@dataclass(frozen=True, slots=True)
class Reach:
    """How many frames a step looks at beside the one that it works on.

    Attributes:
        before: frames before it.
        after: frames after it; for so many frames the processor keeps each back. All steps together: 12 at most.
    """

    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A frame on its way through the steps.

    Attributes:
        image: as the steps so far have made it, RGB uint8 (H, W, 3).
        begins: whether a shot begins with it; then nothing before it counts.
        motion: between the frame before and this one, where a step has asked for it; None at the start of a shot.
        item: what the frame came in as; None once it went out and is kept only to be looked at.
    """

    image: Image
    begins: bool = False
    motion: Motion | None = None
    item: FaceFrame | None = None

    def kept(self) -> Moment:
        """Return what is to be kept of it once it went out."""
        return replace(self, item=None)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A frame with those of its shot that are near, as they were before the step.

    Attributes:
        moments: in order; fewer than the reach asks for where a shot or the video begins or ends.
        at: which of them is worked on.
        begins: whether the frame is the first of its shot: what was remembered of others does not hold.
    """

    moments: tuple[Moment, ...]
    at: int
    begins: bool
    _warped: dict[int, Image] = field(default_factory=dict)

    @property
    def image(self) -> Image:
        """The frame that is worked on, RGB uint8 (H, W, 3); not to be changed in place."""
        return self.moments[self.at].image

    @property
    def before(self) -> int:
        """How many frames before it are there."""
        return self.at

    @property
    def after(self) -> int:
        """How many frames after it are there."""
        return len(self.moments) - 1 - self.at

    def has(self, offset: int) -> bool:
        """Whether the frame so many frames later, or earlier where it is negative, is there."""
        return 0 <= self.at + offset < len(self.moments)

    def neighbour(self, offset: int) -> Image:
        """Return the frame so many frames later, as it is; `has` must be true of it."""
        return self.moments[self.at + offset].image

    def motion(self, offset: int) -> Field:
        """Return where each pixel of this frame lies in that frame, coarse; see `Field`.

        Only for steps with `needs_motion`.
        """
        sign = 1 if offset > 0 else -1
        path = [self._between(self.at + index * sign, sign) for index in range(abs(offset))]
        return joined(path, self.image.shape[1] / path[0].shape[1])

    def brought(self, offset: int) -> Image:
        """Return that frame brought to where things are in this one, RGB uint8 (H, W, 3); it is made once."""
        if offset not in self._warped:
            self._warped[offset] = warped(self.neighbour(offset), self.motion(offset))
        return self._warped[offset]

    def _between(self, start: int, sign: int) -> Field:
        motion = self.moments[start + (1 if sign > 0 else 0)].motion
        if motion is None:
            raise ValueError("motion is measured for steps that say needs_motion, within a shot")
        return motion.forth if sign > 0 else motion.back


class Step(Protocol):
    """One kind of repair. It is made with its strength and gets every frame once, in order."""

    @property
    def name(self) -> str:
        """As options and figures call it."""
        ...

    @property
    def strength(self) -> int:
        """1 to 100, as the option gives it; a step with 0 is not made."""
        ...

    @property
    def reach(self) -> Reach:
        """How far it looks."""
        ...

    @property
    def needs_motion(self) -> bool:
        """Whether it asks for `Window.motion` or `Window.brought`."""
        ...

    @property
    def moves(self) -> bool:
        """Whether it moves the picture, so that motion has to be measured anew for the steps behind it."""
        ...

    def apply(self, window: Window) -> Image:
        """Return the frame restored, a new array; the very same object where nothing is to be done."""
        ...

    def state(self) -> State:
        """Return what is remembered over frames beside those in the window, as copies; see `facefusion.state`."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state."""
        ...
