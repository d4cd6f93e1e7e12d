"""Move portraits by clips without weights, and judge expression, steadiness and identity of what comes out."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.common import Figures, MissingAssetsError, assets, command, finish, parser, table
from benchmarks.pairs import Portrait, Studio
from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.track import FaceTracker
from facefusion.faces.types import Face
from facefusion.media.frame import Frame, Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions
from facefusion.processors.base import FaceFrame
from facefusion.processors.face_motion.level import Stand, lids_open, lip_gaps, mouth_width
from facefusion.processors.face_swapper.mesh.regions import LEFT_BROW, RIGHT_BROW
from facefusion.processors.portrait_animator.portrait import Portrait as Shown
from facefusion.processors.portrait_animator.processor import PortraitAnimator

CLIPS: Final = ("talk-d0", "talk-d3", "talk-d20", "speaker_frontal_obama")
PORTRAITS: Final = ("05", "07", "12", "23", "28")
"""Numbers of portraits in `pictures/synthetic`."""
FEATURES: Final = {
    "mouth": (*INNER_LIPS, *OUTER_LIPS),
    "lids": (*LEFT_EYE, *RIGHT_EYE),
    "brows": (*LEFT_BROW, *RIGHT_BROW),
}
_FRAMES: Final = 90
_EVERY: Final = 10
"""Frames of which one is asked whose face it is."""
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A clip and the face in it.

    Attributes:
        frames: pictures, RGB uint8.
        faces: the face in each.
    """

    frames: list[Frame]
    faces: list[Face]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    made = parser("expression", __doc__)
    made.add_argument("--clips", nargs="+", choices=CLIPS, default=CLIPS, metavar="NAME", help=", ".join(CLIPS))
    options: argparse.Namespace = made.parse_args(arguments)
    studio = Studio()
    rows = [row for name in options.clips for row in _judge(studio, name)]
    heads = [name for name in rows[0] if name not in {"clip", "portrait"}]
    cells = [(f"{row['clip']} on {row['portrait']}", *(row[name] for name in heads)) for row in rows]
    cells.append(("mean", *(float(np.mean([row[name] for row in rows])) for name in heads)))
    print(table(("", *heads), cells))
    return finish({"rows": rows}, options.json)


def _judge(studio: Studio, name: str) -> Iterator[Figures]:
    folder = "talk" if name.startswith("talk") else "video"
    driving = _followed(studio, _frames(assets(folder, f"{name}.mp4")))
    for number in PORTRAITS:
        [path] = assets("pictures", "synthetic").glob(f"sfhq_{number}_*.jpg")
        portrait = studio.portrait(path)
        if portrait is None:
            raise MissingAssetsError(f"No face in {path}")
        yield {"clip": name, "portrait": number, **_figures(studio, driving, portrait)}


def _figures(studio: Studio, driving: Take, portrait: Portrait) -> Figures:
    shown = Shown.of(portrait.image, portrait.face, 1080)
    animator = PortraitAnimator(shown)
    items = [FaceFrame(frame, (face,)) for frame, face in zip(driving.frames, driving.faces, strict=True)]
    result = _followed(studio, [item.frame for item in animator.process(items)])
    ours, theirs = _levels(result.faces), _levels(driving.faces)
    own = Stand.of(shown.face.mesh).level(shown.face.mesh)
    width = mouth_width(own) / mouth_width(theirs[0])
    figures: Figures = {}
    for feature, vertices in FEATURES.items():
        scale = width if feature == "mouth" else 1.0
        error = (ours - ours[0])[:, vertices, :2] - (theirs - theirs[0])[:, vertices, :2] * scale
        figures[f"{feature}, %"] = 100 * float(np.linalg.norm(error, axis=2).mean())
    figures["mouth opens alike"] = _alike([lip_gaps(level)[4] for level in ours], [lip_gaps(e)[4] for e in theirs])
    figures["lids open alike"] = _alike([lids_open(e).mean() for e in ours], [lids_open(e).mean() for e in theirs])
    figures["jitter, %"], figures["its own, %"] = _jitter(ours), _jitter(theirs)
    figures["identity"] = _identity(studio, result, portrait)
    return figures


def _frames(path: Path) -> list[Frame]:
    with open_reader(path, limits=LimitOptions()) as reader:
        return list(islice(reader, _FRAMES))


def _followed(studio: Studio, frames: Sequence[Frame]) -> Take:
    """Return the frames in which a face is found, with the largest."""
    tracker = FaceTracker(studio.analyser)
    found = [(frame, tracker.update(frame.image, float(frame.time))) for frame in frames]
    chosen = [(frame, max(faces, key=lambda face: face.width * face.height)) for frame, faces in found if faces]
    if len(chosen) < len(frames):
        raise MissingAssetsError(f"The face was lost in {len(frames) - len(chosen)} frames")
    return Take([frame for frame, _ in chosen], [face for _, face in chosen])


def _levels(faces: Sequence[Face]) -> Doubles:
    return np.stack([Stand.of(face.mesh).level(face.mesh) for face in faces])


def _alike(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the correlation of two courses, -1 to 1."""
    return float(np.corrcoef(one, other)[0, 1])


def _jitter(levels: Doubles) -> float:
    """Return how far vertices tremble: mean of their second differences, in percent of the eye distance."""
    return 100 * float(np.linalg.norm(np.diff(levels[:, :, :2], n=2, axis=0), axis=2).mean())


def _identity(studio: Studio, result: Take, portrait: Portrait) -> float:
    """Return the greatest identity distance of the result from the portrait."""
    images: list[Image] = [frame.image for frame in result.frames[::_EVERY]]
    faces = result.faces[::_EVERY]
    vectors = [studio.analyser.embed(image, [face])[0].embedding for image, face in zip(images, faces, strict=True)]
    return max(identity_distance(portrait.embedding, vector) for vector in vectors if vector is not None)


if __name__ == "__main__":
    command(main)
