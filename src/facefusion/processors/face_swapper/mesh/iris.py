"""Irises: the target's gaze in the colour of the source's eyes.

Where the iris lies, its texture, its pupil, catch lights and the shadow of the lid stay the target's; what changes is its
colour. The white of the eye tells the light in which both are seen, so only the ratio of the two carries over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.irises import CORNERS
from facefusion.faces.mesh import LEFT_EYE, RIGHT_EYE
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import to_lab
from facefusion.processors.face_swapper.mesh.filters import Field, blur, smoothstep
from facefusion.processors.face_swapper.mesh.raster import SUBPIXEL_BITS, to_subpixels
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
_BRIGHTEST, _CATCH_LIGHT = 70, 80
"""Percentiles: of the white that is taken for white, and of the ring above which there are catch lights."""
_LEAST_PIXELS = 12
_LEAST_CONTRAST = (6.0, 30.0)
"""How much darker than the white an iris is in lightness: from doubtful to sure."""
_LEAST_RADIUS = (2.2, 4.0)
"""Radius in pixels: from too small to be coloured to all of it."""
_CHEEKS = (117, 118, 101, 346, 347, 330)
_WHITE_BY_SKIN = (0.55, 0.8)
"""Lightness of the white over that of the cheeks: from lost in shadow, or a lens, to well seen."""
_MOST_TINT = np.float32(12.0)
"""Greatest colour of a light, Lab, that the white is believed to tell; lids and veins colour it too."""
_OPEN = (0.25, 0.7)
"""Opening of the lids, in radii: from closed to open."""
_TURNED = (2.6, 3.6)
"""Width of the eye, in radii: from turned away to seen well."""
_PUPIL = (0.34, 0.5)
"""Where lighter colour sets in, in radii."""
_NO_PUPIL = (-0.1, 0.15)
"""Where darker colour sets in, in radii."""
_RIM = (0.9, 1.1)
"""Where colour ends, in radii."""
_LIGHTS = (22.0, 60.0)
"""How much lighter than a dark iris: from its own texture to a reflection."""
_CATCH = (0.75, 1.25)
"""How much lighter than the iris, of what the white is: from texture to a catch light."""
_MOST = np.array([75.0, 22.0, 40.0], np.float32)
"""Greatest change, Lab."""
_GAIN = (0.6, 1.5)
_RATE = 0.04
"""Share of a frame in what is remembered of the target's eyes, once that has settled."""


@dataclass(frozen=True, slots=True, eq=False)
class EyeColour:
    """What was seen of the colour of a person's eyes.

    Attributes:
        iris: the coloured ring, Lab, float32 (3,).
        white: the white of the eyes in the same light, Lab, float32 (3,).
        trust: how well it was seen, 0 to 1.
    """

    iris: Colour
    white: Colour
    trust: float

    @classmethod
    def observe(cls, image: npt.NDArray[np.uint8], mesh: Points, irises: Points | None) -> Self:
        """Look at both eyes of a face.

        Args:
            image: RGB uint8 (H, W, 3).
            mesh: float32 (468, 3) in its pixels.
            irises: centre and radius of each, float32 (2, 3), in the same; None where nobody looked.
        """
        rings, whites = [np.empty((0, 3), np.float32)], [np.empty((0, 3), np.float32)]
        trust = 0.0
        for eye in _eyes(image.shape[:2], mesh, irises):
            lab = to_lab(np.ascontiguousarray(image[eye.rows, eye.columns]))
            clear = eye.depth > _LID * eye.radius
            ring = clear & (eye.reach > _RING[0]) & (eye.reach < _RING[1]) & (eye.height > _SHADED)
            rings.append(lab[ring])
            whites.append(lab[clear & (eye.reach > _WHITE_FROM)])
            trust = max(trust, eye.share)
        ring, white = np.concatenate(rings), np.concatenate(whites)
        if min(len(ring), len(white)) < _LEAST_PIXELS or not trust:
            return cls.unknown()
        ring = ring[ring[:, 0] <= np.percentile(ring[:, 0], _CATCH_LIGHT)]
        white = white[white[:, 0] >= np.percentile(white[:, 0], _BRIGHTEST)]
        iris, bright = np.median(ring, axis=0), np.median(white, axis=0)
        trust *= float(smoothstep(np.float32(bright[0] - iris[0]), *_LEAST_CONTRAST))
        skin = float(np.median(_colours_at(image, mesh[list(_CHEEKS)])[:, 0]))
        trust *= float(smoothstep(np.float32(bright[0] / max(skin, 1.0)), *_WHITE_BY_SKIN))
        bright[1:] = 128 + _MOST_TINT * np.tanh((bright[1:] - 128) / _MOST_TINT)
        return cls(iris.astype(np.float32), bright.astype(np.float32), trust)

    @classmethod
    def unknown(cls) -> Self:
        """Return what is known of eyes that were not seen."""
        return cls(np.full(3, 128, np.float32), np.full(3, 128, np.float32), 0.0)

    def in_light_of(self, other: EyeColour) -> Colour:
        """Return the colour of these irises where white looks as in other eyes, Lab, float32 (3,)."""
        ratio = _linear(self.iris) / np.maximum(_linear(self.white), 1e-3)
        return _lab(np.clip(ratio, 0.01, 1.0) * _linear(other.white))


