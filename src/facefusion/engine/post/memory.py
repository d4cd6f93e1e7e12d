"""What is remembered of a hole and its surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from facefusion.engine.post.diffuse import Field
from facefusion.engine.post.motion import Transform
from facefusion.state import State

GUESSED = 0.9
"""How sure a fill is that was guessed; what was seen there is surer."""


@dataclass(frozen=True, slots=True, eq=False)
class HoleMemory:
    """A window with its hole filled, as it was in one frame.

    Attributes:
        picture: filled, float32 (H, W, 3).
        sure: how surely each pixel is what it should be, 0 to 1, float32 (H, W); 1 around the hole.
        guess: what the hole looks like by the looks of one frame alone, float32 (H, W, 3).
        age: frames since the surroundings were taken.
        guess_age: frames since the guess was made.
    """

    picture: Field
    sure: Field
    guess: Field
    age: int = 0
    guess_age: int = 0

    def moved(self, transform: Transform) -> HoleMemory:
        """Return the memory as it lies after a movement; what came in from outside the window is not sure at all."""
        size = (self.sure.shape[1], self.sure.shape[0])

        def warped(values: Field, interpolation: int, border: int) -> Field:
            result = cv2.warpAffine(values, transform, size, flags=interpolation, borderMode=border)
            return np.asarray(result, np.float32)

        picture = warped(self.picture, cv2.INTER_LANCZOS4, cv2.BORDER_REPLICATE)
        guess = warped(self.guess, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
        sure = warped(self.sure, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)
        # Where the window's border mixes in, almost nothing is known.
        sure[sure < GUESSED / 2] = 0
        return HoleMemory(np.clip(picture, 0, 255), sure, guess, self.age, self.guess_age)

    def state(self) -> State:
        """Return the memory; see `facefusion.state`."""
        return {
            "picture": self.picture.copy(),
            "sure": self.sure.copy(),
            "guess": self.guess.copy(),
            "age": self.age,
            "guess_age": self.guess_age,
        }

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return the memory that a state was taken of."""
        picture, sure, guess = (state[name].copy() for name in ("picture", "sure", "guess"))
        return cls(picture, sure, guess, state["age"], state["guess_age"])
