"""Measure what the face enhancer makes of poor faces without weights, on good portraits that were made poor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import cv2
import numpy as np

from benchmarks.analysers import Picture
from benchmarks.common import Figures, assets, command, finish, parser, table
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.crops import FaceCrop
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE
from facefusion.media.picture import read_picture
from facefusion.options import FaceSelectionOptions, LimitOptions
from facefusion.processors.face_enhancer.clarity import clarified
from facefusion.processors.face_enhancer.clearing import cut

FAULTS: Final[dict[str, Callable[[Picture, np.random.Generator], Picture]]] = {
    "none": lambda image, rng: image,
    "blur": lambda image, rng: cv2.GaussianBlur(image, (0, 0), 1.5),
    "blur, noise": lambda image, rng: _clipped(cv2.GaussianBlur(image, (0, 0), 1.2) + rng.normal(0, 6, image.shape)),
    "JPEG 20": lambda image, rng: _compressed(image, 20),
    "a third of the size": lambda image, rng: _small(image),
}
_SIDE: Final = 512


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("clearer", __doc__)
    made.add_argument("--most", type=int, help="only so many portraits (default: all)")
    options = made.parse_args(arguments)
    analyser = FaceAnalyser.create(FaceSelectionOptions())
    portraits = []
    for path in sorted((assets("pictures") / "synthetic").glob("*.jpg"))[: options.most]:
        image = read_picture(path, LimitOptions()).image
        scale = _SIDE / max(image.shape[:2])
        image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        portraits += [(image, face) for face in analyser.find(image)[:1]]
    rows = [cleared(name, [cut(image, face) for image, face in portraits]) for name in FAULTS]
    heads = ("fault", "faces", "before, dB", "after, dB", "nearer", "detail", "halo", "noise", "eyes", "mouth")
    print(table(heads, [[*row.values()] for row in rows]))
    print("\nBefore and after: the face against the good portrait. Detail: gained, in %. Halo: mean levels beyond all")
    print("around in the poor face. Noise: left of 1. Eyes, mouth: levels by which eyeballs and teeth grow lighter.")
    return finish({"clearer": rows}, options.json)


def cleared(fault: str, crops: Sequence[FaceCrop]) -> Figures:
    """Return the figures of faces with one fault, means over faces."""
    rng, found = np.random.default_rng(1), []
    for good in crops:
        inside = _filled(good, None)
        poor = FaceCrop(np.asarray(FAULTS[fault](good.image, rng), np.uint8), good.affine, good.face)
        after = _clipped(clarified(poor, inside.astype(np.float32)))
        found.append(
            [
                _error(poor.image, good.image, inside),
                _error(after, good.image, inside),
                100 * (_detail(after, inside) / _detail(poor.image, inside) - 1),
                _beyond(after, poor.image, inside),
                _noise_left(poor, inside, rng),
                _lighter(after, poor.image, _filled(good, LEFT_EYE) | _filled(good, RIGHT_EYE)),
                _lighter(after, poor.image, _filled(good, INNER_LIPS)),
            ]
        )
    table_of = np.array(found)
    errors = 10 * np.log10(255**2 / np.maximum(table_of[:, :2].mean(0), 0.01))
    nearer = int((table_of[:, 1] < table_of[:, 0]).sum())
    names = ("detail", "halo", "noise", "eyes", "mouth")
    means = dict(zip(names, table_of[:, 2:].mean(0).tolist(), strict=True))
    shown = {"before": float(errors[0]), "after": float(errors[1])}
    return {"fault": fault, "faces": len(crops), **shown, "nearer": nearer, **means}


def _clipped(values: np.ndarray) -> Picture:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _compressed(image: Picture, quality: int) -> Picture:
    return np.asarray(
        cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    )


def _small(image: Picture) -> Picture:
    less = cv2.resize(image, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(less, image.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def _filled(crop: FaceCrop, outline: Sequence[int] | None) -> np.ndarray:
    points = crop.inside(crop.face.mesh)
    points = cv2.convexHull(points) if outline is None else points[list(outline)]
    return cv2.fillPoly(np.zeros(crop.image.shape[:2], np.uint8), [np.rint(points).astype(np.int32)], 1) > 0


def _error(one: Picture, other: Picture, inside: np.ndarray) -> float:
    return float(((one.astype(float) - other)[inside] ** 2).mean())


def _grey(image: Picture) -> np.ndarray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.float32)


def _detail(image: Picture, inside: np.ndarray) -> float:
    grey = _grey(image)
    return float(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2))[inside].mean())


def _beyond(after: Picture, before: Picture, inside: np.ndarray) -> float:
    around, new, old = np.ones((7, 7), np.uint8), _grey(after), _grey(before)
    return float(
        (np.maximum(new - cv2.dilate(old, around), 0) + np.maximum(cv2.erode(old, around) - new, 0))[inside].mean()
    )


def _noise_left(poor: FaceCrop, inside: np.ndarray, rng: np.random.Generator) -> float:
    """Return what is left of noise of 5 levels: the difference of two faces that differ in its sign alone."""
    noise = rng.normal(0, 5, poor.image.shape)
    pair = [FaceCrop(_clipped(poor.image + sign * noise), poor.affine, poor.face) for sign in (1, -1)]
    before = [crop.image.astype(float) for crop in pair]
    after = [clarified(crop, inside.astype(np.float32)).astype(float) for crop in pair]
    return float(np.std((after[0] - after[1])[inside]) / np.std((before[0] - before[1])[inside]))


def _lighter(after: Picture, before: Picture, where: np.ndarray) -> float:
    return float((_grey(after) - _grey(before))[where].mean()) if where.any() else 0.0


if __name__ == "__main__":
    command(main)
