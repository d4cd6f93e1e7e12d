"""The colour of a person's eyes, in the light of the picture and free of it.

The white of the eye tells the light in which both are seen, so only the ratio of the two carries over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import to_lab
from facefusion.processors.face_swapper.mesh.eyeballs import eyeballs
from facefusion.processors.face_swapper.mesh.filters import Field, smoothstep
from facefusion.state import State

Colour = npt.NDArray[np.float32]

_RING = (0.55, 0.88)
"""The coloured part of an iris, in radii: outside of any usual pupil, inside of the dark limbus."""
_SHADED = -0.25
"""Height over the middle, in radii, above which the upper lid may shade it."""
_LID = 0.12
"""Distance from the lids, in radii, within which lashes may hang over the eye."""
_WHITE_FROM = 1.15
"""Distance from the middle, in radii, from which an eye is white."""
_BRIGHTEST, _MIRRORS = 70, 50
"""Percentiles: of the white that is taken for white, and of the ring above which it may mirror its surroundings."""
_PUPIL, _DARK = 0.3, 40
"""Where the pupil is, in radii, and the percentile of it above which there may be catch lights."""
_MOST_VEIL = 0.75
"""Share of an iris's own light that may be veil."""
_RATIO = (0.015, 1.0)
"""Least and most light of an iris, of that of the white."""
_BLACK = np.array([0.0, 128.0, 128.0], np.float32)
_LEAST_PIXELS = 12
_LEAST_CONTRAST = (6.0, 30.0)
"""How much darker than the white an iris is in lightness: from doubtful to sure."""
_CHEEKS = (117, 118, 101, 346, 347, 330)
_WHITE_BY_SKIN = (0.55, 0.8)
"""Lightness of the white over that of the cheeks: from lost in shadow, or a lens, to well seen."""
_MOST_TINT = np.float32(12.0)
"""Greatest colour of a light, Lab, that the white is believed to tell; lids and veins colour it too."""
_KNOWN, _ASK_EVERY = 12.0, 5
"""Frames in which both eyes were well seen, after which one in so many is looked at."""
_RATE = 0.1
"""Share of a frame in what is remembered of the target's eyes, once that has settled."""


@dataclass(frozen=True, slots=True, eq=False)
class EyeColour:
    """What was seen of the colour of a person's eyes.

    Attributes:
        iris: the coloured ring, Lab, float32 (3,).
        white: the white of the eyes in the same light, Lab, float32 (3,).
        black: the pupils, which are as light as the veil over the whole picture, Lab, float32 (3,).
        trust: how well it was seen, 0 to 1.
    """

    iris: Colour
    white: Colour
    black: Colour
    trust: float

    @classmethod
    def observe(cls, image: npt.NDArray[np.uint8], mesh: Points, irises: Points | None) -> Self:
        """Look at both eyes of a face.

        Args:
            image: RGB uint8 (H, W, 3).
            mesh: float32 (468, 3) in its pixels.
            irises: centre and radius of each, float32 (2, 3), in the same; None where nobody looked.
        """
        rings, whites, pupils = ([np.empty((0, 3), np.float32)] for _ in range(3))
        trust = 0.0
        for eye in eyeballs(image.shape[:2], mesh, irises):
            lab = to_lab(np.ascontiguousarray(image[eye.rows, eye.columns]))
            clear = eye.depth > _LID * eye.radius
            ring = clear & (eye.reach > _RING[0]) & (eye.reach < _RING[1]) & (eye.height > _SHADED)
            rings.append(lab[ring])
            whites.append(lab[clear & (eye.reach > _WHITE_FROM)])
            pupils.append(lab[clear & (eye.reach < _PUPIL)])
            trust = max(trust, eye.share)
        ring, white = np.concatenate(rings), np.concatenate(whites)
        if min(len(ring), len(white)) < _LEAST_PIXELS or not trust:
            return cls.unknown()
        ring = ring[ring[:, 0] <= np.percentile(ring[:, 0], _MIRRORS)]
        white = white[white[:, 0] >= np.percentile(white[:, 0], _BRIGHTEST)]
        iris, bright = np.median(ring, axis=0), np.median(white, axis=0)
        trust *= float(smoothstep(np.float32(bright[0] - iris[0]), *_LEAST_CONTRAST))
        skin = float(np.median(_colours_at(image, mesh[list(_CHEEKS)])[:, 0]))
        trust *= float(smoothstep(np.float32(bright[0] / max(skin, 1.0)), *_WHITE_BY_SKIN))
        bright[1:] = 128 + _MOST_TINT * np.tanh((bright[1:] - 128) / _MOST_TINT)
        return cls(iris.astype(np.float32), bright.astype(np.float32), _darkest(np.concatenate(pupils)), trust)

    @classmethod
    def unknown(cls) -> Self:
        """Return what is known of eyes that were not seen."""
        grey = np.full(3, 128, np.float32)
        return cls(grey, grey, _BLACK, 0.0)

    def in_light_of(self, other: EyeColour) -> Colour:
        """Return the colour of these irises where white looks as in other eyes, Lab, float32 (3,)."""
        veil = self._veil()
        ratio = (_linear(self.iris) - veil) / np.maximum(_linear(self.white) - veil, 1e-3)
        colour = _lab(np.asarray(np.clip(ratio, *_RATIO) * _linear(other.white), np.float32))
        # No iris is darker than the pupil in it.
        colour[0] = max(colour[0], other.black[0])
        return colour

    def _veil(self) -> Colour:
        """Return the light that lies over all of the eye, linear RGB."""
        return np.asarray(np.minimum(_linear(self.black), _MOST_VEIL * _linear(self.iris)), np.float32)


