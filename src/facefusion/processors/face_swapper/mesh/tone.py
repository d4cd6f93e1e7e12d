"""Tone: the colour of a person's skin, and how far a new face takes the target's or keeps the source's own.

Light that falls on skin is given back in proportion, and so it is in proportion that a face becomes paler or darker:
what models it, and a light that changes, stay. How light the skin of the target is must not be asked in every frame,
for then a face in a passing shadow would keep its lightness: it is the mean of what was seen of it, and settles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OVAL, RIGHT_EYE, canonical_vertices
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.fields import spread
from facefusion.processors.face_swapper.mesh.filters import (
    Field,
    at_least,
    at_most,
    blur,
    dilate,
    erode,
    planes_of,
    smoothstep,
)
from facefusion.processors.face_swapper.mesh.light import LightField
from facefusion.processors.face_swapper.mesh.raster import fill_opening
from facefusion.processors.face_swapper.mesh.regions import Weights, canonical_distances, edge_weights
from facefusion.processors.face_swapper.mesh.surface import Surface
from facefusion.state import State

Tone = npt.NDArray[np.float64]
"""Mean colour of skin, 8-bit Lab as `mesh.colour` has it, float64 (3,)."""

_BLACK = 41.0
"""In Lab both chroma and L + 16 (of 100) go with the cube root of the light; 16 of 100 are 41 of 255."""
_GREY = 128.0
_MOST = (0.3, 3.0)
"""Least and greatest factor, so that a face in the dark gives no extreme ones."""
_BRIGHT = np.float32(0.6)
"""How far from the wanted tone to white paler skin may shine: highlights of dark skin are no light that models it."""
_WHITE = np.float32(255)
_JAW, _FOREHEAD = (0.0, 0.24), (0.03, 0.42)
"""Distance from the outline, in eye distances: from the target's tone to the one wanted. Skin ends at the jaw, for what
follows is the neck; on the forehead it goes on."""
_HEIGHT = (-0.2, 0.3)
"""Height above the eyes, in eye distances: from jaw to forehead."""
_FACING = (0.05, 0.6)
"""Cosine between surface and camera: from where the outline may run to surely inside of it."""
_CAN_TURN = (0.35, 0.55)
"""Distance from the outline, in eye distances: up to the first, what turns away becomes outline; the nose does not."""
_WHOLE, _FAINT = 0.6, 0.1
"""Share of what the outline leaves of the new face from which it counts as whole, and what it leaves where it all but
ends."""
_OPENINGS = (LEFT_EYE, RIGHT_EYE, INNER_LIPS)
_GAP, _RUN_OUT = 0.03, 0.1
"""In eye distances: half of the width of slits in the new face that are closed, and the length over which its tone runs
out before an edge."""
_SETTLED = 48
"""Frames after which a tone is known."""


def mixed(source: Tone, target: Tone, match: float) -> Tone:
    """Return the tone between the source's own, at a match of 0, and the target's, at 1."""
    return np.asarray(source + match * (target - source), np.float64)


@dataclass(frozen=True, slots=True)
class ToneShift:
    """A change from one tone of skin to another.

    Attributes:
        ratio: factor of the light that is given back, as Lab has it.
        chroma: what is added to both colours where lightness is the one wanted.
        light: lightness of the tone that is wanted, 0 to 255.
    """

    ratio: float
    chroma: tuple[float, float]
    light: float

    @classmethod
    def between(cls, present: Tone, wanted: Tone) -> Self:
        """Return the change from a present tone to one that is wanted."""
        ratio = float(np.clip((wanted[0] + _BLACK) / (present[0] + _BLACK), *_MOST))
        red, yellow = (float(wanted[k] - _GREY - ratio * (present[k] - _GREY)) for k in (1, 2))
        return cls(ratio, (red, yellow), float(wanted[0]))

    def on(self, smooth: Field, share: Field | np.float32) -> Field:
        """Return smooth skin colour, Lab, float32 (H, W, 3), in the tone that is wanted.

        Args:
            smooth: in the present tone.
            share: of the change in each pixel, 0 to 1, float32 (H, W), or one for all.
        """
        light, *colours = planes_of(smooth)
        scale = 1 + share * np.float32(self.ratio - 1)
        changed = _bent((light + np.float32(_BLACK)) * scale - np.float32(_BLACK), light, self.light)
        # Where there is less light, skin shows less of its colour, too.
        lit = (changed + np.float32(_BLACK)) * np.float32(1 / (self.light + _BLACK)) * share
        pairs = zip(colours, self.chroma, strict=True)
        shifted = [(plane - np.float32(_GREY)) * scale + np.float32(_GREY) + lit * np.float32(c) for plane, c in pairs]
        return np.asarray(cv2.merge([changed, *shifted]), np.float32)

    def of_light(self, light: LightField) -> LightField:
        """Return what is known of a face's light as it would be if its skin had the other tone."""
        mean = light.mean * self.ratio + (self.ratio - 1) * np.array([_BLACK, -_GREY, -_GREY])
        return replace(light, mean=mean + np.array([0.0, *self.chroma]))


