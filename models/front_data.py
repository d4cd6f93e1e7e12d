"""Pictures of faces with drawn things in front of them, for the front network to learn from.

`python -m models.front_data train-clean.tar --output front.npz` writes them with the share of what is in front in each
pixel, and where the face is. Nobody in the pictures that `benchmarks.quality` judges with is among them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.faces.align import apply_affine, crop
from facefusion.faces.landmarkers.face_mesh import region_of_mesh
from facefusion.faces.mesh import OVAL
from facefusion.processors.face_swapper.mesh.front import SHARE
from models.front_model import SIDE
from models.front_things import SKIN, Faces, Scene, Values, hand, thing, wearing_glasses
from models.lips_material import JUDGED, LeftOutLips, find_meshes, portraits

COUNT = 12000
_CROP = 160
_FINER = 2
"""How much larger things are drawn than the network sees them."""
_IN_FRONT, _HANDS, _TWO = 0.6, 0.55, 0.15
"""Share of the pictures with something in front, of hands among that, and of those with a second thing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.front_data", description=__doc__)
    parser.add_argument("portraits", type=Path, nargs="+", help="archive of face chips with an index, or pictures")
    parser.add_argument("--output", type=Path, required=True, help="archive to write (.npz)")
    parser.add_argument("--count", type=int, default=COUNT, help="pictures to make (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of every draw (default: %(default)s)")
    options = parser.parse_args(arguments)
    faces, rng = find_faces(options.portraits), np.random.default_rng(options.seed)
    made = zip(*(scene(rng, faces) for _ in range(options.count)), strict=True)
    np.savez(options.output, **dict(zip(("pictures", "front", "face"), map(np.array, made), strict=True)))
    return 0


def find_faces(paths: Sequence[Path]) -> Faces:
    """Return the faces in files: pictures, and archives of chips with an index."""
    analyser, crops, meshes = LeftOutLips.analyser(), [], []
    for portrait in portraits(paths):
        if portrait.person in JUDGED:
            continue
        for face in find_meshes(analyser, portrait)[:1]:
            affine = region_of_mesh(face.mesh).to_crop(_CROP)
            crops.append(crop(portrait.image, affine, _CROP))
            meshes.append(apply_affine(affine, face.mesh[:, :2]))
    return Faces(np.array(crops), np.array(meshes, np.float32))


