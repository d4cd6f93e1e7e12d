"""Crops, masks and blending of swappers with weights: who gets whose face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facefusion.faces.crops import FaceCrop, Pixels, Share
from facefusion.faces.masks.masker import FaceMasker
from facefusion.processors.crop_editing import CropJob
from facefusion.processors.face_swapper.base import NetworkSwapper, Source
from facefusion.processors.face_swapper.boost import put_together, taken_apart
from facefusion.processors.face_swapper.toning import SkinToner, ToneWish


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A role that a network plays.

    Attributes:
        known: of the source, as the network's `observe` gives it.
        lean: share of the target's own identity, see `NetworkSwapper.sources`.
        blend: share of the new face in the result, 0 to 1.
        masker: which part of the new face is seen.
        tone: of the new face's skin; None for the one that the network gives it.
    """

    known: Source
    lean: float
    blend: float
    masker: FaceMasker
    tone: ToneWish | None = None


class SwapEditor:
    """Swaps crops of all roles that share a network.

    Args:
        swapper: the network.
        parts: by the role's number.
        factor: how many times larger than the network's the crops are.

    Attributes:
        toner: gives new faces the tone that their roles want.
    """

    def __init__(self, swapper: NetworkSwapper, parts: Mapping[int, Part], factor: int = 1) -> None:
        self._swapper = swapper
        self._parts = parts
        self._factor = factor
        self.toner = SkinToner({number: part.tone for number, part in parts.items() if part.tone is not None})
        self.template = swapper.template
        self.size = swapper.size * factor

    def edit(self, jobs: Sequence[CropJob]) -> Sequence[Pixels]:
        """Return each crop with the face of its role's source, float32 (S, S, 3), 0 to 255."""
        parts = [self._parts[job.crop.face.role] for job in jobs]
        sources = self._swapper.sources([part.known for part in parts], jobs, [part.lean for part in parts])
        crops: npt.NDArray[np.uint8] = np.stack([job.crop.image for job in jobs])
        pictures = taken_apart(crops, self._factor)
        swapped = self._swapper.swap(pictures, np.repeat(sources, self._factor**2, axis=0))
        return self.toner.toned(jobs, list(put_together(swapped, self._factor)))


class SwapMasker:
    """Masks of all roles that share a network; each has its own.

    Args:
        parts: by the role's number.
    """

    def __init__(self, parts: Mapping[int, Part]) -> None:
        self._parts = parts

    def masks(self, crops: Sequence[FaceCrop], edited: Sequence[Pixels]) -> list[Share]:
        """Return the share of each edited crop in the result, float32 (S, S)."""
        masks: dict[int, Share] = {}
        for role, part in self._parts.items():
            own = [place for place, crop in enumerate(crops) if crop.face.role == role]
            found = part.masker.masks([crops[place] for place in own], [edited[place] for place in own])
            masks |= {place: mask * np.float32(part.blend) for place, mask in zip(own, found, strict=True)}
        return [masks[place] for place in range(len(crops))]
