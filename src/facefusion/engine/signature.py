"""A signature drawn on a screen: read apart from the process, and made a plain picture of ink on white."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.engine.post.shrink import shrunk
from facefusion.errors import InputError, InputTypeError
from facefusion.media.load import load_picture
from facefusion.media.picture import Picture
from facefusion.options import LimitOptions

LARGEST_BYTES: Final = 512 << 10
"""Bytes of a drawing at most."""
_MOST_PIXELS: Final = 4096 * 4096
_LONGEST: Final = 1200
_MARGIN: Final = 16
_INK: Final = 64
"""From how dark on, of 255, something was drawn."""
_LEAST_INK: Final = 40
"""Pixels of ink in a signature at least; a tap leaves fewer."""
_MOST_INK: Final = 0.6
"""Share of a drawing that ink covers at most; what is darker is a ground, and no line on it would be kept."""

Ink = npt.NDArray[np.uint8]


def read_signature(path: Path, limits: LimitOptions) -> bytes:
    """Return a drawing as the bytes of a PNG of one channel, cut to what was drawn, without any metadata.

    The ink is what is opaque, of whatever colour; in a picture without transparency it is what is dark. One drawing
    always gives the same bytes. On Linux it is decoded in a process that can do nothing else.

    Args:
        path: of the drawing.
        limits: what is refused.

    Raises:
        InputError: it is no picture that can be read, is too large, or shows nothing.
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise InputTypeError(
            f"The signature {path} has more than {LARGEST_BYTES >> 10} KiB", "Draw it anew, or send a smaller picture"
        )
    apart = {"isolate": limits.isolate or sys.platform == "linux"}
    pixels = {"max_pixels": min(_MOST_PIXELS, limits.max_pixels)}
    ink = _ink(load_picture(path, limits.model_copy(update=apart | pixels)))
    if np.count_nonzero(ink >= _INK) > _MOST_INK * ink.size:
        raise InputTypeError(f"The signature {path} is dark all over", "Sign with dark ink on a light ground, or none")
    rows, columns = (np.flatnonzero((ink >= _INK).any(axis=axis)) for axis in (1, 0))
    if np.count_nonzero(ink >= _INK) < _LEAST_INK:
        raise InputTypeError(f"The signature {path} shows nothing", "Sign with finger, pen or mouse, and send it again")
    drawn = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    framed = cv2.copyMakeBorder(255 - drawn, *(_MARGIN,) * 4, cv2.BORDER_CONSTANT, value=(255,))
    small = shrunk(np.asarray(cv2.cvtColor(framed, cv2.COLOR_GRAY2RGB), np.uint8), _LONGEST)
    is_made, png = cv2.imencode(".png", small[..., 0])
    if not is_made:
        raise InputError(f"The signature {path} cannot be kept", "Draw it anew")
    return png.tobytes()


def _ink(picture: Picture) -> Ink:
    """Return how much ink lies where, 255 for all."""
    if picture.alpha is not None and int(picture.alpha.min()) < 255 - _INK:
        return picture.alpha
    return np.asarray(255 - cv2.cvtColor(picture.image, cv2.COLOR_RGB2GRAY), np.uint8)