def scene(
    rng: np.random.Generator, faces: Faces
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Draw a picture (96, 96, 3), the share of what is in front (96, 96) and the face (96, 96), 0 to 255 each."""
    side = SIDE * _FINER
    image, mesh = _placed(rng, faces, side)
    outline = cv2.convexHull(mesh[list(OVAL)].astype(np.float32))[:, 0]
    skin = _skin_of(rng, image, mesh)
    if rng.random() < 0.25:  # another skin
        darker = rng.uniform(0.5, 1.6)
        image, skin = (255 * (np.clip(values, 0, 255) / 255) ** darker for values in (image, skin))
    if rng.random() < 0.15:
        image = wearing_glasses(rng, image, mesh)
    drawn = Scene(side, outline, skin, faces)
    image, share = _unlike(rng, image, drawn), np.zeros((side, side))
    if rng.random() < _IN_FRONT:
        for _ in range(2 if rng.random() < _TWO else 1):
            image, share = _with_something(rng, image, share, drawn)
    face = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(face, [np.round(outline / _FINER).astype(np.int32)], 255)
    front = cv2.resize(share, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return _photographed(rng, image), np.asarray(front * 255, np.uint8), face


def _placed(rng: np.random.Generator, faces: Faces, side: int) -> tuple[Values, Values]:
    """Return a face as the network sees it, moved, turned and mirrored a little at random, and its mesh."""
    number = int(rng.integers(len(faces.crops)))
    scale, turn = side / (_CROP * SHARE) * np.exp(rng.normal(0, 0.05)), rng.normal(0, 0.07)
    mirror = -1 if rng.random() < 0.5 else 1
    linear = scale * np.array([[mirror * np.cos(turn), -np.sin(turn)], [mirror * np.sin(turn), np.cos(turn)]])
    shift = side / 2 - linear @ np.full(2, _CROP / 2) + rng.normal(0, 0.022 * side, 2)
    affine = np.column_stack([linear, shift])
    image = cv2.warpAffine(faces.crops[number], affine, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return image.astype(np.float32), faces.meshes[number] @ linear.T + shift


def _skin_of(rng: np.random.Generator, image: Values, mesh: Values) -> Values:
    places = np.clip(mesh[rng.choice(SKIN, 5)].astype(int), 1, image.shape[0] - 2)
    return np.median([image[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(0) for x, y in places], axis=0)


def _unlike(rng: np.random.Generator, image: Values, drawn: Scene) -> Values:
    """Return a picture with what is easily taken for a thing in front: cast shadows, shine and tints."""
    if rng.random() < 0.25:
        cast, _ = (thing if rng.random() < 0.5 else hand)(rng, drawn)
        soft = cv2.GaussianBlur(cast, (0, 0), float(rng.choice([1, 2, 4, 10])))
        image = image * (1 - soft * rng.uniform(0.15, 0.6))[..., None]
    if rng.random() < 0.2:
        image = image + _spot(rng, drawn, 0.03, 0.12) * rng.uniform(10, 90)
    if rng.random() < 0.2:
        image = image + _spot(rng, drawn, 0.04, 0.15) * rng.normal(0, 14, 3)
    return image


def _spot(rng: np.random.Generator, drawn: Scene, least: float, most: float) -> Values:
    x, y = drawn.outline.mean(0) + rng.uniform(-0.42, 0.42, 2) * np.ptp(drawn.outline, axis=0)
    rows, columns = np.mgrid[: drawn.side, : drawn.side]
    reach = drawn.side * rng.uniform(least, most)
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * reach**2))[..., None]


def _with_something(rng: np.random.Generator, image: Values, share: Values, drawn: Scene) -> tuple[Values, Values]:
    """Return the picture with one more thing in front of the face, which casts a shadow, and the share of all."""
    more, colour = (hand if rng.random() < _HANDS else thing)(rng, drawn)
    more = cv2.GaussianBlur(more, (0, 0), rng.uniform(0.5, 1.8))
    if rng.random() < 0.7:
        shift = np.column_stack([np.eye(2), rng.normal(0, 0.025 * drawn.side, 2)])
        cast = cv2.GaussianBlur(cv2.warpAffine(more, shift, more.shape), (0, 0), rng.uniform(2, 9))
        image = image * (1 - cast * rng.uniform(0, 0.5))[..., None]
    lit = np.clip(colour * rng.uniform(0.75, 1.15), 0, 255)
    return image * (1 - more[..., None]) + lit * more[..., None], np.maximum(share, more)


def _photographed(rng: np.random.Generator, image: Values) -> npt.NDArray[np.uint8]:
    """Return the picture as a camera might give it: lit from a side, blurred, tinted, grainy and compressed."""
    side = image.shape[0]
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    if rng.random() < 0.4:
        image = image * (1 + rng.normal(0, 0.25) * x + rng.normal(0, 0.15) * y)[..., None]
    image = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.choice([0.4, 0.7, 1.1, 1.6])))
    image = image * rng.uniform(0.55, 1.25) * np.exp(rng.normal(0, 0.07, 3)) + rng.normal(0, 6)
    if rng.random() < 0.1:
        image = np.repeat(image.mean(2, keepdims=True), 3, 2)
    grain = rng.choice([0, 2, 5, 9], p=[0.4, 0.3, 0.2, 0.1])
    grainy = image + grain * rng.standard_normal(image.shape)
    picture = np.asarray(np.clip(grainy, 0, 255), np.uint8)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        picture = np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR), np.uint8)
    return picture


if __name__ == "__main__":
    sys.exit(main())
