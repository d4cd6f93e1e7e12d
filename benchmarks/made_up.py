"""Make portraits and clips up: whether people stay who they are, what flickers, and what a face costs."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks.common import Figures, assets, command, finish, parser, table
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.quality import sharpness
from facefusion.faces.recognisers.dlib_resnet import identity_distance
from facefusion.faces.select import order_faces
from facefusion.faces.track import FaceTracker
from facefusion.faces.types import Face
from facefusion.inference.opening import open_sessions
from facefusion.inference.session import SessionFactory
from facefusion.media.frame import Image
from facefusion.media.load import load_picture
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions, Options
from facefusion.processors.base import SourceFace
from facefusion.processors.face_swapper.mesh.front import FrontFinder
from facefusion.processors.face_swapper.mesh.prepare import source_model
from facefusion.processors.makeup.layers import Reference
from facefusion.processors.makeup.wearer import Wearer

REFERENCES = ("sfhq_04_redhead_woman.jpg", "sfhq_03_elderly_asian_woman.jpg", "sfhq_20_old_man_white_beard.jpg")
TARGETS = (
    *("sfhq_02_smiling_man_stubble.jpg", "sfhq_08_older_asian_woman.jpg", "sfhq_12_asian_man_slight_turn.jpg"),
    *("sfhq_23_asian_man_frontal.jpg", "sfhq_26_south_asian_man_stubble.jpg", "sfhq_28_black_woman.jpg"),
)
CLIPS = ("speaker_frontal_obama.mp4", "head_motion_male.mp4")
ALL = dict.fromkeys(("makeup_lips", "makeup_eyes", "makeup_brows", "makeup_blush", "makeup_wrinkles"), 100)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print distances, flicker and costs; return the exit code."""
    given = _options().parse_args(arguments)
    options = Options.parse(ALL)
    sessions = open_sessions(options)
    analyser = FaceAnalyser.create(options.faces, sessions)
    known = {name: _known(analyser, assets("pictures", "synthetic", name)) for name in (*REFERENCES, *TARGETS)}
    wearers = {name: _wearer(known[name], options, sessions) for name in REFERENCES}
    rows = [_portrait(analyser, known, wearers, name) for name in TARGETS]
    print(table(("target", "to itself before", "to the reference", "reference before", "CPU ms"), rows))
    own = [row[1] for row in rows]
    print(f"\nOf {len(REFERENCES) * len(rows)} pairs: mean distance to oneself before {np.mean(own):.2f};")
    print(f"jobs take faces nearer than {options.faces.reference_face_distance} for one person\n")
    clips = [
        _clip(analyser, known[REFERENCES[0]], options, sessions, assets("video", name), given.frames) for name in CLIPS
    ]
    print(table(("clip", "flicker of the change", "the clip's own", "CPU ms a face"), clips))
    return finish(Figures(portraits=rows, clips=clips), given.json)


def _options() -> argparse.ArgumentParser:
    options = parser("made_up", __doc__)
    options.add_argument("--frames", type=int, default=24, help="of each clip; 24 when nothing is said")
    return options


def _known(analyser: FaceAnalyser, path: Path) -> SourceFace:
    image = load_picture(path, LimitOptions()).image
    [face, *_] = analyser.embed(image, order_faces(analyser.find(image), "large-small")[:1])
    return SourceFace(image, face, sharpness(image, face), path)


def _wearer(source: SourceFace, options: Options, sessions: SessionFactory) -> Wearer:
    finder = FrontFinder(sessions.open("front"))
    return Wearer(Reference.of(source_model([source])), options.makeup, options.face_masks, finder=finder)


def _portrait(
    analyser: FaceAnalyser, known: dict[str, SourceFace], wearers: dict[str, Wearer], name: str
) -> tuple[str, float, float, float, float]:
    """Return how far a face with make-up is from itself and from the reference, and that one before; means."""
    before, found = known[name], []
    for reference, wearer in wearers.items():
        image, began = before.image.copy(), time.process_time()
        wearer.wear(image, before.face)
        cost = 1000 * (time.process_time() - began)
        [after] = analyser.embed(image, [before.face])
        to = (before.face, known[reference].face)
        found.append((*(_apart(after, face) for face in to), _apart(*to), cost))
    mean = np.mean(found, axis=0).tolist()
    return (Path(name).stem, mean[0], mean[1], mean[2], mean[3])


def _apart(one: Face, other: Face) -> float:
    if one.embedding is None or other.embedding is None:
        raise ValueError("a face was not embedded")
    return identity_distance(one.embedding, other.embedding)


def _clip(  # noqa: PLR0917 - a clip, and all that is needed for it
    analyser: FaceAnalyser, source: SourceFace, options: Options, sessions: SessionFactory, path: Path, most: int
) -> tuple[str, float, float, float]:
    """Return how far what make-up changes flickers on the canonical face, in levels, beside what the clip does."""
    wearer, tracker = _wearer(source, options, sessions), FaceTracker(analyser)
    changes, faces, costs = [], [], []
    with open_reader(path, limits=LimitOptions()) as reader:
        for frame in islice(reader, most):
            found = tracker.update(frame.image, float(frame.time))
            if not found:
                continue
            face = replace(found[0], share=1.0)
            image, began = frame.image.copy(), time.process_time()
            wearer.wear(image, face)
            costs.append(1000 * (time.process_time() - began))
            changes.append(_laid_flat(image.astype(np.float32) - frame.image, face))
            faces.append(_laid_flat(frame.image.astype(np.float32), face))
    flicker = [float(np.abs(np.diff(each, axis=0)).mean()) for each in (changes, faces)]
    return (path.stem, flicker[0], flicker[1], float(np.median(costs)))


def _laid_flat(values: np.ndarray, face: Face) -> Image:
    """Return a picture as it lies about the eyes and the mouth, 96 pixels wide."""
    wanted = np.array([[30, 36], [66, 36], [48, 74]], np.float32)
    eyes_and_mouth = np.stack([*face.landmarks5[:2], face.landmarks5[3:].mean(0)]).astype(np.float32)
    affine = cv2.getAffineTransform(eyes_and_mouth, wanted)
    return np.asarray(cv2.warpAffine(values, affine, (96, 96), flags=cv2.INTER_LINEAR))


if __name__ == "__main__":
    command(main)
