"""dlib's ResNet: 128 numbers that say whose face it is.

Source: King, "High quality face recognition with deep metric learning", 2017. Two pictures of one person are usually
nearer than 0.5 (Euclidean); figures by `benchmarks/identity.py`. Not a security gate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from facefusion.faces.align import Affine, crop, invert_affine, similarity_transform
from facefusion.faces.types import Face, Points, Vector
from facefusion.inference.session import Session

SIZE = 150
PADDING = 0.25
_MEAN = np.array([122.782, 117.001, 104.298], np.float32)
_MESH_POINTS = (263, 362, 33, 133, 2)
# Where dlib's five-point chip wants outer and inner corner of each eye, and the base of the nose, 0 to 1.
_CHIP_POINTS = np.array(
    [
        [0.8595674596, 0.2134981538],
        [0.6460604764, 0.2289674388],
        [0.1205750621, 0.2137274527],
        [0.3340850614, 0.2290642403],
        [0.4901123136, 0.6277975316],
    ]
)


class DlibResnet:
    """Computes identity embeddings.

    Args:
        open_session: opens `dlib_resnet`; called when the first face is to be recognised, for few jobs recognise any.
    """

    def __init__(self, open_session: Callable[[], Session]) -> None:
        self._open_session = open_session

    def embed(self, image: npt.NDArray[np.uint8], meshes: Sequence[Points]) -> list[Vector]:
        """Return the identity vector of each face less the mean of all people, float32 (128,).

        All raw vectors lean one way; less their mean, the cosine of two people is about 0.

        Args:
            image: RGB uint8 (H, W, 3).
            meshes: 468-point meshes in pixels of the picture.
        """
        return list(self._raw(image, meshes) - mean_embedding())

    def embed_faces(self, image: npt.NDArray[np.uint8], faces: Sequence[Face]) -> npt.NDArray[np.float32]:
        """Return the identity vector of each face as the network gives it, float32 (N, 128); see `Recogniser`."""
        return self._raw(image, [face.mesh for face in faces])

    def _raw(self, image: npt.NDArray[np.uint8], meshes: Sequence[Points]) -> npt.NDArray[np.float32]:
        if not meshes:
            return np.zeros((0, mean_embedding().size), np.float32)
        crops = np.stack([crop(image, chip_transform(mesh), SIZE) for mesh in meshes])
        batch = ((crops.astype(np.float32) - _MEAN) / 256).transpose(0, 3, 1, 2)
        vectors: npt.NDArray[np.float32] = self._open_session().run(np.ascontiguousarray(batch))["embedding"]
        return vectors


def chip_transform(mesh: Points) -> Affine:
    """Return the transform from picture to dlib's 150-pixel chip."""
    template = (_CHIP_POINTS + PADDING) / (1 + 2 * PADDING) * SIZE
    # Fitted in this direction, as dlib does: errors are weighed in the picture, not in the chip.
    return invert_affine(similarity_transform(template, mesh[list(_MESH_POINTS), :2]))


@cache
def mean_embedding() -> Vector:
    """Return the mean of the vectors of many people, float32 (128,); made by `models/README.md`."""
    text = (resources.files("facefusion.faces") / "data" / "identity_mean.csv").read_text("utf-8")
    return np.loadtxt(text.splitlines(), delimiter=",", comments="#").astype(np.float32)


def identity_distance(a: Vector, b: Vector) -> float:
    """Return the Euclidean distance of two identity vectors: about 0.4 for one person, 0.8 for two."""
    return float(np.linalg.norm(a - b))


def identity_similarity(a: Vector, b: Vector) -> float:
    """Return the cosine of two identity vectors, -1 to 1: about 0.7 for one person, 0 for two."""
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
