"""Pieces: connected parts of a mask on a face, judged as a whole."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def pieces_reaching(mask: Mask, rim: Mask, *, core: Mask | None = None, least_area: float = 0) -> Mask:
    """Return those connected pieces of a mask that reach in from the rim, bool (H, W).

    Args:
        mask: bool (H, W); its pixels hang together across sides and corners.
        rim: where a piece must have a pixel, bool (H, W).
        core: where it must have another, bool (H, W); anywhere when None.
        least_area: pixels that it must exceed.
    """
    if not mask.any():
        return mask
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    areas = np.bincount(labels.ravel())
    kept = areas > least_area
    for needed in (rim, core):
        if needed is not None:
            kept &= np.bincount(labels[needed], minlength=len(areas)) > 0
    kept[0] = False  # the number of what is not in the mask
    return np.asarray(kept[labels], np.bool_)
