"""Strips of a swapped clip, for the eye: frames before the swap above, after it below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.contact_sheet import head
from benchmarks.judging.film import Take
from benchmarks.pairs import Portrait
from facefusion.media.frame import Image

_FRAMES = 6


def strip(takes: Sequence[Take], tracks: Sequence[int], tile: int) -> Image:
    """Return six moments of each face, evenly spread, RGB uint8.

    Args:
        takes: the frames of a clip.
        tracks: the faces, one pair of rows for each.
        tile: side of one picture in pixels.
    """
    return np.vstack([_rows(takes, number, tile) for number in tracks])


def _rows(takes: Sequence[Take], number: int, tile: int) -> Image:
    with_face = [take for take in takes if number in take.faces]
    chosen = [with_face[at] for at in np.linspace(0, len(with_face) - 1, _FRAMES).round().astype(int)]
    pictures = []
    for take in chosen:
        before, after = (Portrait("", image, take.faces[number]) for image in (take.before, take.after))
        pictures.append(np.vstack([head(portrait, before, tile) for portrait in (before, after)]))
    return np.hstack(pictures)
