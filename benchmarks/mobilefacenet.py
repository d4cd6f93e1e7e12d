"""A second recogniser, which the product does not use: MobileFaceNet, from the test material.

How far the anonymizer changes outlines was worked out with it; nothing else was tuned on it.

Source: Chen et al., "MobileFaceNets: efficient CNNs for accurate real-time face verification on mobile devices", 2018;
crop: Deng et al., "ArcFace: additive angular margin loss for deep face recognition", 2019.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.pairs import Portrait
from facefusion.faces.align import crop, similarity_transform
from facefusion.inference.session import Session

SIZE = 112
# Where ArcFace's crop wants image-left and image-right eye, nose tip and the mouth's corners, in pixels.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


class MobileFaceNet:
    """Computes identity vectors whose cosine tells people apart.

    Args:
        path: the model, ONNX: RGB (x − 127.5) / 128, (N, 3, 112, 112) to (N, 128).
    """

    def __init__(self, path: Path) -> None:
        self._session = Session(path.read_bytes)

    def embed(self, portrait: Portrait) -> npt.NDArray[np.float32]:
        """Return the identity vector of a portrait's face, of length 1, float32 (128,)."""
        patch = crop(portrait.image, similarity_transform(portrait.face.landmarks5, TEMPLATE), SIZE)
        batch = ((patch.astype(np.float32) - 127.5) / 128).transpose(2, 0, 1)[None]
        vector = next(iter(self._session.run(np.ascontiguousarray(batch)).values()))[0]
        return np.asarray(vector / np.linalg.norm(vector), np.float32)
