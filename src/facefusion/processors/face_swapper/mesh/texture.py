"""Texture: what is done to the source's texture once the smooth skin colour is taken off."""

from __future__ import annotations

import numpy as np

from facefusion.faces.mesh import mirror_vertices
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import (
    Field,
    blur,
    dilate,
    double,
    halve,
    lookup,
    shrink,
    smoothstep,
)
from facefusion.processors.face_swapper.mesh.raster import MeshRaster

MIRROR = np.float32(0.85)
"""Quality of the other half of the face beside that of the true one."""
CAUTIOUS, EAGER = (0.25, 0.6), (0.4, 0.9)
"""Quality beside that of a better texture: below the first that one takes over, above the second nothing does."""
_TONAL = 30
"""The texture's width over this: smoothing of the difference in tone of two views."""
_MOST_TONE = np.float32(20)
"""Greatest difference in tone that is taken off, in Lab units."""
_HIGHLIGHT_LIMIT = np.float32(34)
"""How much lighter than smooth skin a broad part of the texture may be, in Lab units."""
_SHADE_LIMIT = np.float32(12)
"""How much darker or lighter than smooth skin a wide part of plain skin may be, in Lab units."""
_WARY = 100
"""The texture's width over this: distance from foreign pixels within which others are not trusted either."""
_BROAD, _WIDE = 45, 14
"""The texture's width over these: smoothing by which highlights are found, and by which shadows and tints are."""
_SHY = 0.1
"""Share of skin in the surroundings at which half of its mean is taken off."""
_ENOUGH_SKIN = (0.1, 0.4)
"""Share of skin in the surroundings: below the first no tint is taken off, above the second all of it."""
_FILL_LEVELS = 6
_HINT = 0.02
"""Weight that a pixel of a coarser level has beside a trusted one."""
_SMALLEST = 32
"""Shorter side in pixels at which the pyramid ends."""


def fill_foreign(texture: Field, trust: Field, raster: MeshRaster, mesh: Points) -> Field:
    """Replace foreign pixels by the other half of the face where that is clear, else by smooth skin.

    Args:
        texture: Lab differences from smooth skin, float32 (H, W, 3).
        trust: how surely pixels are the face, 0 to 1, float32 (H, W).
        raster: the mesh over it.
        mesh: float32 (468, 3) in its pixels.
    """
    mirrored = raster.interpolate(mesh[mirror_vertices(), :2])
    other = lookup(np.dstack([texture, trust]), mirrored)
    clear = np.where(raster.numbers >= 0, other[:, :, 3], 0) * MIRROR
    filled, known, _ = fill_from(texture, trust, np.ascontiguousarray(other[:, :, :3]), clear)
    share = known[:, :, None]
    return np.asarray(filled * share + spread_inwards(filled, known) * (1 - share), np.float32)


def fill_from(
    texture: Field,
    quality: Field,
    other: Field,
    other_quality: Field,
    *,
    own: tuple[float, float] = CAUTIOUS,
) -> tuple[Field, Field, Field]:
    """Replace what another texture shows better, in the tone of the first.

    Args:
        texture: float32 (H, W, 3).
        quality: how well it shows the face, float32 (H, W), 0 to 1.
        other: float32 (H, W, 3).
        other_quality: the same of the other.
        own: share of the better quality from which the first gives way, and up to where it stays whole.

    Returns:
        texture and quality of both together, and the share of the first, float32 (H, W).
    """
    share = smoothstep(quality / (np.maximum(quality, other_quality) + np.float32(1e-6)), *own)
    both = np.minimum(quality, other_quality) * share
    reach = texture.shape[1] / _TONAL
    amount = blur(both, reach)
    tone = blur((texture - other) * both[:, :, None], reach) / (amount + np.float32(1e-3))[:, :, None]
    tone = spread_inwards(_MOST_TONE * np.tanh(tone / _MOST_TONE), np.minimum(amount, both))
    filled = texture * share[:, :, None] + (other + tone) * (1 - share)[:, :, None]
    return np.asarray(filled, np.float32), quality * share + other_quality * (1 - share), share


def trusted(foreign: Field, raster: MeshRaster) -> Field:
    """Return how surely pixels are the face, at some distance from what is foreign, 0 to 1, float32 (H, W).

    Args:
        foreign: how surely pixels are not the face, 0 to 1, float32 (H, W); 1 off the face.
        raster: the mesh over it.
    """
    reach = foreign.shape[1] / _WARY
    doubt = blur(dilate(foreign, max(1, round(reach))), max(1.0, reach * 0.8))
    # What is all but clear counts as clear.
    trust = np.clip(1.2 - 1.2 * doubt, 0, 1)
    return np.asarray(trust * raster.near(), np.float32)


def even_out(texture: Field, skin: Field, beard: Field) -> Field:
    """Take off what broad light and colour the fit has left on the skin; it belongs to the source's surroundings.

    Highlights are held back everywhere, for on lighter skin they would burn out; broad shadows and tints on skin alone,
    for features and beards are dark and coloured by nature.

    Args:
        texture: Lab differences from smooth skin, float32 (H, W, 3); changed in place.
        skin: how surely each pixel shows plain skin, 0 to 1, float32 (H, W).
        beard: how surely each pixel may show a beard, 0 to 1, float32 (H, W).
    """
    broad = blur(np.ascontiguousarray(texture[:, :, 0]), texture.shape[1] / _BROAD)
    texture[:, :, 0] -= np.maximum(broad, 0) - _HIGHLIGHT_LIMIT * np.tanh(np.maximum(broad, 0) / _HIGHLIGHT_LIMIT)
    weight = np.clip(skin * (1 - beard), 0, 1)
    reach = texture.shape[1] / _WIDE
    amount = blur(weight, reach)[:, :, None]
    wide = blur(texture * weight[:, :, None], reach) / (amount + _SHY)
    wide[:, :, 0] -= _SHADE_LIMIT * np.tanh(wide[:, :, 0] / _SHADE_LIMIT)
    texture -= wide * smoothstep(amount, *_ENOUGH_SKIN)
    return texture


def pyramid(texture: Field) -> tuple[Field, ...]:
    """Return the texture and ever smaller ones, each half the size of the one before."""
    levels = [texture]
    while min(levels[-1].shape[:2]) > _SMALLEST:
        height, width = levels[-1].shape[:2]
        levels.append(shrink(levels[-1], (height // 2, width // 2)))
    return tuple(levels)


def spread_inwards(values: Field, trust: Field) -> Field:
    """Fill untrusted pixels from trusted ones around, coarse to fine (normalised convolution on a pyramid)."""
    trust = np.square(trust)
    levels = [(values * trust[:, :, None], trust)]
    for _ in range(_FILL_LEVELS):
        levels.append((halve(levels[-1][0]), halve(levels[-1][1])))
    filled = np.asarray(levels[-1][0] / np.maximum(levels[-1][1], 1e-4)[:, :, None], np.float32)
    for weighted, weight in reversed(levels[:-1]):
        filled = double(filled, weight.shape)
        filled = (weighted + _HINT * filled) / (weight + _HINT)[:, :, None]
    return np.asarray(filled, np.float32)
