"""Pictures and clips that tests are made of."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from facefusion.faces.mesh import OVAL, bounding_box, canonical_vertices, five_landmarks, pose_of
from facefusion.faces.types import Face
from facefusion.media.picture import read_picture
from facefusion.media.reader import VideoReader
from facefusion.options import LimitOptions
from facefusion.processors.face_swapper.mesh.glasses.finding import Rims
from facefusion.processors.face_swapper.mesh.glasses.plane import HEIGHT, ORIGIN, UNIT, WIDTH, GlassesPlane

Array = npt.NDArray[np.uint8]
PORTRAITS = Path(__file__).parents[1] / "examples" / "portraits"
ASTRONAUT = PORTRAITS / "astronaut.png"
CAPTAIN = PORTRAITS / "grace_hopper.jpg"
LIMITS = LimitOptions()


def read(path: Path) -> Array:
    """Pixels of a picture, RGB."""
    return read_picture(path, LIMITS).image


def save(path: Path, image: Array) -> Path:
    Image.fromarray(np.ascontiguousarray(image)).save(path)
    return path


def write_clip(
    path: Path, images: Iterable[Array], *, codec: str = "libx264", form: str = "yuv420p", rate: int = 25
) -> Path:
    """Write pictures of one size as a clip without sound."""
    with av.open(str(path), "w") as container:
        stream = None
        for image in images:
            if stream is None:
                stream = container.add_stream(codec, rate=Fraction(rate))
                stream.height, stream.width, stream.pix_fmt = *image.shape[:2], form
                stream.options = {"preset": "ultrafast", "crf": "12"} if codec == "libx264" else {}
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(image))))
        if stream is not None:
            container.mux(stream.encode(None))
    return path


def read_clip(path: Path, most: int | None = None) -> list[Array]:
    """All frames of a clip, or so many."""
    with VideoReader(path, LIMITS) as reader:
        return [frame.image for frame in islice(reader, most)]


def outline_mask(face: Face, shape: tuple[int, ...], grow: float = 1.0) -> npt.NDArray[np.bool_]:
    """Where the face's outline, grown about its centre, lies over a picture."""
    import cv2

    outline = face.mesh[list(OVAL), :2]
    centre = outline.mean(0)
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round((outline - centre) * grow + centre).astype(np.int32)], 1)
    return mask.astype(bool)


def polygon_mask(points: npt.NDArray[np.float32], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    import cv2

    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1)
    return mask.astype(bool)


def mesh_at(
    x: float, y: float, width: float, *, yaw: float = 0, pitch: float = 0, roll: float = 0
) -> npt.NDArray[np.float32]:
    """The mean face at a place, of a width in pixels, turned by angles in degrees (signs as in `Pose`)."""
    yaw, pitch, roll = np.radians([yaw, pitch, roll])
    turn = [[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]]
    nod = [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]]
    tilt = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    shape = canonical_vertices() - canonical_vertices().mean(0)
    shape = shape * (width / np.ptp(canonical_vertices()[:, 0]))
    return (shape @ (np.array(tilt) @ np.array(turn) @ np.array(nod)).T + [x, y, 0]).astype(np.float32)


def face_of(mesh: npt.NDArray[np.float32], **fields: object) -> Face:
    """A face with this mesh, as if it had been found."""
    basics = {"score": 0.9, "presence": 0.9, "pose": pose_of(mesh)} | fields
    return Face(box=bounding_box(mesh), landmarks5=five_landmarks(mesh), mesh=mesh, **basics)


GLASSES = Rims(middle=0.36, height=0.04, half_width=0.28, half_height=0.2, squareness=3.0)


def drawn_on_plane(shape=GLASSES, thickness=4, colour=1.0):
    """A frame as it lies on the plane, float32 (HEIGHT, WIDTH): two rims, a bridge, two temples."""
    drawn = np.zeros((HEIGHT, WIDTH), np.float32)
    angles = np.linspace(0, 2 * np.pi, 90)
    for side in (-1, 1):
        rim = np.round(shape.points(angles, side) * 16).astype(np.int32)
        cv2.polylines(drawn, [rim], True, colour, thickness, cv2.LINE_8, 4)
        outer = np.round(np.array(ORIGIN) + UNIT * np.array([side * (shape.middle + shape.half_width), 0])).astype(int)
        cv2.line(drawn, outer.tolist(), [int(ORIGIN[0] + side * 0.9 * UNIT), int(ORIGIN[1])], colour, thickness)
    nose = UNIT * (shape.middle - shape.half_width)
    ends = ([int(ORIGIN[0] - nose), int(ORIGIN[1])], [int(ORIGIN[0] + nose), int(ORIGIN[1])])
    cv2.line(drawn, *ends, colour, thickness)
    return drawn


def wearing(image, face, shape=GLASSES):
    """A picture whose face wears drawn glasses, and where they are."""
    where = GlassesPlane.of(face.mesh).lay_back(drawn_on_plane(shape), (0, 0), image.shape[:2])
    return np.round(image * (1 - where[:, :, None]) + 25 * where[:, :, None]).astype(np.uint8), where
