"""The networks that open and close eyes and lips."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.processors.live_portrait.geometry import POINTS, Floats

RETARGETER = "portrait_retargeter"
_NUMBERS: Final = POINTS * 3


class RetargeterSettings(FamilySettings):
    """What sets a network apart.

    Attributes:
        ratios: how many ratios it is told: 2 of the eyes, or 1 of the lips.
    """

    ratios: Literal[1, 2]


class Retargeter:
    """Tells how key points move so that eyes or lips are open to a certain degree. Task `portrait_retargeter`.

    Args:
        model: of the family.
    """

    def __init__(self, model: Model[RetargeterSettings]) -> None:
        self._session = model.session

    def retarget(self, points: Floats, ratios: Floats, wanted: float) -> Floats:
        """Return by how much key points move, float32 (N, 21, 3).

        Args:
            points: the key points, float32 (N, 21, 3).
            ratios: how far eyes or lips are open, float32 (N, 2) or (N, 1).
            wanted: how far they shall be.
        """
        count = len(points)
        told = np.concatenate([points.reshape(count, -1), ratios, np.full((count, 1), wanted)], axis=1)
        moves: Floats = self._session.run(told.astype(np.float32))["output"]
        return moves.reshape(points.shape)


def _contract(settings: RetargeterSettings) -> Contract:
    told = _NUMBERS + settings.ratios + 1
    return Contract(
        inputs=(TensorSpec("input", ("batch", told)),), outputs=(TensorSpec("output", ("batch", _NUMBERS)),)
    )


FAMILY = Family("live_portrait_retargeter", RETARGETER, RetargeterSettings, _contract, Retargeter)
