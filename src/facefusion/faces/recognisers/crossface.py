"""Converters: identity vectors of one recogniser as those of another.

Some swappers were trained with a recogniser of their own; a converter makes what they expect of ArcFace's vectors.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model

DIMENSIONS = 512


class CrossFace:
    """Converts identity vectors.

    Args:
        model: the network.
    """

    def __init__(self, model: Model[FamilySettings]) -> None:
        self._session = model.session

    def convert(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the vectors of the other recogniser, float32 (N, 512).

        Args:
            vectors: ArcFace's, as its network gives them, float32 (N, 512).
        """
        return np.asarray(self._session.run({"input": vectors})["output"], np.float32)


def _contract(settings: FamilySettings) -> Contract:
    return Contract(
        inputs=(TensorSpec("input", ("batch", DIMENSIONS)),), outputs=(TensorSpec("output", ("batch", DIMENSIONS)),)
    )


FAMILY = Family("crossface", "face_embedding_converter", FamilySettings, _contract, CrossFace)
