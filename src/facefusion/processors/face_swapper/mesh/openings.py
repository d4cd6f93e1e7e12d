"""Openings: eyes and mouth, where the target's own pixels show, and how they close.

Eyeballs, teeth and tongue of the source belong to its gaze and its speech. None of their pixels may come to lie on a
lid or a lip, so in the source's texture the openings are closed: skin and lashes go on into them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.irises import CORNERS
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, blur, dilate, smoothstep
from facefusion.processors.face_swapper.mesh.raster import SUBPIXEL_BITS, fill_opening, to_subpixels
from facefusion.processors.face_swapper.mesh.texture import spread_inwards

_MARGIN = 0.006
"""How far beyond its rim an opening is closed, in eye distances: for the width of a lid's wet edge."""
_LASHES, _SEAM = 0.03, 0.02
"""How far from the rims of eyes and mouth their darkest is looked for, in eye distances."""
_BLINK = (0.125, 0.2)
"""Opening of the lids over the width of the eye: from shut to open."""
_ALIVE = (0.75, 1.1)
"""Contrast within narrow lids, beside the lightness of the skin around them: from lashes on shut lids to an eye."""
_AROUND = (0.05, 0.1)
"""Distance from the lids, in eye distances, within which that skin is looked at."""
_LINE = 0.3
"""Where lids meet, from the lower lid to the upper one: it is the upper one that moves."""
_SLIT = (0.02, 0.08)
"""Opening of the lids after that: from one that shows nothing of the eye to one that shows all."""
_MOUTH_GAP = (0.012, 0.035)
"""Gap between the lips, in eye distances: below the first the mouth counts as shut, above the second as open."""


def without_openings(texture: Field, mesh: Points) -> Field:
    """Return the texture of a face with its mouth, and the margins of its eyes, closed over by what surrounds them.

    What shows through a shut mouth would be teeth. Within the rims of open eyes the target's own show, and the last of
    the source's lashes and lids along them is what makes its eyes look like itself.

    Args:
        texture: Lab differences from smooth skin, float32 (H, W, 3).
        mesh: float32 (468, 3) in its pixels.
    """
    unit = _eye_distance(mesh)
    # Lids meet in a dark line of lashes, and lips in a dark line too.
    lips = _closed_over(texture, _darkest(texture, _SEAM * unit), mesh, (INNER_LIPS,), unit)
    lids = _closed_over(lips, _darkest(texture, _LASHES * unit), mesh, (LEFT_EYE, RIGHT_EYE), unit)
    within = _drawn(texture.shape[:2], mesh, (LEFT_EYE, RIGHT_EYE))[:, :, None]
    return np.asarray(lids + within * (lips - lids), np.float32)


def _darkest(texture: Field, distance: float) -> Field:
    """Return the texture with the darkest lightness that there is within a distance in pixels."""
    reach = max(1, round(distance))
    dark = texture.copy()
    dark[:, :, 0] = blur(-dilate(-texture[:, :, 0], reach), max(reach / 2, 0.5))
    return dark


def _closed_over(
    texture: Field, surroundings: Field, mesh: Points, rims: Sequence[tuple[int, ...]], unit: float
) -> Field:
    """Return the texture with what surrounds openings going on into them."""
    inside = _drawn(texture.shape[:2], mesh, rims)
    reach = max(1, round(_MARGIN * unit))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    closed = np.asarray(cv2.dilate(inside, disc), np.float32)
    share, filled = blur(closed, reach / 3), spread_inwards(surroundings, 1 - closed)
    return np.asarray(texture + share[:, :, None] * (filled - texture), np.float32)


def _drawn(size: tuple[int, ...], mesh: Points, rims: Sequence[tuple[int, ...]]) -> npt.NDArray[np.uint8]:
    """Return 1 within the rims, else 0, uint8 (H, W)."""
    inside = np.zeros(size, np.uint8)
    for rim in rims:
        cv2.fillPoly(inside, [to_subpixels(mesh[list(rim), :2])], 1, cv2.LINE_8, SUBPIXEL_BITS)
    return inside


