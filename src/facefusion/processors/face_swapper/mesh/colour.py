"""Colour: 8-bit Lab (L 0 to 255, a and b around 128), in floats where differences are taken."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, lookup

_HIGHLIGHT_SHARE = 0.25


def to_lab(image: npt.NDArray[np.uint8]) -> Field:
    """Return an RGB picture (H, W, 3) in Lab, float32."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2Lab), np.float32)


def to_rgb(lab: Field) -> npt.NDArray[np.uint8]:
    """Return a Lab picture, float32 (H, W, 3), as RGB uint8.

    The 8-bit conversion is ten times as fast as that of floats, and its rounding is below the grain of any camera.
    """
    return np.asarray(cv2.cvtColor(cv2.convertScaleAbs(lab), cv2.COLOR_Lab2RGB), np.uint8)


def split_texture(lab: Field, smooth: Field) -> Field:
    """Return what the smooth skin colour leaves of a face.

    Chroma follows lightness: a shadow on skin has less colour in proportion, a highlight hardly more. Only what departs
    from this rule is the texture's own colour, so it carries over to skin of another tone.

    Args:
        lab: the face, Lab, float32 (H, W, 3).
        smooth: smooth skin colour, Lab, float32 (H, W, 3).
    """
    light = lab[:, :, 0] - smooth[:, :, 0]
    follow = _shading(light) / np.maximum(smooth[:, :, 0], 8)
    chroma = lab[:, :, 1:] - smooth[:, :, 1:] - (smooth[:, :, 1:] - 128) * follow[:, :, None]
    return np.dstack([light, chroma]).astype(np.float32)


def join_texture(texture: Field, smooth: Field, gain: npt.NDArray[np.float32]) -> Field:
    """Put texture on another smooth skin colour; the inverse of `split_texture` where `gain` is 1.

    Args:
        texture: as `split_texture` gives it, float32 (H, W, 3).
        smooth: smooth skin colour, Lab, float32 (H, W, 3).
        gain: factor of lightness and of the two colours, float32 (3,).
    """
    follow = _shading(texture[:, :, 0] * gain[0]) / np.maximum(smooth[:, :, 0], 8)
    lab = texture * gain + smooth
    lab[:, :, 1:] += (smooth[:, :, 1:] - 128) * follow[:, :, None]
    return np.asarray(lab, np.float32)


def _shading(light: Field) -> Field:
    """Return the part of a lightness difference that scales colour: all of a shadow, little of a highlight."""
    return np.asarray(np.minimum(light, light * np.float32(_HIGHLIGHT_SHARE)), np.float32)


def sample(field: Field, points: Points) -> Field:
    """Read a picture at points (N, 2 or more: x, y), bilinear, float32 (N, K)."""
    return np.asarray(lookup(field, points[None, :, :2].astype(np.float32))[0], np.float32)
