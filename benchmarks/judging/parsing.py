"""What each pixel of a head shows, by a face parsing network from the test material on which nothing was tuned.

It was trained on CelebAMask-HQ (Lee et al., "MaskGAN", 2020).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.inference.session import Session
from facefusion.media.frame import Image

_SIZE = 256
_SKIN = (3, 6)
_FACE = (1, 2, 3, 5, 6, 9, 10, 11, 14, 17)
_HAIR = (12, 13)

Flags = npt.NDArray[np.bool_]
"""One flag for each pixel, bool (H, W)."""


class FaceParser:
    """Tells skin, face and hair apart.

    Args:
        path: the model, ONNX: RGB x / 127.5 − 1, (N, 3, 256, 256) to (N, 19, 256, 256).
    """

    def __init__(self, path: Path) -> None:
        self._session = Session(path.read_bytes)

    def parse(self, head: Image) -> Parsed:
        """Parse a head, RGB uint8 (S, S, 3)."""
        small = cv2.resize(head, (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)
        batch = (small.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        scores = next(iter(self._session.run(np.ascontiguousarray(batch)).values()))[0]
        labels = np.asarray(scores.argmax(0), np.uint8)
        return Parsed(np.asarray(cv2.resize(labels, head.shape[1::-1], interpolation=cv2.INTER_NEAREST)))


class Parsed:
    """What each pixel shows.

    Args:
        labels: class of each pixel, uint8 (H, W).
    """

    def __init__(self, labels: npt.NDArray[np.uint8]) -> None:
        self.skin: Flags = np.isin(labels, _SKIN)
        self.face: Flags = np.isin(labels, _FACE)
        self.hair: Flags = np.isin(labels, _HAIR)
