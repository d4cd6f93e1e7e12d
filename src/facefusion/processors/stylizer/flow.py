"""The flow of a picture: which way its edges run, and lines drawn along them.

Lines are differences of Gaussians taken across the flow and summed along it (Kang, Lee and Chui, "Flow-Based Image
Abstraction", 2009). Across, the difference is that of the limit, the second derivative, found in fixed filters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]

_TINY = np.float32(1e-6)
_STEPS = 3
"""Steps that a line is followed to each side."""
_NEAR = cv2.BORDER_REPLICATE


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Which way the edges of a picture run.

    Attributes:
        x: of unit vectors across the edges, float32 (H, W).
        y: of the same.
        sure: how far there is one direction and no other, 0 to 1, float32 (H, W).
    """

    x: Plane
    y: Plane
    sure: Plane

    @classmethod
    def of(cls, light: Plane, reach: float) -> Self:
        """Return the flow of a picture's lightness, by its structure tensor.

        Args:
            light: float32 (H, W).
            reach: smoothing of the tensor in pixels.
        """
        across = np.asarray(cv2.Sobel(light, cv2.CV_32F, 1, 0, scale=1 / 8), np.float32)
        down = np.asarray(cv2.Sobel(light, cv2.CV_32F, 0, 1, scale=1 / 8), np.float32)
        xx, xy, yy = (smooth(plane, reach) for plane in (across * across, across * down, down * down))
        apart, both = xx - yy, xx + yy
        spread, angle = cv2.cartToPolar(apart, 2 * xy)
        x, y = cv2.polarToCart(np.ones_like(light), angle * np.float32(0.5))
        return cls(np.asarray(x, np.float32), np.asarray(y, np.float32), spread / (both + _TINY))


def smooth(plane: Plane, sigma: float) -> Plane:
    """Return a field smoothed by a Gaussian of `sigma` pixels; as it is where that is next to nothing."""
    if sigma < 0.2:
        return plane
    side = 2 * max(1, round(2.5 * sigma)) + 1
    return np.asarray(cv2.GaussianBlur(plane, (side, side), sigma, borderType=_NEAR), np.float32)


def places(shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    """Return x and y of each pixel, float32 (H, W) each."""
    down, across = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return across, down


def ridges(light: Plane, flow: Flow, width: float) -> Plane:
    """Return how dark a line each pixel lies on, float32 (H, W), in units of the lightness.

    Above 0 on dark lines and on the dark side of edges, below 0 on light ones.

    Args:
        light: float32 (H, W).
        flow: of the picture.
        width: of lines in pixels.
    """
    soft = smooth(light, width)
    xx, xy, yy = (
        np.asarray(cv2.Sobel(soft, cv2.CV_32F, *order, ksize=3, scale=scale), np.float32)
        for order, scale in (((2, 0), 1 / 4), ((1, 1), 1 / 4), ((0, 2), 1 / 4))
    )
    bent = flow.x * flow.x * xx + 2 * flow.x * flow.y * xy + flow.y * flow.y * yy
    return along(bent * np.float32(width * width), flow, 2 * width)


def along(plane: Plane, flow: Flow, step: float) -> Plane:
    """Return a field averaged along the edges, float32 (H, W) or (H, W, K); nearer pixels weigh more.

    Args:
        plane: float32 (H, W) or (H, W, K).
        flow: of the picture.
        step: how far pixels lie apart that are looked at; there are three to each side.
    """
    start_x, start_y = places(plane.shape)
    total, weights = plane.copy(), 1.0
    for side in (1.0, -1.0):
        to_x, to_y = -flow.y * np.float32(side * step), flow.x * np.float32(side * step)
        x, y = start_x, start_y
        for number in range(1, _STEPS + 1):
            x, y = x + to_x, y + to_y
            weight = float(np.exp(-0.5 * (2 * number / (_STEPS + 1)) ** 2))
            total += np.float32(weight) * _at(plane, x, y)
            weights += weight
            if number < _STEPS:
                to_x, to_y = _onwards(flow, x, y, to_x, to_y, np.float32(step))
    return np.asarray(total / np.float32(weights), np.float32)


def _onwards(  # noqa: PLR0917 - a place and a step, both in two numbers
    flow: Flow, x: Plane, y: Plane, to_x: Plane, to_y: Plane, step: np.float32
) -> tuple[Plane, Plane]:
    """Return the next step along the edges, which goes on in the direction of the last."""
    next_x, next_y = -_nearest(flow.y, x, y), _nearest(flow.x, x, y)
    turned = np.copysign(step, next_x * to_x + next_y * to_y)
    return next_x * turned, next_y * turned


def _at(plane: Plane, x: Plane, y: Plane) -> Plane:
    return np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=_NEAR), np.float32)


def _nearest(plane: Plane, x: Plane, y: Plane) -> Plane:
    return np.asarray(cv2.remap(plane, x, y, cv2.INTER_NEAREST, borderMode=_NEAR), np.float32)
