"""A hand on an arm that comes in from the side, passes in front of the mouth and leaves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from talking_portrait.curves import smoothstep
from talking_portrait.hand_sprite import Sprite, draw_sprite
from talking_portrait.portrait import Image, Portrait
from talking_portrait.script import State

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class HandView:
    """The hand in one frame.

    Attributes:
        colour: RGB uint8 (height, width, 3), of use where the mask is above 0.
        mask: share of each pixel that it covers, float32 (height, width).
        shadow: what is left of the light behind it, float32 (height, width).
    """

    colour: Image
    mask: Mask
    shadow: Mask

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """Left, top, right, bottom of what is covered by more than half; None when it is out of sight."""
        rows, columns = np.nonzero(self.mask.max(1) > 0.5)[0], np.nonzero(self.mask.max(0) > 0.5)[0]
        if not len(rows):
            return None
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    def put_over(self, image: Image) -> Image:
        """Return `image` with the hand and its shadow."""
        cover = self.mask[..., None]
        behind = image * self.shadow[..., None]
        return np.asarray(np.rint(behind + cover * (self.colour - behind)), dtype=np.uint8)


class Hand:
    """The hand that belongs to one portrait, in the colour of its skin."""

    def __init__(self, portrait: Portrait) -> None:
        self._size = portrait.image.shape[1], portrait.image.shape[0]
        self._unit = 0.46 * portrait.face_width
        self._face_width = portrait.face_width
        mouth = portrait.mesh[[13, 14], :2].mean(0)
        self._goal = mouth + np.array([0, 0.10 * portrait.face_height])
        self._sprites: dict[bool, Sprite] = {}
        grey = portrait.skin.mean()
        self._skin = grey + 0.82 * (portrait.skin - grey)  # hands see less sun and have no make-up

    def view(self, state: State) -> HandView | None:
        """Return the hand at this moment; None while there is none."""
        if state.hand is None:
            return None
        side = state.hand_side
        sprite = self._sprite(mirrored=side < 0)
        matrix = self._placement(state.hand, side, sprite)
        drawn = cv2.warpAffine(sprite.rgba, matrix, self._size, flags=cv2.INTER_LINEAR)
        mask = np.asarray(drawn[..., 3] / 255, dtype=np.float32)
        return HandView(np.ascontiguousarray(drawn[..., :3], dtype=np.uint8), mask, self._shadow(mask, side))

    def _shadow(self, mask: Mask, side: float) -> Mask:
        """Darken what lies behind, a little below the hand and to its inner side; at a quarter of the size."""
        small = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        offset = np.array([[1, 0, -0.0125 * self._unit * side], [0, 1, 0.025 * self._unit]])
        moved = cv2.warpAffine(small, offset, (small.shape[1], small.shape[0]))
        soft = cv2.GaussianBlur(moved, (0, 0), 0.03 * self._unit)
        full = cv2.resize(soft, self._size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(1 - 0.38 * full, dtype=np.float32)

    def _placement(self, u: float, side: float, sprite: Sprite) -> Array:
        """Bring the middle of the knuckles along its way: in from below, over the mouth, out again."""
        come = float(smoothstep(0.0, 0.38, u) * smoothstep(0.0, 0.38, 1 - u))
        sway = float(np.sin(2 * np.pi * (u - 0.5) * 1.5)) * come
        far = np.array([side * (0.5 * self._size[0] + 0.9 * self._face_width), 1.6 * self._face_width])
        near = np.array([side * (0.16 - 0.12 * sway), -0.06 * np.cos(np.pi * u)]) * self._face_width
        place = self._goal + far * (1 - come) + near * come
        angle = side * (-52 + 10 * sway + 12 * (1 - come))
        cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        scale = self._unit / sprite.unit
        turn = scale * np.array([[cos, -sin], [sin, cos]])
        return np.column_stack([turn, place - turn @ sprite.knuckles])

    def _sprite(self, *, mirrored: bool) -> Sprite:
        if mirrored not in self._sprites:
            sprite = draw_sprite(self._skin, round(self._unit))
            self._sprites[mirrored] = sprite.mirrored() if mirrored else sprite
        return self._sprites[mirrored]
