"""Colour: 8-bit Lab (L 0 to 255, a and b around 128), in floats where differences are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.filters import Field, at_least, at_most, lookup, planes_of, within
from facefusion.state import State

_HIGHLIGHT_SHARE = 0.25
_PALEST = 0.4
_DEEP = (0.3, 0.75)
"""Darkness as a share of the skin's lightness: from what shadows are to what only hair is."""
_WHITE = np.float32(255)
_BURNT = (238, 252)
"""Lightness of skin: from the first on shadows are lost, from the second as far as `_LOST`."""
_LOST = np.float32(12)
"""Depth of shadows, 0 to 255, that a burnt-out picture does not show."""


def to_lab(image: npt.NDArray[np.uint8]) -> Field:
    """Return an RGB picture (H, W, 3) in Lab, float32."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2Lab), np.float32)


def to_rgb(lab: Field) -> npt.NDArray[np.uint8]:
    """Return a Lab picture, float32 (H, W, 3), as RGB uint8.

    The 8-bit conversion is ten times as fast as that of floats, and on skin its rounding is below the grain of any
    camera; saturated blues come out up to 23 of 255 off.
    """
    return np.asarray(cv2.cvtColor(cv2.convertScaleAbs(lab), cv2.COLOR_Lab2RGB), np.uint8)


def planes_to_rgb(lab: Sequence[Field]) -> npt.NDArray[np.uint8]:
    """Return a Lab picture, float32 (H, W) each of its three planes, as RGB uint8; see `to_rgb`."""
    rounded = cv2.merge([cv2.convertScaleAbs(plane) for plane in lab])
    return np.asarray(cv2.cvtColor(rounded, cv2.COLOR_Lab2RGB), np.uint8)


@dataclass(frozen=True, slots=True)
class TextureGain:
    """How much stronger texture shows on another skin.

    Attributes:
        shadow: factor of what is darker than the smooth colour.
        highlight: factor of what is lighter.
        chroma: factor of what departs in colour.
        skin: mean lightness of the skin that the texture was taken from, 0 to 255.
        deep: factor of what is darkest, like brows and lashes.
        pigment: chroma that paler skin gains where texture makes it as dark as the skin that it was taken from.
        paler: by how much that skin is darker, 0 to 255; at least 1.
    """

    shadow: float
    highlight: float
    chroma: float
    skin: float
    deep: float = 0.0
    pigment: float = 0.0
    paler: float = 1.0

    def towards(self, other: TextureGain, share: float) -> TextureGain:
        """Return factors between these, at 0, and others, at 1."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in _FACTORS)
        return TextureGain(*(own + share * (wanted - own) for own, wanted in pairs))

    def state(self) -> State:
        """Return the factors by name; see `facefusion.state`."""
        return asdict(self)

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Return what was saved."""
        return cls(**state)


_FACTORS = tuple(field.name for field in fields(TextureGain))


def split_texture(lab: Field, smooth: Field) -> Field:
    """Return what the smooth skin colour leaves of a face.

    Chroma follows lightness: a shadow on skin has less colour in proportion, a highlight hardly more. Only what departs
    from this rule is the texture's own colour, so it carries over to skin of another tone.

    Args:
        lab: the face, Lab, float32 (H, W, 3).
        smooth: smooth skin colour, Lab, float32 (H, W, 3).
    """
    own, skin = planes_of(lab), planes_of(smooth)
    light = own[0] - skin[0]
    follow = 1 + _shading(light, skin[0])
    chroma = (own[channel] - 128 - (skin[channel] - 128) * follow for channel in (1, 2))
    return np.asarray(cv2.merge([light, *chroma]), np.float32)


def join_texture(texture: Field, smooth: Field, gain: TextureGain) -> Field:
    """Put texture on another smooth skin colour.

    On the smooth colour that it was taken off, with factors of 1 and nothing clipped, lightness comes back exactly
    and colour as far as the smooth colour is no darker than `gain.skin`; where it is darker, colour comes back weaker.

    Args:
        texture: as `split_texture` gives it, float32 (H, W, 3 or more).
        smooth: smooth skin colour, Lab, float32 (H, W, 3).
        gain: how much stronger texture shows on it.
    """
    return np.asarray(cv2.merge(joined_planes(planes_of(texture), planes_of(smooth), gain)), np.float32)


def joined_planes(plain: Sequence[Field], skin: Sequence[Field], gain: TextureGain) -> list[Field]:
    """Put texture on another smooth skin colour as `join_texture` does, both given and returned plane by plane."""
    # In place wherever it may be: the fewer planes, the more of them stay in the processor's cache.
    light = _burn(_contrast(plain[0], gain), skin[0])
    light += skin[0]
    lightness = _soft_range(light, skin[0])
    follow = 1 + _shading(lightness - skin[0], skin[0])
    # A colour seen in the light is weaker where it comes to lie in the dark: make-up on dark skin does not glow.
    fade = within(lightness / at_least(plain[0] + np.float32(gain.skin), 16.0), 0.0, 1.0) * np.float32(gain.chroma)
    if gain.pigment > 0:
        follow += _pigment(lightness, skin, gain)
    joined = [lightness]
    for channel in (1, 2):
        base = skin[channel] - 128
        base *= follow
        # What is greyer than rich skin must not turn pale skin blue or green.
        palest = np.abs(base)
        palest *= np.float32(-_PALEST)
        own = plain[channel] * fade
        np.maximum(own, palest, out=own)
        base += 128
        base += own
        joined.append(base)
    return joined


def _contrast(plain: Field, gain: TextureGain) -> Field:
    """Return the texture's lightness as it shows on the other skin; what is darkest stays nearly as dark as it was."""
    dark = at_most(plain, 0.0)
    light = plain - dark
    light *= np.float32(gain.highlight)
    light += dark * np.float32(gain.shadow)
    if gain.deep > gain.shadow:
        low, high = _DEEP
        depth = dark * np.float32(-1 / (gain.skin * (high - low)))
        depth -= np.float32(low / (high - low))
        depth = within(depth, 0.0, 1.0)
        depth *= dark
        depth *= np.float32(gain.deep - gain.shadow)
        light += depth
    return np.asarray(light, np.float32)