def _bent(changed: Field, before: Field, wanted: float) -> Field:
    """Bend lightness that has risen above the wanted one, so that it stays clearly below white; what was there may."""
    knee = np.maximum(np.float32(wanted), before)
    room = np.maximum(_BRIGHT * (_WHITE - knee), 1)
    over = np.maximum(changed - knee, 0)
    return np.asarray(np.minimum(changed, knee) + room * (1 - np.exp(-over / room)), np.float32)


def tone_share(surface: Surface, laid: Field) -> Field:
    """Return the share of a tone of its own over a face, float32 (H, W), 0 to 1.

    Args:
        surface: its geometry.
        laid: share of the new face, float32 (H, W); where that ends short of the outline, at a fringe or where the
            source showed none of the forehead, the tone ends before it.
    """
    edge = edge_weights() * surface.visibility
    fields = spread(surface.raster, inside=inside_weights(surface.normals), edge=edge)
    # Along the outline the new face fades as it always does, and there the tone has run out anyway.
    whole = at_most(laid / at_least(fields["edge"] * np.float32(_WHOLE), _FAINT), 1.0)
    whole = np.where(fields["edge"] < _FAINT, np.float32(1), whole).astype(np.float32)
    for rim in _OPENINGS:
        fill_opening(whole, surface.mesh, rim)
    run = _pixels(_RUN_OUT, surface)
    whole = blur(erode(_closed(whole, surface), run), run / 2)
    return np.asarray(np.minimum(fields["inside"], whole), np.float32)


def without_slits(laid: Field, surface: Surface) -> Field:
    """Return the share of the new face, float32 (H, W), with thin slits closed, as beside a nose that is turned.

    There the target's own skin shows, which nobody sees as long as it has the same tone.

    Args:
        laid: share of the new face by geometry alone, float32 (H, W).
        surface: its geometry.
    """
    openings = np.zeros_like(laid)
    for rim in _OPENINGS:
        fill_opening(openings, surface.mesh, rim)
    openings = dilate(openings, _pixels(_GAP, surface))
    closed = np.where(openings > 0, laid, _closed(laid, surface))
    return np.asarray(closed * surface.silhouette, np.float32)


def _closed(share: Field, surface: Surface) -> Field:
    gap = _pixels(_GAP, surface)
    return erode(dilate(share, gap), gap)


def _pixels(length: float, surface: Surface) -> int:
    """Return a length in eye distances in pixels of the grid, at least 1."""
    return max(1, round(length * float(np.linalg.norm(surface.mesh[263] - surface.mesh[33]))))


def inside_weights(normals: Points) -> Weights:
    """Return the share of a tone of its own at each vertex of a face, float32 (468,): 0 on the outline, 1 inside.

    It rises over far more than the mask's edge, so that no line shows where a pale face meets a dark neck.

    Args:
        normals: unit normals, as `fitting.calm` gives them, float32 (468, 3); on a turned head the outline that is seen
            runs over the cheek.
    """
    inside, near = _by_distance()
    return inside * (1 - near * (1 - smoothstep(-normals[:, 2], *_FACING)))


@cache
def _by_distance() -> tuple[Weights, Weights]:
    """Return the share of a face that looks into the camera, and what can become outline as it turns, (468,)."""
    distances = canonical_distances()[:, list(OVAL)].min(1)
    above = smoothstep(-canonical_vertices()[:, 1], *_HEIGHT)
    (jaw_low, jaw_high), (low, high) = _JAW, _FOREHEAD
    begins, ends = jaw_low + (low - jaw_low) * above, jaw_high + (high - jaw_high) * above
    inside = smoothstep((distances - begins) / (ends - begins), 0, 1)
    return inside, np.asarray(1 - smoothstep(distances, *_CAN_TURN), np.float32)


class ToneMemory:
    """Remembers the tone of one followed face: the mean of what was seen, which settles and then stays."""

    def __init__(self) -> None:
        self._mean: Tone = np.zeros(3)
        self._seen = 0

    def settled(self, tone: Tone) -> Tone:
        """Return the face's tone.

        Args:
            tone: what this frame shows of it.
        """
        if self._seen < _SETTLED:
            self._seen += 1
            self._mean = np.asarray(self._mean + (tone - self._mean) / self._seen, np.float64)
        return self._mean

    def state(self) -> State:
        """Return what is remembered; see `facefusion.state`."""
        return {"mean": self._mean.copy(), "seen": self._seen}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return one that goes on from a state."""
        memory = cls()
        memory._mean, memory._seen = state["mean"].copy(), state["seen"]
        return memory
