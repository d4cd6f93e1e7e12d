"""Restoration networks: a poor face in, a fine one out.

Sources: Wang et al., "Towards Real-World Blind Face Restoration with Generative Facial Prior" (GFPGAN), 2021; Zhou et
al., "Towards Robust Blind Face Restoration with Codebook Lookup Transformer" (CodeFormer), 2022; Wang et al.,
"RestoreFormer++", 2023; Yang et al., "GAN Prior Embedded Network for Blind Face Restoration in the Wild" (GPEN), 2021.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.faces.templates import TemplateName
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.processors.crop_editing import from_network, portions, to_network

TASK = "face_enhancer"
_HALF = (0.5,)


class RestorerSettings(FamilySettings):
    """What sets one restoration network apart.

    Attributes:
        size: side of the network's crop in pixels.
        template: how it is cut out.
    """

    size: int = Field(default=512, ge=16)
    template: TemplateName = "ffhq_512"


class FaceRestorer:
    """Runs a restoration network. It takes and gives colours from -1 to 1.

    Args:
        model: the network; one that can be told has an input `weight`.

    Attributes:
        template: how its crops are cut out.
        size: their side in pixels.
    """

    def __init__(self, model: Model[RestorerSettings]) -> None:
        self._session = model.session
        self.template = model.settings.template
        self.size = model.settings.size

    def restore(self, crops: Sequence[npt.NDArray[np.uint8]], weight: float) -> list[npt.NDArray[np.uint8]]:
        """Return crops with finer faces, RGB uint8 (S, S, 3).

        Args:
            crops: RGB uint8 (S, S, 3).
            weight: 0 for the finest face, 1 for the one most like the input; not every network can be told.
        """
        told = self._told(weight)
        restored: list[npt.NDArray[np.uint8]] = []
        for part in portions(len(crops), self.size):
            batch = to_network(crops[part], _HALF, _HALF)
            pixels = from_network(self._session.run({"input": batch} | told)["output"], _HALF, _HALF)
            restored += list(np.rint(pixels).astype(np.uint8))
        return restored

    def _told(self, weight: float) -> dict[str, npt.NDArray[np.float64]]:
        """Return the input `weight` as the file has it, where it has one."""
        there = self._session.inputs.get("weight")
        return {} if there is None else {"weight": np.full((1,) * len(there.shape), weight)}


def _contract(settings: RestorerSettings) -> Contract:
    crops = ("batch", 3, settings.size, settings.size)
    return Contract(
        inputs=(TensorSpec("input", crops), TensorSpec("weight", (1,), ("w",), "float64", is_optional=True)),
        outputs=(TensorSpec("output", crops),),
    )


FAMILY = Family("face_restorer", TASK, RestorerSettings, _contract, FaceRestorer)
