"""A portrait laid out on the canvas of a clip, with its face mesh."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from talking_portrait.curves import smoothstep
from talking_portrait.indices import CHEEKS, CHIN, FOREHEAD, OVAL

Image = npt.NDArray[np.uint8]
Mesh = npt.NDArray[np.float64]
FACE_SHARE = 275 / 720
"""Width of the face over the height of the canvas."""


class MeshFinder(Protocol):
    """Finds the dense mesh of the largest face."""

    def __call__(self, image: Image) -> Mesh:
        """Return float64 (468, 3) in pixels of `image`; raise ValueError where there is no face."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A person as they look at rest.

    Attributes:
        image: the canvas with the picture on it, RGB uint8 (height, width, 3).
        mesh: face mesh on the canvas, float64 (468, 3); z in pixels, smaller is nearer.
    """

    image: Image
    mesh: Mesh

    @property
    def face_width(self) -> float:
        """Width of the mesh in pixels."""
        return float(np.ptp(self.mesh[:, 0]))

    @property
    def face_height(self) -> float:
        """From the top of the forehead to the chin in pixels."""
        return float(self.mesh[CHIN, 1] - self.mesh[FOREHEAD, 1])

    @property
    def centre(self) -> npt.NDArray[np.float64]:
        """Middle of the face's outline, (x, y)."""
        outline = self.mesh[list(OVAL), :2]
        return np.asarray((outline.min(0) + outline.max(0)) / 2)

    @property
    def skin(self) -> npt.NDArray[np.float64]:
        """Colour of the cheeks, RGB 0..255."""
        x, y = np.rint(self.mesh[list(CHEEKS), :2]).astype(int).T
        blurred = cv2.GaussianBlur(self.image, (0, 0), 3)
        return np.asarray(np.median(blurred[y, x], axis=0), dtype=np.float64)


def read_portrait(path: Path, find_mesh: MeshFinder, *, width: int = 1280, height: int = 720) -> Portrait:
    """Read a picture and lay it out so that the face has the usual size and place on the canvas.

    Args:
        path: any picture that OpenCV reads, one person looking into the camera, little tilted.
        find_mesh: finds the face mesh.
        width: of the canvas in pixels.
        height: of the canvas in pixels.

    Raises:
        ValueError: the picture cannot be read, or no face is found in it.
    """
    encoded = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if encoded is None:
        raise ValueError(f"{path} is not a picture that can be read")
    picture = np.ascontiguousarray(encoded[..., ::-1], dtype=np.uint8)
    mesh = find_mesh(picture)
    scale = FACE_SHARE * min(height, width) / np.ptp(mesh[:, 0])
    outline = mesh[list(OVAL), :2]
    middle = (outline.min(0) + outline.max(0)) / 2 * scale
    top = float(np.clip(middle[1] - 0.47 * height, 0, max(0.0, picture.shape[0] * scale - height)))
    offset = np.array([width / 2 - middle[0], -top])
    moved = mesh * scale
    moved[:, :2] += offset
    return Portrait(_lay_out(picture, scale, offset, width, height), moved)


def _lay_out(picture: Image, scale: float, offset: npt.NDArray[np.float64], width: int, height: int) -> Image:
    """Scale the picture onto the canvas; where it is too narrow its margins are stretched, ever more outwards."""
    x = _stretched((np.arange(width) - offset[0] + 0.5) / scale - 0.5, picture.shape[1], scale, width)
    y = (np.arange(height) - offset[1] + 0.5) / scale - 0.5
    map_x, map_y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    if scale < 1:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.45 / scale), dtype=np.uint8)
    canvas = cv2.remap(picture, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    if scale > 1:
        canvas = cv2.addWeighted(canvas, 1.6, cv2.GaussianBlur(canvas, (0, 0), 0.6 * scale), -0.6, 0)
    return _defocus(np.asarray(canvas, dtype=np.uint8), np.gradient(x) * scale)


def _defocus(canvas: Image, density: npt.NDArray[np.float64]) -> Image:
    """Blur the columns that were stretched (`density` below 1), as if they were out of focus."""
    far = (1 - smoothstep(0.35, 0.85, density)).astype(np.float32)
    if not far.any():
        return canvas
    soft = cv2.GaussianBlur(canvas, (0, 0), 0.02 * canvas.shape[0])
    share = cv2.GaussianBlur(np.broadcast_to(far, canvas.shape[:2]).copy(), (0, 0), 9)[..., None]
    return np.rint(canvas + share * (soft.astype(np.float32) - canvas)).astype(np.uint8)


def _stretched(x: npt.NDArray[np.float64], size: int, scale: float, width: int) -> npt.NDArray[np.float64]:
    """Bend columns that would lie outside the picture back into its margins, smoothly and one to one."""
    middle = x[width // 2]
    reach = min(middle, size - 1 - middle, width / 2 / scale)
    keep = 0.45 * reach
    out = x.copy()
    for sign, room in ((-1, middle), (1, size - 1 - middle)):
        side = sign * (x - middle) > keep
        need = width / 2 / scale - keep
        if room - keep < need and side.any():
            u = (sign * (x[side] - middle) - keep) / need
            share = (room - keep) / need
            # cubic with slope 1 at the seam, slope > 0 at the rim, and the value `share` at 1
            out[side] = middle + sign * (keep + need * _bend(u, share))
    return out


def _bend(u: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.float64]:
    rim = max(0.15 * share, 3 * share - 2) if share < 1 else 1.0
    a, b = rim + 1 - 2 * share, 3 * share - 2 - rim
    return np.asarray(a * u**3 + b * u**2 + u)
