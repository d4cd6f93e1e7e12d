"""A lamp that passes while the room grows dim: shading from the normals of the head."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from talking_portrait.curves import smoothstep
from talking_portrait.depth import Surface
from talking_portrait.portrait import Image
from talking_portrait.pose import rotation_matrix
from talking_portrait.script import State

Gain = npt.NDArray[np.float32]
_DARKEST = 0.30
_LAMP = 0.80
_WARMTH = np.array([1.06, 1.0, 0.90])


class Lamp:
    """The light that falls on one head."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        smooth = cv2.GaussianBlur(surface.depth, (0, 0), 12.0 / surface.spacing)
        slope_y, slope_x = np.gradient(smooth, surface.spacing)
        normals = np.stack([slope_x, slope_y, -np.ones_like(slope_x)], axis=-1)
        # the slope from the head back to what is behind it is no surface that could be lit
        head = smoothstep(0.02, 0.16, -surface.depth / np.abs(surface.depth).max())[..., None]
        normals[..., :2] *= head
        self._normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)

    def gain(self, state: State) -> Gain | None:
        """Return what the light multiplies the portrait by, (rows, columns, 3) on the surface's grid; None for 1."""
        if state.dimming == 0:
            return None
        turning = self._surface.turning
        turn = rotation_matrix(state.yaw, state.pitch)
        normals = self._normals + turning[..., None] * (self._normals @ turn.T - self._normals)
        angle = 1.2 * state.lamp
        lamp = np.array([np.sin(angle), -0.35, -np.cos(angle)])
        lit = np.clip(normals @ (lamp / np.linalg.norm(lamp)), 0, None)
        room = 1 - state.dimming * (1 - _DARKEST)
        share = state.dimming * _LAMP * (0.3 + 0.7 * self._surface.carried)
        colour = room + (share * lit)[..., None] * _WARMTH
        return np.asarray(colour, dtype=np.float32)

    def shine(self, image: Image, gain: Gain) -> Image:
        """Multiply a picture by a gain given on the surface's grid; what lies around it gets the rim's."""
        scale = 1 / self._surface.spacing
        x, y = -self._surface.points[0, 0] * scale
        to_grid = np.array([[scale, 0, x], [0, scale, y]])
        size = image.shape[1], image.shape[0]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        full = cv2.warpAffine(gain, to_grid, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.multiply(image, full, dtype=cv2.CV_8U), dtype=np.uint8)