def with_lids_shut(mesh: Points, picture: Callable[[], npt.NDArray[np.uint8]] | None = None) -> Points:
    """Return a mesh whose lids meet in one line where they all but do, float32 (468, 3); the same one where none does.

    The lids that a network sees in a blinking face never quite meet, and what lies between them would flicker. Lids
    that are screwed up leave as narrow a gap, but something shines in it.

    Args:
        mesh: float32 (468, 3), in pixels.
        picture: gives the picture in which the mesh lies, RGB uint8 (H, W, 3); asked only where it has a say. None to
            go by the mesh alone.
    """
    rims = (LEFT_EYE, RIGHT_EYE)
    openings = [_opening(mesh, rim, corners) for rim, corners in zip(rims, CORNERS, strict=True)]
    if min(openings) >= _BLINK[1]:
        return mesh
    shut = mesh.copy()
    for rim, opening in zip(rims, openings, strict=True):
        closed = 1 - float(smoothstep(np.float32(opening), *_BLINK))
        if closed and picture is not None:
            closed *= 1 - _alive(cv2.cvtColor(picture(), cv2.COLOR_RGB2GRAY), mesh, rim)
        for lower, upper in zip(rim[1:8], rim[:8:-1], strict=True):
            line = mesh[lower] + np.float32(_LINE) * (mesh[upper] - mesh[lower])
            shut[lower] += np.float32(closed) * (line - mesh[lower])
            shut[upper] += np.float32(closed) * (line - mesh[upper])
    return shut


def _alive(lightness: npt.NDArray[np.number], mesh: Points, rim: tuple[int, ...]) -> float:
    """Return how surely an eye shines between lids, 0 to 1: its white and its lights against pupil and lashes."""
    within = _drawn(lightness.shape, mesh, (rim,))
    near, far = (_grown(within, share * _eye_distance(mesh)) for share in _AROUND)
    skin, eye = lightness[(far > 0) & (near == 0)], lightness[within > 0]
    if not len(skin) or not len(eye):
        return 0.0
    dark, light = np.quantile(eye, (0.1, 0.95))
    return float(smoothstep((light - dark) / np.float32(np.median(skin) + 1), *_ALIVE))


def _grown(flags: npt.NDArray[np.uint8], distance: float) -> npt.NDArray[np.uint8]:
    """Return flags with all that lies within a distance of them, in pixels."""
    side = 2 * max(1, round(distance)) + 1
    return np.asarray(cv2.dilate(flags, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))), np.uint8)


def close_openings(share: Field, mesh: Points) -> None:
    """Let the new face's lids and lips meet where the target's all but do, in place; open ones show the target's own.

    Args:
        share: of the new face at each pixel, float32 (H, W).
        mesh: float32 (468, 3) in its pixels.
    """
    gap = float(np.linalg.norm(mesh[13, :2] - mesh[14, :2])) / _eye_distance(mesh)
    _close(share, mesh, INNER_LIPS, 1 - float(smoothstep(np.float32(gap), *_MOUTH_GAP)))
    for rim, corners in zip((LEFT_EYE, RIGHT_EYE), CORNERS, strict=True):
        _close(share, mesh, rim, 1 - float(smoothstep(np.float32(_opening(mesh, rim, corners)), *_SLIT)))


def _close(share: Field, mesh: Points, rim: tuple[int, ...], closed: float) -> None:
    if closed > 0:
        filled = np.zeros(share.shape, np.float32)
        fill_opening(filled, mesh, rim)
        np.maximum(share, filled * np.float32(closed), out=share)


def _opening(mesh: Points, rim: tuple[int, ...], corners: tuple[int, int]) -> float:
    """Return how far the lids are apart in the middle of the eye, in widths of the eye."""
    width = float(np.linalg.norm(mesh[corners[0], :2] - mesh[corners[1], :2]))
    apart = np.linalg.norm(mesh[list(rim[3:6]), :2] - mesh[list(rim[13:10:-1]), :2], axis=1)
    return float(apart.mean()) / max(width, 1e-3)


def _eye_distance(mesh: Points) -> float:
    return max(float(np.linalg.norm(mesh[263] - mesh[33])), 1e-3)
