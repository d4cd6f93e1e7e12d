"""Looking at frames as they pass: is what they show refused?"""

from __future__ import annotations

from typing import Protocol

from facefusion.media.frame import Image
from facefusion.state import State


class Watch(Protocol):
    """Looks at some of the frames of one stream, and remembers which."""

    def see(self, image: Image, seconds: float) -> None:
        """Look at the next frame where it is its turn.

        Args:
            image: RGB uint8 (H, W, 3).
            seconds: from the first frame.

        Raises:
            ContentRefusedError: it shows what is refused.
            ContentUncheckedError: it could not be looked at.
        """
        ...

    def state(self) -> State:
        """Return what is remembered from frame to frame; see `facefusion.state`."""
        ...

    def restore(self, state: State) -> None:
        """Go on from where another run was."""
        ...
