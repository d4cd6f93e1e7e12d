"""The network that joins an edited face to its neck and shoulders, with those that face editing needs."""

from __future__ import annotations

from typing import Final

import numpy as np

from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.processors.live_portrait.animator import PortraitAnimator
from facefusion.processors.live_portrait.geometry import POINTS, Floats
from facefusion.processors.live_portrait.retargeter import Retargeter

EDITOR = "face_editor"


class EditorSettings(FamilySettings):
    """What sets a network apart.

    Attributes:
        animator: name of the model that shows faces otherwise; the entry requires it, and those that follow.
        eye_retargeter: of the one that opens and closes eyes.
        lip_retargeter: of the one that opens and closes lips.
    """

    animator: str = "live_portrait"
    eye_retargeter: str = "live_portrait_eye_retargeter"
    lip_retargeter: str = "live_portrait_lip_retargeter"


class PortraitEditor:
    """Stitches edited key points to what stays as it was, and knows its helpers. Task `face_editor`.

    Args:
        model: of the family.

    Raises:
        CatalogueError: its entry does not require a model that it needs.
    """

    def __init__(self, model: Model[EditorSettings]) -> None:
        self._model = model
        self.animator: PortraitAnimator = model.need(model.settings.animator)

    @property
    def eyes(self) -> Retargeter:
        """What opens and closes eyes; loaded when it is asked for."""
        retargeter: Retargeter = self._model.need(self._model.settings.eye_retargeter)
        return retargeter

    @property
    def lips(self) -> Retargeter:
        """What opens and closes lips; loaded when it is asked for."""
        retargeter: Retargeter = self._model.need(self._model.settings.lip_retargeter)
        return retargeter

    def stitched(self, given: Floats, wanted: Floats) -> Floats:
        """Return wanted key points, changed so that neck and shoulders stay where they are, float32 (N, 21, 3).

        Args:
            given: the key points that there are, float32 (N, 21, 3).
            wanted: those that are wanted.
        """
        return np.asarray(self._model.session.run({"source": wanted, "target": given})["output"], np.float32)


_POINTS: Final = ("batch", POINTS, 3)
_CONTRACT: Final = Contract(
    inputs=(TensorSpec("source", _POINTS), TensorSpec("target", _POINTS)), outputs=(TensorSpec("output", _POINTS),)
)

FAMILY = Family("live_portrait_editor", EDITOR, EditorSettings, lambda settings: _CONTRACT, PortraitEditor)
