"""What lip syncers do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from facefusion.faces.crops import FaceCrop, Pixels
from facefusion.faces.templates import TemplateName
from facefusion.processors.lip_syncer.voice.mel import Mel

TASK = "lip_syncer"
_AT_ONCE = 64
"""Faces that go through a network at once, at most."""

Reach = Literal["lower-face", "box"]
"""How much of a crop a network draws anew: the face below the nose, or all of it."""


class LipSyncer(Protocol):
    """Moves mouths to speech. Task `lip_syncer`.

    Attributes:
        template: how crops are cut out.
        size: their side in pixels.
        reach: what of them is drawn anew.
    """

    template: TemplateName
    size: int
    reach: Reach

    def sync(self, crops: Sequence[FaceCrop], speech: Sequence[Mel], weight: float) -> list[Pixels]:
        """Return the crops with mouths that say what is heard, RGB uint8 (size, size, 3).

        Args:
            crops: faces.
            speech: what each of them says: the levels of `facefusion.processors.lip_syncer.voice.mel`.
            weight: how far mouths move, 0 to 1; 0.5 is as the network was trained.
        """
        ...


def portions(count: int) -> Iterator[slice]:
    """Yield the parts in which so many crops go through a network."""
    for start in range(0, count, _AT_ONCE):
        yield slice(start, start + _AT_ONCE)


def speech_tensor(speech: Sequence[Mel]) -> npt.NDArray[np.float32]:
    """Return levels as networks take them, float32 (N, 1, 80, 16)."""
    return np.stack(speech)[:, None].astype(np.float32)