class EyeMemory:
    """The colour of a followed face's eyes, as a mean that settles: new irises must not change with each frame."""

    def __init__(self) -> None:
        self._iris = np.zeros(3, np.float32)
        self._white = np.zeros(3, np.float32)
        self._seen = 0.0
        self._trust = 0.0

    def settled(self, now: EyeColour) -> EyeColour:
        """Take in what one frame shows and return what is known.

        Args:
            now: what it shows.
        """
        self._seen += now.trust
        if now.trust:
            rate = np.float32(max(_RATE, 1 / max(self._seen, 1.0)) * min(now.trust, 1.0))
            rate = np.float32(1) if self._trust == 0 else rate
            self._iris += rate * (now.iris - self._iris)
            self._white += rate * (now.white - self._white)
            self._trust += float(rate) * (now.trust - self._trust)
        return EyeColour(self._iris.copy(), self._white.copy(), self._trust)

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {"iris": self._iris.copy(), "white": self._white.copy(), "seen": self._seen, "trust": self._trust}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return a memory that goes on from a state."""
        memory = cls()
        memory._iris, memory._white = state["iris"].copy(), state["white"].copy()
        memory._seen, memory._trust = state["seen"], state["trust"]
        return memory


def recolour(
    image: npt.NDArray[np.uint8], mesh: Points, irises: Points | None, own: EyeColour, wanted: EyeColour
) -> npt.NDArray[np.uint8]:
    """Return the picture with irises of another colour; the picture itself where there is nothing to be done.

    Args:
        image: RGB uint8 (H, W, 3).
        mesh: the face, float32 (468, 3), in its pixels.
        irises: centre and radius of each, float32 (2, 3), in the same; None where nobody looked.
        own: the colour that they have.
        wanted: the eyes whose colour they get.
    """
    trust = min(own.trust, wanted.trust)
    eyes = _eyes(image.shape[:2], mesh, irises) if trust else ()
    colour = wanted.in_light_of(own) if trust else own.iris
    coloured = image
    for eye in eyes:
        if eye.share * trust <= 0:
            continue
        coloured = image.copy() if coloured is image else coloured
        part = np.ascontiguousarray(image[eye.rows, eye.columns])
        coloured[eye.rows, eye.columns] = _coloured(part, eye, own, colour, eye.share * trust)
    return coloured


@dataclass(frozen=True, slots=True, eq=False)
class _Eye:
    """One eye in a picture.

    Attributes:
        rows: of the picture that hold the iris and the white beside it.
        columns: likewise.
        reach: distance from the middle of the iris at each pixel, in radii.
        height: height below it, in radii.
        depth: depth within the lids, in pixels; negative outside of them.
        radius: of the iris, in pixels.
        share: how much of a new colour this eye may have, 0 to 1.
    """

    rows: slice
    columns: slice
    reach: Field
    height: Field
    depth: Field
    radius: float
    share: float


def _eyes(shape: Sequence[int], mesh: Points, irises: Points | None) -> Iterator[_Eye]:
    """Yield the eyes that can be seen."""
    if irises is None:
        return
    for rim, corners, (x, y, radius) in zip((LEFT_EYE, RIGHT_EYE), CORNERS, irises.tolist(), strict=True):
        lids = mesh[list(rim), :2]
        if radius <= _LEAST_RADIUS[0]:
            continue
        low = np.maximum(np.floor(lids.min(0)).astype(int) - 2, 0)
        high = np.minimum(np.ceil(lids.max(0)).astype(int) + 3, shape[::-1])
        if (high - low).min() < 3:
            continue
        across, down = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
        along = mesh[corners[1], :2] - mesh[corners[0], :2]
        width = max(float(np.linalg.norm(along)), 1e-3)
        height = ((down - y) * along[0] - (across - x) * along[1]) / (width * radius)
        yield _Eye(
            rows=slice(int(low[1]), int(high[1])),
            columns=slice(int(low[0]), int(high[0])),
            reach=np.asarray(np.hypot(across - x, down - y) / radius, np.float32),
            height=np.asarray(height, np.float32),
            depth=_depth(lids - low, (int(high[1] - low[1]), int(high[0] - low[0]))),
            radius=radius,
            share=_share(lids, width, radius),
        )


def _share(lids: Points, width: float, radius: float) -> float:
    """Return how much of a new colour an eye may have, by its size, its opening and its turn."""
    opening = cv2.contourArea(np.ascontiguousarray(lids)) / width / radius
    size = smoothstep(np.float32(radius), *_LEAST_RADIUS)
    return float(size * smoothstep(np.float32(opening), *_OPEN) * smoothstep(np.float32(width / radius), *_TURNED))


def _depth(lids: Points, size: tuple[int, int]) -> Field:
    """Return how deep within the lids each pixel lies, in pixels, float32 (H, W); negative outside."""
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [to_subpixels(lids)], 1, cv2.LINE_8, SUBPIXEL_BITS)
    framed = np.pad(inside, 1)
    within = cv2.distanceTransform(framed, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(1 - framed, cv2.DIST_L2, 3)
    return np.asarray((within - outside)[1:-1, 1:-1] - 0.5 * np.sign(within - outside)[1:-1, 1:-1], np.float32)


def _coloured(
    part: npt.NDArray[np.uint8], eye: _Eye, own: EyeColour, colour: Colour, share: float
) -> npt.NDArray[np.uint8]:
    """Return an eye in another colour."""
    lab = to_lab(part)
    change = _MOST * np.tanh((colour - own.iris) / _MOST)
    # A pupil may not become lighter; in an iris that gets darker it needs no care, wherever it ends.
    pupil = _NO_PUPIL if change[0] < 0 else _PUPIL
    weight = smoothstep(eye.reach, *pupil) * (1 - smoothstep(eye.reach, *_RIM))
    # Lashes and the lid's edge keep their colour.
    weight *= smoothstep(eye.depth, -0.5, max(0.15 * eye.radius, 0.5))
    weight = blur(weight, max(0.06 * eye.radius, 0.35)) * np.float32(share)
    light, white = lab[:, :, 0] - own.iris[0], max(float(own.white[0] - own.iris[0]), _LIGHTS[1])
    gain = float(np.clip((colour[0] / max(own.iris[0], 8.0)) ** 0.7, *_GAIN))
    catch = 1 - smoothstep(light, _CATCH[0] * white, _CATCH[1] * white)
    # What is lighter than a dark iris is a reflection, and must not become lighter still.
    bright = catch if change[0] < 0 else 1 - smoothstep(light, *_LIGHTS)
    lab[:, :, 0] += weight * bright * (change[0] + np.float32(gain - 1) * light)
    lab[:, :, 1:] += (weight * catch)[:, :, None] * change[1:]
    return np.asarray(cv2.cvtColor(cv2.convertScaleAbs(lab), cv2.COLOR_Lab2RGB), np.uint8)


def _colours_at(image: npt.NDArray[np.uint8], points: Points) -> Field:
    """Return the colours around points, Lab, float32 (N, 3)."""
    places = np.clip(points[:, :2], 0, np.array(image.shape[1::-1]) - 1).astype(int)
    near = [image[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].mean((0, 1)) for x, y in places]
    return to_lab(np.array(near, np.uint8)[None])[0]


def _linear(lab: Colour) -> Colour:
    """Return a Lab colour as linear RGB, 0 to 1."""
    pixel = np.array([lab[0] * 100 / 255, lab[1] - 128, lab[2] - 128], np.float32)
    return np.asarray(np.clip(cv2.cvtColor(pixel[None, None], cv2.COLOR_Lab2LRGB)[0, 0], 0, 1), np.float32)


def _lab(linear: Colour) -> Colour:
    """Return linear RGB, 0 to 1, as Lab."""
    pixel = cv2.cvtColor(np.asarray(linear, np.float32)[None, None], cv2.COLOR_LRGB2Lab)[0, 0]
    return np.array([pixel[0] * 255 / 100, pixel[1] + 128, pixel[2] + 128], np.float32)
