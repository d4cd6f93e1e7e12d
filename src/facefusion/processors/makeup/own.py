"""What a face is like under what it is to wear: its own sheet, as the mean of what a video showed of it."""

from __future__ import annotations

from typing import Self

import numpy as np

from facefusion.processors.face_swapper.mesh.canonical import SIZE, canonical_raster
from facefusion.processors.face_swapper.mesh.fields import spread
from facefusion.processors.face_swapper.mesh.filters import Field, blur, lookup, smoothstep
from facefusion.processors.face_swapper.mesh.target import Target
from facefusion.state import State

_SEEN = (0.3, 0.8)
"""Visibility: below the first a place is not looked at, above the second fully."""
_RATE = 0.04
"""Share of a look in the running means, once they have settled: expressions come and go, a face stays."""


class OwnFace:
    """Remembers one face without its light; feed it the frames in which the face is seen.

    Attributes:
        sheet: Lab differences from smooth skin, float32 (SIZE, SIZE, 3).
        colours: what the skin's smooth colour departs from its light, a and b, float32 (SIZE, SIZE, 2).
        skin: mean lightness of its skin, 0 to 255.
    """

    def __init__(self) -> None:
        self.sheet = np.zeros((SIZE, SIZE, 3), np.float32)
        self.colours = np.zeros((SIZE, SIZE, 2), np.float32)
        self.skin = 0.0
        self._seen = np.zeros((SIZE, SIZE), np.float32)
        self._looks = 0

    def look(self, texture: Field, target: Target, foreign: Field) -> None:
        """Take in a frame.

        Args:
            texture: the face without its light, Lab differences, float32 (H, W, 3).
            target: the face on the same grid.
            foreign: how surely pixels are something else, float32 (H, W), 0 to 1.
        """
        surface, layout = target.surface, canonical_raster()
        fields = spread(
            layout,
            place=surface.mesh[:, :2],
            visible=surface.visibility,
            colours=target.light.remainder[:, 1:],
        )
        now = lookup(blur(texture, 0.7), fields["place"])
        clear = 1 - np.clip(lookup(foreign, fields["place"]), 0, 1)
        seen = smoothstep(fields["visible"], *_SEEN) * (layout.numbers >= 0) * clear
        self._seen += seen
        rate = (seen * np.maximum(_RATE, 1 / np.maximum(self._seen, 1)))[:, :, None].astype(np.float32)
        self.sheet += rate * (now - self.sheet)
        self.colours += rate * (fields["colours"] - self.colours)
        self._looks += 1
        self.skin += max(_RATE, 1 / self._looks) * (float(target.light.mean[0]) - self.skin)

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {
            "sheet": self.sheet.copy(),
            "colours": self.colours.copy(),
            "skin": self.skin,
            "seen": self._seen.copy(),
            "looks": self._looks,
        }

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return a face that is remembered as a state says."""
        own = cls()
        own.sheet, own.colours, own.skin = state["sheet"].copy(), state["colours"].copy(), state["skin"]
        own._seen, own._looks = state["seen"].copy(), state["looks"]
        return own
