"""Rendering: a face's own pixels where its features have moved to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE
from facefusion.faces.types import Points
from facefusion.processors.face_motion.field import Place, movement
from facefusion.processors.face_motion.openings import Box, Mouth, drawn, pixels_of, shrunk
from facefusion.processors.face_swapper.mesh.filters import Field, smoothstep

Pixels = npt.NDArray[np.uint8]

_LASHES: Final = 0.012
"""Width of the edge of lids that moves with them, in eye distances: their lashes."""
_LIP_EDGE: Final = 0.006
"""Width of the edge of lips that moves with them, in eye distances."""
_SOFT: Final = 0.006
"""Softness of the edge of eyes and mouth, in eye distances."""
_OWN_MOUTH: Final = (1.3, 2.2)
"""How much wider than it was a mouth opens: from where its own teeth are seen to where the driving face's are."""
_SLIT: Final = 0.03
"""Opening of a mouth, in its widths, in which nothing is to be seen."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenMouth:
    """What a driving face shows between its lips.

    Attributes:
        image: the picture around it, RGB uint8 (H, W, 3).
        mesh: the driving face in it, float32 (468, 2).
        light: lightness of the skin around it, mean of RGB, float64 (3,).
    """

    image: Pixels
    mesh: Points
    light: npt.NDArray[np.float64]


def rendered(image: Pixels, before: Points, after: Points, eyes: float, mouth: OpenMouth | None) -> Pixels:
    """Return a picture in which a face has moved; only pixels of the face and near it change.

    Args:
        image: RGB uint8 (H, W, 3).
        before: mesh of the face in it, float32 (468, 3).
        after: as it is to be, likewise.
        eyes: an eye distance in pixels.
        mouth: what is seen in a mouth that opens; its own, stretched, when None.
    """
    place = Place.of((before, after), eyes, image.shape[:2])
    if place is None or np.abs(after - before)[:, :2].max() < _STILL:
        return image
    own, moved = place.within(before), place.within(after)
    view = np.ascontiguousarray(place.view(image))
    across, down = movement(place, own, moved)
    x = across + np.arange(place.size[1], dtype=np.float32)
    y = down + np.arange(place.size[0], dtype=np.float32)[:, None]
    shown = np.asarray(cv2.remap(view, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    for rim in (LEFT_EYE, RIGHT_EYE):
        _lay_eye(shown, view, place, own[list(rim), :2], moved[list(rim), :2])
    _lay_mouth(shown, view, place, own, moved, mouth)
    result = image.copy()
    place.view(result)[:] = shown
    return result


_STILL: Final = 0.05
"""Farthest movement of a vertex, in pixels, that is none."""


def _lay_eye(shown: Pixels, view: Pixels, place: Place, own: Points, moved: Points) -> None:
    """Lay the eyeball, which stays where it was between its corners, over a moved face, in place."""
    box = Box.around(moved, 3, place.size)
    if box is None:
        return
    share = drawn(shrunk(moved, _LASHES * place.eyes), box, _SOFT * place.eyes)
    corners = [0, 8]
    shift = (own[corners] - moved[corners]).mean(0)
    points = pixels_of(box) + shift
    _mix(shown, _read(view, points), share, box)


def _lay_mouth(shown: Pixels, view: Pixels, place: Place, own: Points, moved: Points, mouth: OpenMouth | None) -> None:
    """Lay what is seen between the lips over a moved face, in place."""
    rim = moved[list(INNER_LIPS), :2]
    box = Box.around(rim, 3, place.size)
    if box is None:
        return
    share = drawn(shrunk(rim, _LIP_EDGE * place.eyes), box, _SOFT * place.eyes)
    before, after = Mouth.of(own), Mouth.of(moved)
    where = after.inside(pixels_of(box))
    inside = _read(view, before.at(*where)).astype(np.float32)
    wider = (after.gap + _SLIT) / (before.gap + _SLIT)
    if mouth is not None and wider > _OWN_MOUTH[0]:
        other = _read(mouth.image, Mouth.of(mouth.mesh).at(*where)).astype(np.float32)
        other *= _gain(skin_light(view, own), mouth.light)
        inside += float(smoothstep(np.float32(wider), *_OWN_MOUTH)) * (other - inside)
    _mix(shown, inside, share, box)


_LIT: Final = (0.35, 1.8)
_PIGMENT: Final = 0.7
"""Share of a difference of lightness between two skins that is light, and not pigment."""


def _gain(own: npt.NDArray[np.float64], driving: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return by what the driving face's mouth is multiplied to be lit as the target is, float32 (3,)."""
    gain = float(own.mean()) / max(float(driving.mean()), 1.0)
    return np.full(3, np.clip(gain**_PIGMENT, *_LIT), np.float32)


_CHEEKS: Final = (50, 101, 205, 36, 280, 330, 425, 266, 164, 199)


def skin_light(image: Pixels, mesh: Points) -> npt.NDArray[np.float64]:
    """Return the mean colour of skin around the mouth, RGB, float64 (3,).

    Args:
        image: RGB uint8 (H, W, 3).
        mesh: the face in it, float32 (468, 2 or more).
    """
    places = np.round(mesh[list(_CHEEKS), :2]).astype(int)
    x, y = np.clip(places[:, 0], 0, image.shape[1] - 1), np.clip(places[:, 1], 0, image.shape[0] - 1)
    return np.asarray(np.median(image[y, x].astype(np.float64), axis=0))


def _read(image: Pixels, points: npt.NDArray[np.float64]) -> Pixels:
    maps = points.astype(np.float32)
    return np.asarray(
        cv2.remap(image, maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _mix(shown: Pixels, pixels: npt.NDArray[np.number], share: Field, box: Box) -> None:
    part = shown[box.part].astype(np.float32)
    part += share[:, :, None] * (pixels - part)
    shown[box.part] = np.clip(np.rint(part), 0, 255).astype(np.uint8)
