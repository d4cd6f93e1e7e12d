"""The teacher of the lip network: MediaPipe's 478-point face landmarks detector, as an ONNX file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facefusion.faces.align import apply_affine, crop, invert_affine
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.landmarkers.lips import LIPS
from facefusion.faces.types import Points
from models.runtime import onnxruntime

_SIZE = 256


class LipTeacher:
    """Answers where the lips are.

    Args:
        path: the detector with 478 points; half-precision RGB from 0 to 1, 256 × 256, to pixels of the crop.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def lips(self, image: np.ndarray, mesh: Points) -> Points:
        """Return both rims of the lips in pixels of the picture, float32 (40, 2).

        Args:
            image: RGB uint8 (H, W, 3).
            mesh: the face's mesh, float32 (468, 3), in pixels of the picture.
        """
        affine = region_of_mesh(mesh).to_crop(_SIZE)
        values = crop(image, affine, _SIZE).astype(np.float16).transpose(2, 0, 1)[None] / np.float16(255)
        points = self._session.run(None, {self._input: values})[0].astype(np.float32).reshape(-1, 3)
        return apply_affine(invert_affine(affine), points[list(LIPS), :2])
