"""EDTalk: draws a whole face anew, with the mouth that speech asks for.

Source: Tan et al., "EDTalk: Efficient Disentanglement for Emotional Talking Head Synthesis", 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.faces.crops import FaceCrop, Pixels
from facefusion.faces.templates import TemplateName
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.processors.crop_editing import from_network, to_network
from facefusion.processors.lip_syncer.base import TASK, Reach, portions, speech_tensor
from facefusion.processors.lip_syncer.voice.mel import BANDS, WINDOW, Mel


class EdTalkSettings(FamilySettings):
    """What sets one network apart.

    Attributes:
        size: side of the face that it takes and gives, in pixels.
    """

    size: int = Field(default=256, ge=16)


class EdTalk:
    """Runs a network of the EDTalk kind.

    Args:
        model: the network.
    """

    template: TemplateName = "ffhq_512"
    size = 512
    reach: ClassVar[Reach] = "box"

    def __init__(self, model: Model[EdTalkSettings]) -> None:
        self._session = model.session
        self._side = model.settings.size

    def sync(self, crops: Sequence[FaceCrop], speech: Sequence[Mel], weight: float) -> list[Pixels]:
        """Return the crops with mouths that say what is heard; see `LipSyncer`."""
        side, size = (self._side, self._side), (self.size, self.size)
        faces = [_uint8(cv2.resize(crop.image, side, interpolation=cv2.INTER_AREA)) for crop in crops]
        drawn: list[Pixels] = []
        for part in portions(len(crops)):
            told = {"source": speech_tensor(speech[part]), "weight": np.array([weight], np.float32)}
            output = self._session.run(told | {"target": to_network(faces[part], (0,), (1,))})["output"]
            pixels = np.rint(from_network(output, (0,), (1,))).astype(np.uint8)
            drawn += [_uint8(cv2.resize(face, size, interpolation=cv2.INTER_CUBIC)) for face in pixels]
        return drawn


def _uint8(image: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    return np.asarray(image, np.uint8)


def _contract(settings: EdTalkSettings) -> Contract:
    face = ("batch", 3, settings.size, settings.size)
    return Contract(
        inputs=(
            TensorSpec("source", ("batch", 1, BANDS, WINDOW)),
            TensorSpec("target", face),
            TensorSpec("weight", (1,)),
        ),
        outputs=(TensorSpec("output", face),),
    )


FAMILY = Family("edtalk", TASK, EdTalkSettings, _contract, EdTalk)
