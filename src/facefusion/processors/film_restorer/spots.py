"""Spots of a frame that its neighbours do not have, and which of them are damage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_LARGEST: Final = 0.0025
"""Area of a spot at most, as a share of the frame's."""
_LONGEST: Final = 0.3
"""Width or height of a spot at most, in heights of the frame."""
_MOST: Final = 400
"""Spots of one sort on a frame; more is no dust but a frame that has little to do with its neighbours."""
_CROWD: Final = 4
"""Spots within `_NEAR` heights of the frame that are a crowd if there is one more."""
_NEAR: Final = 0.07
_IN_CROWD: Final = 3.0
_MARGIN: Final = 0.014
"""What is seen around a spot, in heights of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """A connected piece of a frame that is brighter, or darker, than both neighbours.

    Attributes:
        top: its place in the frame, in pixels.
        left: likewise.
        mask: its pixels within the box there, bool (h, w), with a margin around them that is cut at the frame's border.
        contrast: by how much it differs, in levels, in the mean.
    """

    top: int
    left: int
    mask: Mask
    contrast: float

    @property
    def box(self) -> tuple[slice, slice]:
        """Its rows and columns in the frame."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def spots_in(over: Grey, strictly: Grey, least: float, edge: float) -> list[Spot]:
    """Return the spots that are certain somewhere, with all that belongs to them.

    Args:
        over: by how much each pixel goes beyond both neighbours, uint8 (H, W).
        strictly: the same beyond everything near it in them.
        least: of `strictly`, at which a spot is certain.
        edge: of `over`, at which a spot ends.
    """
    seeds = strictly >= least
    if not seeds.any():
        return []
    pieces = np.asarray(over >= edge, np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(pieces, connectivity=8, ltype=cv2.CV_32S)
    height, width = over.shape
    margin = max(4, round(_MARGIN * height))
    spots = []
    certain = np.unique(labels[seeds])
    if len(certain) > _MOST:
        return []
    for label in certain:
        left, top, across, down, area = (int(value) for value in stats[label])
        if not label or area > max(12, _LARGEST * over.size) or max(across, down) > _LONGEST * height:
            continue
        rows = slice(max(0, top - margin), min(height, top + down + margin))
        columns = slice(max(0, left - margin), min(width, left + across + margin))
        mask = np.asarray(labels[rows, columns] == label, np.bool_)
        spots.append(Spot(rows.start, columns.start, mask, float(over[rows, columns][mask].mean())))
    return spots


def scattered(spots: Sequence[Spot], height: int, least: float) -> list[Spot]:
    """Return spots without faint ones that lie close together: dust is strewn, badly followed detail comes in crowds.

    Args:
        spots: of a frame.
        height: of the frame.
        least: contrast that is certain of a spot alone; one in a crowd needs `_IN_CROWD` times as much.
    """
    places = np.array([(spot.top + spot.mask.shape[0] / 2, spot.left + spot.mask.shape[1] / 2) for spot in spots])
    if len(spots) <= _CROWD:
        return list(spots)
    near = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) < _NEAR * height
    alone = near.sum(1) <= _CROWD
    return [spot for spot, is_alone in zip(spots, alone, strict=True) if is_alone or spot.contrast > _IN_CROWD * least]


def is_damage(spot: Spot, now: Grey, before: Grey, after: Grey) -> bool:
    """Whether a spot is something on the film, not something in the picture that moves.

    Args:
        spot: what differs.
        now: the frame, grey.
        before: the frame before it, grey, brought to where things are in it.
        after: likewise the frame after it.
    """
    here, old, new = (grey[spot.box].astype(np.int16) for grey in (now, before, after))
    around = _ring(spot.mask)
    apart_old, apart_new = np.abs(here - old), np.abs(here - new)
    fits = min(_level(apart_old, around), _level(apart_new, around))
    agree = _level(np.abs(old - new), spot.mask)
    return fits * 2.5 < spot.contrast and agree * 1.6 < spot.contrast


def _ring(mask: Mask) -> Mask:
    """Return what lies around a spot, beyond its soft edge."""
    own = mask.astype(np.uint8)
    inner = cv2.dilate(own, np.ones((5, 5), np.uint8))
    return np.asarray(inner == 0, np.bool_)


def _level(apart: npt.NDArray[np.int16], where: Mask) -> float:
    """Return how much differs in the most of some pixels; nothing where there are none."""
    return float(np.quantile(apart[where], 0.7)) if where.any() else 0.0