class EyeMemory:
    """The colour of a followed face's eyes, as a mean that settles: new irises must not change with each frame."""

    def __init__(self) -> None:
        self._iris = np.zeros(3, np.float32)
        self._white = np.zeros(3, np.float32)
        self._black = np.zeros(3, np.float32)
        self._seen = 0.0
        self._trust = 0.0
        self._frames = 0

    def asks(self) -> bool:
        """Whether the next frame is to be looked at: every one at first, one now and then once the colour is known."""
        self._frames += 1
        return self._seen < _KNOWN or self._frames % _ASK_EVERY == 0

    def settled(self, now: EyeColour | None) -> EyeColour:
        """Take in what one frame shows and return what is known.

        Args:
            now: what it shows; None where nobody looked.
        """
        now = now or EyeColour.unknown()
        self._seen += now.trust
        if now.trust:
            rate = np.float32(max(_RATE, 1 / max(self._seen, 1.0)) * min(now.trust, 1.0))
            rate = np.float32(1) if self._trust == 0 else rate
            self._iris += rate * (now.iris - self._iris)
            self._white += rate * (now.white - self._white)
            self._black += rate * (now.black - self._black)
            self._trust += float(rate) * (now.trust - self._trust)
        return EyeColour(self._iris.copy(), self._white.copy(), self._black.copy(), self._trust)

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        colours = {"iris": self._iris.copy(), "white": self._white.copy(), "black": self._black.copy()}
        return {**colours, "seen": self._seen, "trust": self._trust, "frames": self._frames}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return a memory that goes on from a state."""
        memory = cls()
        memory._iris, memory._white, memory._black = (state[name].copy() for name in ("iris", "white", "black"))
        memory._seen, memory._trust, memory._frames = state["seen"], state["trust"], state["frames"]
        return memory


def _colours_at(image: npt.NDArray[np.uint8], points: Points) -> Field:
    """Return the colours around points, Lab, float32 (N, 3)."""
    places = np.clip(points[:, :2], 0, np.array(image.shape[1::-1]) - 1).astype(int)
    near = [image[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].mean((0, 1)) for x, y in places]
    return np.asarray(to_lab(np.array(near, np.uint8)[None])[0], np.float32)


def _darkest(pupils: Field) -> Colour:
    """Return the colour of pupils between their catch lights, Lab, float32 (3,)."""
    if len(pupils) < _LEAST_PIXELS:
        return _BLACK
    dark = pupils[pupils[:, 0] <= np.percentile(pupils[:, 0], _DARK)]
    return np.asarray(np.median(dark, axis=0), np.float32)


def _linear(lab: Colour) -> Colour:
    """Return a Lab colour as linear RGB, 0 to 1."""
    pixel = np.array([lab[0] * 100 / 255, lab[1] - 128, lab[2] - 128], np.float32)
    return np.asarray(np.clip(cv2.cvtColor(pixel[None, None], cv2.COLOR_Lab2LRGB)[0, 0], 0, 1), np.float32)


def _lab(linear: Colour) -> Colour:
    """Return linear RGB, 0 to 1, as Lab."""
    pixel = cv2.cvtColor(np.asarray(linear, np.float32)[None, None], cv2.COLOR_LRGB2Lab)[0, 0]
    return np.array([pixel[0] * 255 / 100, pixel[1] + 128, pixel[2] + 128], np.float32)
