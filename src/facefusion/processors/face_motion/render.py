"""Rendering: a face's own pixels where its features have moved to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE
from facefusion.faces.types import Points
from facefusion.processors.face_motion.field import Place, movement
from facefusion.processors.face_motion.level import LID_PAIRS
from facefusion.processors.face_motion.openings import Box, Doubles, Opening, drawn, pixels_of, shrunk
from facefusion.processors.face_swapper.mesh.filters import Field, smoothstep

Pixels = npt.NDArray[np.uint8]

_LASHES: Final = 0.012
"""Width of the edge of lids that moves with them, in eye distances: their lashes."""
_LIP_EDGE: Final = 0.006
"""Width of the edge of lips that moves with them, in eye distances."""
_SOFT: Final = 0.006
"""Softness of the edge of eyes and mouth, in eye distances."""
_OWN_MOUTH: Final = (1.25, 1.7)
"""How much wider than it was a mouth opens: from where its own teeth are seen to where the driving face's are."""
_SLIT: Final = 0.03
"""Opening of a mouth, in its widths, in which nothing is to be seen."""
_STILL: Final = 0.05
"""Farthest movement of a vertex, in pixels, that is none."""
_EYE_EDGE: Final = 0.04
"""Share of an eye's opening along its lids that is their edge."""
_LEAST_IRIS: Final = 3.0
"""Radius in pixels of an iris that is large enough to be moved."""
_MOST_GAZE: Final = 0.9
"""Distance in radii that an iris moves at the most."""
_IRIS: Final = (1.15, 3.0)
"""Distance from the middle of an iris, in radii: from what moves with it to what does not."""
_LIT: Final = (0.4, 1.8)
"""How much darker and lighter the driving face's mouth may become."""
_LIGHT, _TINT = 0.6, 0.75
"""Share of a difference between the lightness, and the colours, of two skins that is light, and not pigment."""
_CHEEKS: Final = (50, 101, 205, 36, 280, 330, 425, 266, 164, 199)
"""Vertices of cheeks, upper lip and chin."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenMouth:
    """What a driving face shows between its lips.

    Attributes:
        image: the picture around it, RGB uint8 (H, W, 3).
        rim: of the opening in it, float32 (20, 2); see `INNER_LIPS`.
        light: colour of the skin around it, RGB, float64 (3,).
    """

    image: Pixels
    rim: Points
    light: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Gaze:
    """How irises move.

    Attributes:
        irises: centre and radius of each, float32 (2, 3), in pixels of the picture.
        by: how far each moves, float64 (2, 2), in pixels.
    """

    irises: Points
    by: Doubles

    @property
    def moves(self) -> bool:
        """Whether any moves at all."""
        return bool((np.abs(self.by) > _STILL).any())

    def within(self, place: Place, eye: int) -> tuple[Doubles, Doubles] | None:
        """Return an iris in pixels of a place, and how it moves; None where it does not, or is too small to tell."""
        iris, by = place.within(self.irises)[eye].astype(np.float64), self.by[eye]
        if iris[2] < _LEAST_IRIS or np.abs(by).max() <= _STILL:
            return None
        most = _MOST_GAZE * iris[2]
        length = max(float(np.linalg.norm(by)), 1e-6)
        return iris, by * (most * np.tanh(length / most) / length)


def rendered(
    image: Pixels,
    before: Points,
    after: Points,
    eyes: float,
    *,
    gaze: Gaze | None = None,
    mouth: OpenMouth | None = None,
) -> Pixels:
    """Return a picture in which a face has moved; only pixels of the face and near it change.

    Args:
        image: RGB uint8 (H, W, 3).
        before: mesh of the face in it, float32 (468, 3).
        after: as it is to be, likewise.
        eyes: an eye distance in pixels.
        gaze: how the irises move; they stay when None.
        mouth: what is seen in a mouth that opens; its own, stretched, when None.

    Returns:
        the picture itself where nothing moves.
    """
    place = Place.of((before, after), eyes, image.shape[:2])
    if place is None or (_stays(before, after) and (gaze is None or not gaze.moves)):
        return image
    own, moved = place.within(before), place.within(after)
    view = np.ascontiguousarray(place.view(image))
    scene = _Scene(view, place, own, moved)
    across, down = movement(place, _without_eyeballs(own, moved, place.eyes), moved)
    x = across + np.arange(place.size[1], dtype=np.float32)
    y = down + np.arange(place.size[0], dtype=np.float32)[:, None]
    shown = np.asarray(cv2.remap(view, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    for eye, rim in enumerate((LEFT_EYE, RIGHT_EYE)):
        _lay_eye(shown, scene, rim, None if gaze is None else gaze.within(place, eye))
    _lay_mouth(shown, scene, mouth)
    result = image.copy()
    place.view(result)[:] = shown
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """A face before and after.

    Attributes:
        view: the picture before, RGB uint8 (H, W, 3).
        place: where that is.
        own: mesh of the face, float32 (468, 3), in its pixels.
        moved: as it is to be, likewise.
    """

    view: Pixels
    place: Place
    own: Points
    moved: Points


def _without_eyeballs(own: Points, moved: Points, eyes: float) -> Points:
    """Return a mesh whose lids begin a little further out as far as they shut, float32 (468, 3).

    The mesh finds the edge of a lid to within a few pixels, and what lies beyond it is not to be drawn along.
    """
    result = own.copy()
    for pairs in LID_PAIRS:
        lower, upper = np.array(pairs).T
        gap = (own[lower] - own[upper])[:, :2]
        before = np.linalg.norm(gap, axis=1, keepdims=True)
        after = np.linalg.norm((moved[lower] - moved[upper])[:, :2], axis=1, keepdims=True)
        step = gap / np.maximum(before, 1e-3) * np.clip(1 - after / np.maximum(before, 1e-3), 0, 1) * _LASHES * eyes
        result[lower, :2] += step
        result[upper, :2] -= step
    return result


def _lay_eye(shown: Pixels, scene: _Scene, rim: Sequence[int], iris: tuple[Doubles, Doubles] | None) -> None:
    """Lay the eyeball, which stays where it was between its corners, over a moved face, in place."""
    place, own, moved = scene.place, scene.own[list(rim), :2], scene.moved[list(rim), :2]
    box = Box.around(moved, 3, place.size)
    if box is None or (iris is None and _stays(own, moved)):
        return
    share = drawn(shrunk(moved, _LASHES * place.eyes), box, _SOFT * place.eyes)
    points = pixels_of(box) + (own[[0, 8]] - moved[[0, 8]]).mean(0)
    if iris is not None:
        (x, y, radius), by = iris
        reach = np.linalg.norm(points - by - np.array([x, y]), axis=-1) / radius
        points -= by * (1 - smoothstep(reach, *_IRIS))[..., None]
    # Where an eye opens wider than it was, and where an iris comes out from under a lid, its edge goes on.
    opening = Opening.of(own)
    u, v = opening.inside(points)
    _mix(shown, _read(scene.view, opening.at(u, np.clip(v, _EYE_EDGE, 1 - _EYE_EDGE))), share, box)


def _lay_mouth(shown: Pixels, scene: _Scene, mouth: OpenMouth | None) -> None:
    """Lay what is seen between the lips over a moved face, in place."""
    view, place, lips = scene.view, scene.place, list(INNER_LIPS)
    rim = scene.moved[lips, :2]
    box = Box.around(rim, 3, place.size)
    if box is None or _stays(scene.own[lips, :2], rim):
        return
    share = drawn(shrunk(rim, _LIP_EDGE * place.eyes), box, _SOFT * place.eyes)
    before, after = Opening.of(scene.own[lips, :2]), Opening.of(rim)
    where = after.inside(pixels_of(box))
    inside = _read(view, before.at(*where)).astype(np.float32)
    wider = (after.gap + _SLIT) / (before.gap + _SLIT)
    if mouth is not None and wider > _OWN_MOUTH[0]:
        other = _read(mouth.image, Opening.of(mouth.rim).at(*where)).astype(np.float32)
        other *= _gain(skin_light(view, scene.own), mouth.light)
        inside += float(smoothstep(np.float32(wider), *_OWN_MOUTH)) * (other - inside)
    _mix(shown, inside, share, box)


def _stays(before: Points, after: Points) -> bool:
    """Return whether no point moves so far that it could be seen."""
    return bool(np.abs(after - before)[:, :2].max() < _STILL)


def _gain(own: Doubles, driving: Doubles) -> npt.NDArray[np.float32]:
    """Return by what the driving face's mouth is multiplied to be lit as the target is, float32 (3,)."""
    light = (float(own.mean()) / max(float(driving.mean()), 1.0)) ** _LIGHT
    # Teeth may lose the yellow of the driving face's light, but never gain that of a skin.
    tint = own / max(float(own.mean()), 1.0) / np.maximum(driving / max(float(driving.mean()), 1.0), 1e-3)
    tint = np.array([min(tint[0], 1.0), 1.0, max(tint[2], 1.0)]) ** _TINT
    return np.asarray(np.clip(light, *_LIT) * tint, np.float32)


def skin_light(image: Pixels, mesh: Points) -> Doubles:
    """Return the middle colour of skin around the mouth, RGB, float64 (3,).

    Args:
        image: RGB uint8 (H, W, 3).
        mesh: the face in it, float32 (468, 2 or more).
    """
    places = np.round(mesh[list(_CHEEKS), :2]).astype(int)
    x, y = np.clip(places[:, 0], 0, image.shape[1] - 1), np.clip(places[:, 1], 0, image.shape[0] - 1)
    return np.asarray(np.median(image[y, x].astype(np.float64), axis=0))


def _read(image: Pixels, points: Doubles) -> Pixels:
    maps = points.astype(np.float32)
    x, y = np.ascontiguousarray(maps[..., 0]), np.ascontiguousarray(maps[..., 1])
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _mix(shown: Pixels, pixels: npt.NDArray[np.uint8 | np.float32], share: Field, box: Box) -> None:
    part = shown[box.part].astype(np.float32)
    part += share[:, :, None] * (np.asarray(pixels, np.float32) - part)
    shown[box.part] = np.clip(np.rint(part), 0, 255).astype(np.uint8)
