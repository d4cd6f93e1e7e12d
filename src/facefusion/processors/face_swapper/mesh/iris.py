"""Irises: the target's gaze in the colour of the source's eyes.

Where the iris lies, its texture, its pupil, catch lights and the shadow of the lid stay the target's; what changes is
its colour.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import to_lab, to_rgb
from facefusion.processors.face_swapper.mesh.eyeballs import Eyeball, eyeballs
from facefusion.processors.face_swapper.mesh.eyecolour import Colour, EyeColour
from facefusion.processors.face_swapper.mesh.filters import blur, smoothstep

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
_LIGHTER = np.float32(0.75)
"""Share of a change to a lighter eye: eyes that are too light glow, while too dark ones go unnoticed."""
_MURKY = (14.0, 34.0)
"""How much darker than the white iris or pupil is, from where they cannot be told from it to where they can."""
_NIGHT = (20.0, 40.0)
"""Lightness of the white, 0 to 255, from a picture that is too dark to show anything to one that is not."""
_DIM, _DIM_PUPIL = 0.42, 0.3
"""Share of its light that such an iris loses, and of what is left that its pupil does."""
_DIM_RIM, _PUPIL_RIM = (0.65, 1.15), (0.25, 0.6)
"""Where that ends, in radii."""
_GAIN = (0.6, 1.5)
"""Least and greatest factor on the texture of an iris."""


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
    eyes = eyeballs(image.shape[:2], mesh, irises) if trust else ()
    colour = wanted.in_light_of(own) if trust else own.iris
    coloured = image
    for eye in eyes:
        if eye.share * trust <= 0:
            continue
        coloured = image.copy() if coloured is image else coloured
        part = np.ascontiguousarray(image[eye.rows, eye.columns])
        coloured[eye.rows, eye.columns] = _coloured(part, eye, own, colour, eye.share * trust)
    return coloured


def deepened(
    image: npt.NDArray[np.uint8], mesh: Points, irises: Points | None, own: EyeColour
) -> npt.NDArray[np.uint8]:
    """Return the picture with dark irises where shadow and haze leave none to be seen; else the picture itself.

    Beneath dark brows a murky slit passes for an eye; between the lids of another face it would look blind.

    Args:
        image: RGB uint8 (H, W, 3).
        mesh: the face, float32 (468, 3), in its pixels.
        irises: centre and radius of each, float32 (2, 3), in the same; None where nobody looked.
        own: what was seen of their colour.
    """
    # Where light has burnt the iris out, or night has swallowed all of it, there is nothing to mend.
    darkest = min(own.iris[0], own.black[0])
    murky = 1 - float(smoothstep(own.white[0] - darkest, *_MURKY))
    murky *= float(smoothstep(own.white[0], *_NIGHT))
    if murky == 0:
        return image
    deeper = image.copy()
    for eye in eyeballs(image.shape[:2], mesh, irises):
        iris, pupil = (1 - smoothstep(eye.reach, *rim) for rim in (_DIM_RIM, _PUPIL_RIM))
        within = smoothstep(eye.depth, -0.5, max(0.2 * eye.radius, 0.5)) * np.float32(murky * eye.share)
        left = (1 - _DIM * iris * within) * (1 - _DIM_PUPIL * pupil * within)
        part = deeper[eye.rows, eye.columns]
        part[:] = np.round(part * left[:, :, None]).astype(np.uint8)
    return deeper


def _coloured(
    part: npt.NDArray[np.uint8], eye: Eyeball, own: EyeColour, colour: Colour, share: float
) -> npt.NDArray[np.uint8]:
    """Return an eye in another colour."""
    lab = to_lab(part)
    change = _MOST * np.tanh((colour - own.iris) / _MOST)
    change[0] = min(change[0], change[0] * _LIGHTER)
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
    return to_rgb(lab)
