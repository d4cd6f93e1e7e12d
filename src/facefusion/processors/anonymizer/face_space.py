"""The space of faces that synthetic identities are drawn from: a mean and the main directions in which people differ.

Made from the portraits of many people by `models/synthetic_face.py`; see the card beside the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.mesh import canonical_vertices, vertex_normals
from facefusion.faces.types import Points
from facefusion.processors.face_swapper.mesh.eyecolour import EyeColour
from facefusion.processors.face_swapper.mesh.filters import Field
from facefusion.processors.face_swapper.mesh.light import LightField, facing
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.texture import pyramid

LAYOUT: Final = (160, 128)
"""Height and width of the texture in pixels."""
FILE: Final = Path(__file__).with_name("face_space.npz")
_MARGIN: Final = 0.04
"""Around the face in the texture, as a share of its height."""
_LEVELS: Final = 127
"""Steps to either side in which a direction is kept."""
_PARTS: Final = ("texture", "shape", "eyes", "light")
_CLEAR: Final = 0.9
"""Trust in the colour of the eyes that are drawn."""
_SPREAD: Final = 0.9
_MOST: Final = 1.7
"""How far faces are drawn from the mean along each direction, and the farthest, in standard deviations."""
_LEAST_EYES: Final = np.array([20, 110, 110, 120, 110, 110, 0, 120, 120], np.float64)
_MOST_EYES: Final = np.array([150, 150, 165, 235, 146, 146, 40, 136, 136], np.float64)
"""Of iris, white and black (Lab, 0 to 255): beyond that there are no eyes."""

Values = npt.NDArray[np.float64]


@cache
def layout_mesh() -> Points:
    """Return where the vertices lie in a texture, float32 (468, 3)."""
    points = canonical_vertices()
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    scale = np.float32(LAYOUT[0] * (1 - 2 * _MARGIN) / (high[1] - low[1]))
    laid = points * scale
    laid[:, :2] += np.array([LAYOUT[1] - 1, LAYOUT[0] - 1], np.float32) / 2 - (low + high) / 2 * scale
    return np.asarray(laid, np.float32)


def chroma_size() -> tuple[int, int]:
    """Return height and width of the colours of a texture, which are kept coarser than its lightness."""
    return LAYOUT[0] // 2, LAYOUT[1] // 2


@dataclass(frozen=True, slots=True, eq=False)
class FaceSpace:
    """Mean and directions.

    Attributes:
        means: by part, float64 (D,): `texture` (lightness, then colours), `shape`, `eyes` and `light`.
        directions: by part, float64 (K, D): what one standard deviation along each adds.
        vertex_light: mean of the skin's smooth colours at the vertices, both parts, float64 (468, 6).
    """

    means: Mapping[str, Values]
    directions: Mapping[str, Values]
    vertex_light: Values

    @classmethod
    def of(cls, *, means: Mapping[str, Values], directions: Mapping[str, Values], light: Values) -> Self:
        """Make the space of what was measured; values as in the attributes."""
        return cls(means, directions, light)

    @property
    def count(self) -> int:
        """How many directions there are."""
        return len(self.directions["shape"])

    def save(self, path: Path) -> None:
        """Write the space into a file, directions in 255 steps each."""
        arrays: dict[str, Any] = {"vertex_light": self.vertex_light.astype(np.float16)}
        for name in _PARTS:
            arrays[f"{name}_mean"] = self.means[name].astype(np.float32 if name == "shape" else np.float16)
            most = np.abs(self.directions[name]).max(1, keepdims=True)
            arrays[f"{name}_scale"] = (most / _LEVELS).astype(np.float32)
            arrays[f"{name}_steps"] = np.rint(self.directions[name] / np.maximum(most, 1e-12) * _LEVELS).astype(np.int8)
        np.savez_compressed(path, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Read the space from a file that `save` wrote."""
        with np.load(path, allow_pickle=False) as archive:
            means = {name: archive[f"{name}_mean"].astype(np.float64) for name in _PARTS}
            directions = {
                name: archive[f"{name}_steps"] * archive[f"{name}_scale"].astype(np.float64) for name in _PARTS
            }
            return cls(means, directions, archive["vertex_light"].astype(np.float64))

    def draw(self, seed: int, number: int, kept: Mapping[int, float] | None = None) -> SourceModel:
        """Return a face that nobody has, as the mesh swapper takes it.

        Args:
            seed: of all faces of a job.
            number: of the face.
            kept: where it lies along some directions, by their number; all others are drawn.
        """
        chance = np.random.default_rng([seed, number])
        place = np.clip(_SPREAD * chance.standard_normal(self.count), -_MOST, _MOST)
        for direction, value in (kept or {}).items():
            place[direction] = value
        return self.at(place)

    def at(self, place: Values) -> SourceModel:
        """Return the face at a place, in standard deviations along each direction, float64 (K,)."""
        parts = {name: self.means[name] + place @ self.directions[name] for name in _PARTS}
        mesh, light = layout_mesh(), parts["light"]
        mean = np.array([np.clip(light[0], 90, 210), np.clip(light[1], 128, 165), np.clip(light[2], 128, 170)])
        vertex_light = self.vertex_light.astype(np.float32)
        visibility = facing(vertex_normals(mesh))
        return SourceModel(
            textures=pyramid(_texture(parts["texture"])),
            mesh=mesh,
            visibility=visibility,
            light=LightField(
                directional=vertex_light[:, :3],
                remainder=vertex_light[:, 3:],
                spread=np.maximum(light[3:6], 1.0),
                mean=mean,
                contrast=float(max(light[6], 4.0)),
                beard=float(np.clip(light[7], 0, 1)),
            ),
            shape=parts["shape"].reshape(-1, 3).astype(np.float32),
            origins=np.stack([np.ones_like(visibility), np.zeros_like(visibility)]),
            eyes=_eyes(parts["eyes"]),
        )


def _texture(values: Values) -> Field:
    """Return a texture, float32 (H, W, 3), from its lightness and its coarser colours."""
    (height, width), coarse = LAYOUT, chroma_size()
    lightness = values[: height * width].reshape(height, width).astype(np.float32)
    colours = values[height * width :].reshape(*coarse, 2).astype(np.float32)
    fine = cv2.resize(colours, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(np.dstack([lightness, fine]))


def _eyes(values: Values) -> EyeColour:
    colours = np.clip(values, _LEAST_EYES, _MOST_EYES).astype(np.float32).reshape(3, 3)
    return EyeColour(colours[0], colours[1], colours[2], _CLEAR)
