"""Wav2Lip: draws the lower half of a face anew, from the upper half, the face as it is, and speech.

Source: Prajwal et al., "A Lip Sync Expert Is All You Need for Speech to Lip Generation In the Wild", 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.faces.crops import FaceCrop, Pixels
from facefusion.faces.masks.area import BROWS, JAW
from facefusion.faces.templates import TemplateName
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.processors.lip_syncer.base import TASK, Reach, portions, speech_tensor
from facefusion.processors.lip_syncer.voice.mel import BANDS, WINDOW, Mel

_FACE: Final = [*JAW, *BROWS]
"""Vertices whose bounding box is that of the usual 68 landmarks."""
_LEAST_SIDE: Final = 2

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, right and bottom excluded."""


class Wav2LipSettings(FamilySettings):
    """What sets one network apart.

    Attributes:
        size: side of the face that it takes, in pixels; even.
    """

    size: int = Field(default=96, ge=16, multiple_of=2)


class Wav2Lip:
    """Runs a network of the Wav2Lip kind.

    Args:
        model: the network.
    """

    template: TemplateName = "ffhq_512"
    size = 512
    reach: ClassVar[Reach] = "lower-face"

    def __init__(self, model: Model[Wav2LipSettings]) -> None:
        self._session = model.session
        self._side = model.settings.size

    def sync(self, crops: Sequence[FaceCrop], speech: Sequence[Mel], weight: float) -> list[Pixels]:
        """Return the crops with mouths that say what is heard; see `LipSyncer`."""
        boxes = [face_box(crop) for crop in crops]
        faces = [cut(crop.image, box, self._side) for crop, box in zip(crops, boxes, strict=True)]
        drawn: list[npt.NDArray[np.uint8]] = []
        for part in portions(len(crops)):
            told = speech_tensor(speech[part]) * np.float32(2 * weight)
            output = self._session.run({"source": told, "target": _target(faces[part])})["output"]
            drawn += list(_pixels(output))
        return [lay(crop.image, box, face) for crop, box, face in zip(crops, boxes, drawn, strict=True)]


def face_box(crop: FaceCrop) -> Box:
    """Return the box around brows, jaw and chin, in whole pixels of the crop; it may reach out of it."""
    points = crop.inside(crop.face.mesh)[_FACE]
    left, top = np.floor(points.min(0)).astype(int).tolist()
    right, bottom = np.ceil(points.max(0)).astype(int).tolist()
    return left, top, max(right, left + _LEAST_SIDE), max(bottom, top + _LEAST_SIDE)


def cut(image: npt.NDArray[np.uint8], box: Box, side: int) -> npt.NDArray[np.uint8]:
    """Return what lies in a box, brought to a square; beyond the picture its edge is repeated."""
    left, top, right, bottom = box
    height, width = image.shape[:2]
    columns, rows = np.clip(np.arange(left, right), 0, width - 1), np.clip(np.arange(top, bottom), 0, height - 1)
    shrinks = right - left > side or bottom - top > side
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image[rows[:, None], columns], (side, side), interpolation=how), np.uint8)


def lay(image: npt.NDArray[np.uint8], box: Box, face: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a picture with a face in a box."""
    left, top, right, bottom = box
    height, width = image.shape[:2]
    result = image.copy()
    inner = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if inner[0] < inner[2] and inner[1] < inner[3]:
        large = cv2.resize(face, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
        part = large[inner[1] - top : inner[3] - top, inner[0] - left : inner[2] - left]
        result[inner[1] : inner[3], inner[0] : inner[2]] = part
    return result


def _target(faces: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
    """Return faces as the network takes them, float32 (N, 6, S, S): BGR, 0 to 1, first without the lower half."""
    whole = np.stack(faces)[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
    upper = whole.copy()
    upper[:, :, upper.shape[2] // 2 :] = 0
    return np.concatenate([upper, whole], axis=1)


def _pixels(output: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    values = np.rint(np.clip(output, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(values.transpose(0, 2, 3, 1)[..., ::-1])


def _contract(settings: Wav2LipSettings) -> Contract:
    side = settings.size
    return Contract(
        inputs=(
            TensorSpec("source", ("batch", 1, BANDS, WINDOW), ("mel_spectrogram", "audio")),
            TensorSpec("target", ("batch", 6, side, side), ("video_frames", "face")),
        ),
        outputs=(TensorSpec("output", ("batch", 3, side, side)),),
    )


FAMILY = Family("wav2lip", TASK, Wav2LipSettings, _contract, Wav2Lip)
