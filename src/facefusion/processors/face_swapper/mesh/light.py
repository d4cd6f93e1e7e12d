"""Light: the smooth colour field of a face's skin, separated from its texture.

A field has a part that follows the surface's direction (spherical harmonics: order 2 for lightness, 1 for colour) and a
smooth remainder for cast shadows and uneven skin. Both are fitted to skin vertices, and robustly, so that hair, glasses
or a beard do not bend them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import rescale
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.colour import TextureGain, sample
from facefusion.processors.face_swapper.mesh.filters import Field, blur, median, shrink, smoothstep
from facefusion.processors.face_swapper.mesh.fitting import fit_robustly, harmonics, smooth
from facefusion.processors.face_swapper.mesh.regions import BEARD, skin_vertices

_FACING = (0.05, 0.35)
"""Cosine between surface and camera: below the first a vertex counts as turned away, above the second as well seen."""
_VERTEX_GRID = 160
"""Longest side, in pixels, of the picture that colours at vertices are read from."""
_ABOUT = 0.75
"""Ratio of that to a picture's own side from which it is not made smaller first."""
_VERTEX_BLUR = 1.6
"""Smoothing of that picture, in its pixels."""
_BEARD_DARKER = (0.5, 1.5)
"""How much darker than skin chin and upper lip are, in spreads: with no beard, and with a sure one."""
_FLAT = 4.0
"""Contrast, in Lab units, that is added to both sides, so that flat pictures give no extreme ratios."""
_HELD, _PALER = 0.25, (35.0, 90.0)
"""By how much texture is held back on paler skin, and how much lighter that is, in Lab units."""
_DIM = 64.0
"""Lightness of skin, 0 to 255, below which there is less and less room for its texture."""
_LEAST_LIGHT = 8.0
"""Lightness, 0 to 255, below which skin is not taken to be darker still."""

_DEEPEST = 1.35
"""Greatest factor of what is darkest on paler skin."""
_PIGMENT, _MOST_PIGMENT = 0.7, 16.0
"""Share of the difference in chroma that paler skin gains where it is darkened, and the most of it, in Lab units."""
_MUCH_PALER = (30.0, 70.0)
"""Difference of lightness from which it does, and does fully: a little of it is the picture's own colours, which would
leave orange marks."""
_LEAST_PALER = 24.0
"""Least difference of lightness over which it does."""
_BURNT = (232, 248)
"""Mean lightness of skin: from a bright picture to one that is burnt out and shows nothing deep."""


@dataclass(frozen=True, slots=True, eq=False)
class LightField:
    """Smooth skin colour at each vertex.

    Attributes:
        directional: part that follows the surface's direction, Lab, float32 (468, 3).
        remainder: smooth part that it leaves, Lab, float32 (468, 3).
        spread: usual distance of skin from the directional part, Lab, float64 (3,).
        mean: mean colour of the skin, Lab, float64 (3,).
        contrast: how far features depart from skin in lightness (root mean square over the face).
        beard: how surely chin and upper lip are darker than skin, 0 to 1.
    """

    directional: Field
    remainder: Field
    spread: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    contrast: float
    beard: float


def fit_light(colours: Field, normals: Points, trust: npt.NDArray[np.float32]) -> LightField:
    """Fit the smooth skin colour of a face.

    Args:
        colours: 8-bit Lab at each vertex, float32 (468, 3).
        normals: unit normals, as `fitting.calm` gives them, float32 (468, 3).
        trust: weight of each vertex, 0 to 1, float32 (468,); low where the surface is turned away.
    """
    skin = skin_vertices() * trust
    basis = harmonics(normals)
    directional, weights, spread = fit_robustly(basis, colours.astype(np.float64), skin.astype(np.float64))
    features = (colours[:, 0] - directional[:, 0]) ** 2
    return LightField(
        directional=directional.astype(np.float32),
        remainder=smooth(colours - directional, weights).astype(np.float32),
        spread=spread,
        mean=(weights[:, None] * colours).sum(0) / max(float(weights.sum()), 1e-6),
        contrast=float(np.sqrt(np.average(features, weights=trust + 1e-3))),
        beard=_beard(colours, directional, spread),
    )


def facing(normals: Points) -> npt.NDArray[np.float32]:
    """Return how well the camera sees each vertex, 0 (turned away) to 1, float32 (N,)."""
    return smoothstep(-normals[:, 2], *_FACING)


def vertex_colours(lab: Field, mesh: Points) -> Field:
    """Return the mean colour around each vertex, float32 (468, 3).

    Args:
        lab: Lab picture, float32 (H, W, 3).
        mesh: float32 (468, 3) in its pixels.
    """
    scale = _VERTEX_GRID / max(lab.shape[:2])
    if scale >= _ABOUT:
        return sample(blur(lab, _VERTEX_BLUR / min(scale, 1)), mesh[:, :2])
    small = shrink(lab, (max(1, round(lab.shape[0] * scale)), max(1, round(lab.shape[1] * scale))))
    return sample(blur(small, _VERTEX_BLUR), rescale(mesh[:, :2], lab.shape[:2], small.shape[:2]))


def texture_gain(source: LightField, target: LightField) -> TextureGain:
    """Return how much stronger texture shows on the target's skin than on the source's.

    Dark skin and haze show less contrast than light skin and clear air, light skin shines less than dark skin, and
    differences of colour shrink with the colour itself.
    """
    lightness = float(max(target.mean[0], _LEAST_LIGHT) / max(source.mean[0], _LEAST_LIGHT))
    contrast = (target.contrast + _FLAT) / (source.contrast + _FLAT)
    paler = float(target.mean[0] - source.mean[0])
    held = 1 - _HELD * float(smoothstep(np.float32(paler), *_PALER))
    dim = min(max(float(target.mean[0]), _LEAST_LIGHT) / _DIM, 1.0) ** 0.7
    shadow = held * dim * float(np.clip(lightness**0.1 * contrast**0.14, 0.4, 1.05))
    highlight = shadow * float(np.clip(lightness**-0.6, 0.5, 1.0))
    much_paler = float(smoothstep(np.float32(paler), *_MUCH_PALER))
    richness = [float(np.hypot(*(light.mean[1:] - 128))) for light in (target, source)]
    clear = 1 - float(smoothstep(target.mean[0], *_BURNT))
    return TextureGain(
        shadow,
        highlight,
        chroma=min(max(richness[0] / max(richness[1], 1.0), 0.4), 1.1),
        skin=max(float(source.mean[0]), _LEAST_LIGHT),
        deep=shadow + max(min(lightness, _DEEPEST) - shadow, 0) * clear,
        pigment=min(max(richness[1] - richness[0], 0.0) * _PIGMENT, _MOST_PIGMENT) * much_paler,
        paler=max(paler, _LEAST_PALER),
    )


def _beard(colours: Field, directional: npt.NDArray[np.float64], spread: npt.NDArray[np.float64]) -> float:
    darker = (directional[list(BEARD), 0] - colours[list(BEARD), 0]) / spread[0]
    return float(smoothstep(median(darker), *_BEARD_DARKER))
