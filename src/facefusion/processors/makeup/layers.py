"""Layers: what a reference's face has that another has not, each by itself.

A sheet is a face without its light, laid out on the canonical face: Lab differences from smooth skin. What is broad is
taken as the difference of two sheets, so that lips which are red already get no redder than the reference's. Wrinkles
are the fine relief of the reference alone: those of the other face stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from facefusion.options import MakeupOptions
from facefusion.processors.face_swapper.mesh.filters import Field, blur, lookup, smoothstep
from facefusion.processors.face_swapper.mesh.regions import foreign_zones
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.makeup.brows import brow_layer
from facefusion.processors.makeup.zones import SIZE, sheet_raster, zones

_SMOOTHING = {"lips": 7.0, "eyes": 3.5}
"""Of the difference between two faces, in pixels of a sheet: finer detail stays the face's own."""
_LIGHTNESS, _CHROMA = (-70.0, 40.0), 45.0
"""The most that a layer changes, in units of 8-bit Lab."""
_FINEST, _COARSEST = 1.3, 11.0
"""Wrinkles lie between these, in pixels of a sheet: finer is grain, broader is the shape of the face."""
_NOISE = 0.8
"""Relief, in units of lightness, that is taken for grain."""
_DEEPEST = np.float32(24)
"""How dark the deepest fold gets."""
_SHINE = np.float32(0.35)
"""Share of what is lighter than its surroundings: most of it is shine, which belongs to the light."""
_DARKENS = frozenset({"eyes"})
"""Layers that make nothing lighter: a lid's own folds and lashes would be painted over."""
_UNSEEN = (0.25, 0.6)
"""How well the reference shows a part: from one of which nothing is taken to one that is believed."""
_SPOT = 41.0
"""Lightness, 0 to 255, of black in the cube root of light: L + 16 of 100 goes with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A face whose layers others wear.

    Attributes:
        sheet: Lab differences from smooth skin, float32 (SIZE, SIZE, 3).
        relief: its wrinkles, differences of lightness, float32 (SIZE, SIZE).
        colours: what the skin's smooth colour departs from its light, a and b, float32 (SIZE, SIZE, 2).
        shown: how well it shows each place, 0 to 1, float32 (SIZE, SIZE).
        skin: mean lightness of its skin, 0 to 255.
    """

    sheet: Field
    relief: Field
    colours: Field
    shown: Field
    skin: float

    @classmethod
    def of(cls, model: SourceModel) -> Self:
        """Return what is worn of a face."""
        raster = sheet_raster()
        fields = raster.interpolate(
            np.column_stack([model.mesh_at(0), model.visibility, model.light.remainder[:, 1:], foreign_zones().beard])
        )
        sheet = lookup(model.textures[0], np.ascontiguousarray(fields[:, :, :2]))
        shown = smoothstep(np.ascontiguousarray(fields[:, :, 2]), *_UNSEEN)
        shaven = 1 - fields[:, :, 5] * np.float32(model.light.beard)
        relief = _relief(sheet[:, :, 0]) * shown * shaven * zones()["wrinkles"]
        colours = np.ascontiguousarray(fields[:, :, 3:5])
        return cls(sheet, np.asarray(relief, np.float32), colours, shown, max(float(model.light.mean[0]), 8.0))


def difference(reference: Reference, own: Field, colours: Field, skin: float, options: MakeupOptions) -> Field:
    """Return what a face wears of a reference, Lab differences at its own skin's lightness, float32 (SIZE, SIZE, 3).

    Args:
        reference: the face whose layers are worn.
        own: the sheet of the face that wears them, float32 (SIZE, SIZE, 3).
        colours: of its skin, as of `Reference`.
        skin: mean lightness of its skin, 0 to 255.
        options: how far each layer goes, in percent.
    """
    scale = np.float32((skin + _SPOT) / (reference.skin + _SPOT))
    total = np.zeros_like(own)
    lacking = reference.sheet * scale - own
    for name, sigma in _SMOOTHING.items():
        strength: int = getattr(options, f"makeup_{name}")
        if strength:
            zone = zones()[name] * reference.shown
            layer = _within(lacking, zone, sigma)
            if name in _DARKENS:
                layer[:, :, 0] = np.minimum(layer[:, :, 0], 0)
            total += layer * (zone * np.float32(strength / 100))[:, :, None]
    if options.makeup_brows:
        total += brow_layer(reference.sheet * scale, reference.shown, own) * np.float32(options.makeup_brows / 100)
    if options.makeup_blush:
        zone = zones()["blush"] * reference.shown * np.float32(options.makeup_blush / 100)
        total[:, :, 1:] += (reference.colours * scale - colours) * zone[:, :, None]
    total[:, :, 0] = np.clip(total[:, :, 0], *_LIGHTNESS)
    np.clip(total[:, :, 1:], -_CHROMA, _CHROMA, out=total[:, :, 1:])
    total[:, :, 0] += reference.relief * (scale * np.float32(options.makeup_wrinkles / 100))
    return total


def _within(values: Field, zone: Field, sigma: float) -> Field:
    """Return values smoothed among those of a zone, float32 (SIZE, SIZE, 3)."""
    weight = blur(zone, sigma) + np.float32(1e-3)
    return np.asarray(blur(values * zone[:, :, None], sigma) / weight[:, :, None], np.float32)


def _relief(lightness: Field) -> Field:
    """Return the wrinkles in a lightness, float32 (SIZE, SIZE): darker below 0, lighter above."""
    fine = blur(np.ascontiguousarray(lightness), _FINEST)
    band = fine - blur(fine, _COARSEST)
    quiet = np.sign(band) * np.maximum(np.abs(band) - np.float32(_NOISE), 0)
    return np.asarray(np.where(quiet < 0, np.maximum(quiet, -_DEEPEST), quiet * _SHINE), np.float32)


def enlarged(sheet: Field) -> Field:
    """Return a field of the canonical layout at the size of a sheet."""
    return np.asarray(cv2.resize(sheet, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR), np.float32)