def _burn(light: Field, smooth: Field) -> Field:
    """Take from shadows what a burnt-out picture does not show of them: with less light it would be white, too."""
    low, high = _BURNT
    if float(smooth.max()) <= low:
        return light
    lost = np.clip((smooth - low) * np.float32(1 / (high - low)), 0, 1) * _LOST
    return np.asarray(np.where(light < 0, np.minimum(light + lost, 0), light), np.float32)


def _pigment(lightness: Field, smooth: Sequence[Field], gain: TextureGain) -> Field:
    """Return by what share chroma grows where pale skin is darkened: what darkens skin is brown, not grey."""
    darker = within((smooth[0] - lightness) * np.float32(1 / gain.paler), 0.0, 1.0)
    darkest = at_most((lightness + 41) * np.float32(1 / (gain.skin + 41)), 1.0)
    red, yellow = smooth[1] - 128, smooth[2] - 128
    chroma = at_least(np.sqrt(red * red + yellow * yellow), 8.0)
    return np.asarray(darker * darkest * np.float32(gain.pigment) / chroma, np.float32)


def _shading(light: Field, smooth: Field) -> Field:
    """Return the share by which a difference of lightness changes colour: all of a shadow, little of a highlight.

    In Lab both chroma and L + 16 (of 100) go with the cube root of the light.
    """
    shade = light * np.float32(_HIGHLIGHT_SHARE)
    np.minimum(shade, light, out=shade)
    shade /= smooth + np.float32(41)
    return np.asarray(shade, np.float32)


def _soft_range(lightness: Field, smooth: Field) -> Field:
    """Bend what would leave the range of lightness back into it, in place, starting part of the way from the smooth."""
    low, high = smooth * np.float32(0.4), smooth + _WHITE
    high *= np.float32(0.5)
    # Few pixels leave it.
    light, floor, top = (plane.reshape(-1) for plane in (lightness, low, high))
    under, over = np.flatnonzero(light < floor), np.flatnonzero(light > top)
    floor, top = floor[under], top[over]
    room = _WHITE - top
    light[under] = floor * np.exp((light[under] - floor) / np.maximum(floor, 1))
    light[over] = _WHITE - room * np.exp((top - light[over]) / np.maximum(room, 1))
    return lightness


def sample(field: Field, points: Points) -> Field:
    """Read a field, float32 (H, W) or (H, W, K), at points (N, 2 or more: x, y), bilinear; float32 (N,) or (N, K)."""
    return np.asarray(lookup(field, points[None, :, :2].astype(np.float32))[0], np.float32)
