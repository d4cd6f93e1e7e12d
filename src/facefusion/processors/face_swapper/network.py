"""Running a swapper's network on crops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facefusion.inference.session import Session
from facefusion.processors.crop_editing import from_network, portions, to_network
from facefusion.processors.face_swapper.settings import SwapperSettings


def run_on_crops(
    session: Session, settings: SwapperSettings, crops: npt.NDArray[np.uint8], sources: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return what a swapper makes of crops, float32 (N, S, S, 3), RGB, 0 to 255.

    Args:
        session: its network.
        settings: how colours are normalised.
        crops: RGB uint8 (N, S, S, 3).
        sources: what it takes as the source of each crop, the batch first.
    """
    mean, std = (settings.mean, settings.std) if settings.restores else ((0.0,), (1.0,))
    parts = []
    for part in portions(len(crops), settings.size):
        batch = to_network(list(crops[part]), settings.mean, settings.std)
        output = session.run({"target": batch, "source": sources[part]})["output"]
        parts.append(from_network(output, mean, std))
    return np.concatenate(parts)
