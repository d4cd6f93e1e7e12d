"""Reads moving and numbered pictures by Pillow and OpenCV alone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageSequence

from benchmarks.matrix.held import Held, Shown
from benchmarks.matrix.samples import Plane
from benchmarks.matrix.tags import Tags


def animation(path: Path) -> Held:
    """Read an animated picture by Pillow."""
    found, time = Held(codec=path.suffix[1:]), Fraction(0)
    with Pillow.open(path) as image:
        for page in ImageSequence.Iterator(image):
            values = np.asarray(page.convert("RGBA"))
            has_alpha = bool((values[..., 3] < 255).any())
            alpha = values[..., 3] / 255.0 if has_alpha else None
            found.frames.append(Shown(time, values[..., :3] / 255.0, alpha, "rgba", [values.copy()], Tags()))
            time += Fraction(round(page.info.get("duration", 0) * 1000), 1_000_000)
    found.end = time
    return found


def sequence(path: Path) -> Held:
    """Read numbered pictures: 25 a second."""
    found, number = Held(codec=path.suffix[1:]), 1
    while (page := path.parent / (path.name % number)).exists():
        values = _page(page)
        deep = values.dtype == np.uint16
        signal = values / (65535.0 if deep else 255.0)
        has_alpha = bool((signal[..., 3] < 1).any())
        alpha = signal[..., 3] if has_alpha else None
        time = Fraction(number - 1, 25)
        form = "rgba64le" if deep else "rgba"
        found.frames.append(Shown(time, signal[..., :3], alpha, form, [values], Tags()))
        number += 1
    return found


def _page(path: Path) -> Plane:
    """Read a picture as RGBA: by OpenCV those of 16 bits, which Pillow cannot, and all others by Pillow."""
    deep = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
    if deep.dtype == np.uint16:
        full = np.full((*deep.shape[:2], 1), 65535, np.uint16)
        return np.concatenate([deep[..., 2::-1], deep[..., 3:] if deep.shape[2] == 4 else full], axis=2)
    with Pillow.open(path) as image:
        return np.asarray(image.convert("RGBA"))
