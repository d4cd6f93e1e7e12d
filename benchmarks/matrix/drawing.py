"""What the made files show: pictures that tell their own number and which side is up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Signals = npt.NDArray[np.float64]
"""Values of 0 to 1: R'G'B' (height, width, 3), or one channel (height, width)."""

_BITS = 5
_STEP = 0.09
_GREY = 0.02


def drawn(number: int, width: int, height: int) -> Signals:
    """Return a picture: red at top left, green at top right, blue at bottom left, and its number in bright and dark.

    Five cells in the middle hold the number: brighter above and darker below is a one. The step is the same in all
    three colours, so that it leaves chroma, which most files hold at half the size, without edges.
    """
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    drift = 0.03 * np.sin(number / 3)
    red = 0.2 + 0.55 * (1 - across) * (1 - down) + drift
    green = 0.2 + 0.5 * across * (1 - down)
    blue = 0.2 + 0.55 * (1 - across) * down - drift
    picture = np.stack([red, green, blue], axis=-1)
    for bit in range(_BITS):
        upper, lower = _cell(bit, width, height)
        sign = 1 if number >> bit & 1 else -1
        picture[upper] += sign * _STEP
        picture[lower] -= sign * _STEP
    return picture


def opacity(number: int, width: int, height: int) -> Signals:
    """Return an alpha channel: opaque up to beyond the number, clear at the right edge, and moving."""
    ramp = (0.96 - np.linspace(0, 1, width)) / 0.12 + 0.15 * np.sin(number / 2)
    return np.broadcast_to(ramp.clip(0, 1), (height, width)).copy()


def number_in(picture: Signals) -> int:
    """Read the number that is drawn into a picture."""
    height, width = picture.shape[:2]
    cells = (_cell(bit, width, height) for bit in range(_BITS))
    ones = [picture[upper].mean() > picture[lower].mean() for upper, lower in cells]
    return sum(1 << bit for bit, one in enumerate(ones) if one)


def is_upright(picture: Signals) -> bool:
    """Whether red is at top left, green at top right and blue at bottom left."""
    corner_height, corner_width = (side // 6 for side in picture.shape[:2])
    corners = (picture[:corner_height, :corner_width], picture[:corner_height, -corner_width:])
    corners = (*corners, picture[-corner_height:, :corner_width])
    means = [corner.mean(axis=(0, 1)) for corner in corners]
    if np.ptp(means, axis=1).max() < _GREY:  # then by how bright the three colours are
        return float(means[1][0]) > float(means[0][0]) > float(means[2][0])
    return [int(mean.argmax()) for mean in means] == [0, 1, 2]


def _cell(bit: int, width: int, height: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the upper and the lower half of a cell, on even rows and columns."""
    wide, tall = width // 16 * 2, height // 12 * 2
    left, top = width // 12 * 2 + bit * wide, height // 6 * 2
    across = slice(left, left + wide)
    return (slice(top, top + tall), across), (slice(top + tall, top + 2 * tall), across)
