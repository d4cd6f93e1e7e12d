"""Swap faces in clips whole, and again in two segments done apart, with leads of several lengths.

Beside clips of people who speak there are scenes in which something hard happens just where the segments meet: a cut,
somebody who comes or leaves, two who cross, a head that is turned all the time. In some of them people are named with
`--map`, and are not to get each other's face.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from PIL import Image as Pillow

from benchmarks.common import Figures, assets, command, finish, parser, table
from benchmarks.contact_sheet import picture_of
from benchmarks.judging.border import mean, off, step
from benchmarks.scenes import FRAMES, SCENES, SEAM, Box, Scene
from facefusion.engine.run import run
from facefusion.engine.segmented import LEAD_FRAMES, plan_job, run_segment
from facefusion.faces.analyser import FaceAnalyser
from facefusion.media.frame import Image
from facefusion.media.open import open_reader
from facefusion.options import FaceSelectionOptions, LimitOptions, Options

CLIPS = {
    "speaker_frontal_obama": ("video/speaker_frontal_obama.mp4", "23"),
    "talk-d3": ("talk/talk-d3.mp4", "05"),
    "talk-d20": ("talk/talk-d20.mp4", "23"),
    "scene_cuts_with_noface": ("video/scene_cuts_with_noface.mp4", "05"),
}
"""File of each clip below the test material, and the number of its source in `pictures/synthetic`."""
LEADS = (0, 12, 25, 50, 100)
SOURCES: Final = ("05", "23")
"""The sources of scenes: the first of everybody, or one for each person who is named."""
_NEAR = 5
"""Frames behind the seam that are told apart from the others."""
_FADE = 12
"""Frames before it in which one segment goes over into the next."""

_NAMES = {
    "clip": "clip",
    "lead": "lead",
    "at_seam": "off at seam",
    "behind": "off behind",
    "step": "step at seam",
    "usual_step": "in whole",
    "most_step": "most near it",
    "most_usual_step": "in whole",
    "landmarks": "landmarks, px",
    "mistaken": "mistaken",
    "left": "with or without",
    "seconds": "s",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    rows = [row for name in options.clips for row in _judge_clip(name, options)]
    rows += [_judge_scene(name, SCENES[name](), options) for name in options.scenes]
    print(table(list(_NAMES.values()), [[row[name] for name in _NAMES] for row in rows]))
    return finish({"seams": rows}, options.json) or int(any(map(_is_wrong, rows)))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("seams", __doc__)
    made.add_argument("--clips", nargs="*", choices=CLIPS, default=list(CLIPS), metavar="NAME", help="these alone")
    made.add_argument("--scenes", nargs="*", choices=SCENES, default=list(SCENES), metavar="NAME", help="these alone")
    made.add_argument("--leads", nargs="+", type=int, default=LEADS, metavar="FRAMES", help="of clips: %(default)s")
    made.add_argument("--strips", type=Path, metavar="FOLDER", help="write the frames around the seam there")
    return made.parse_args(arguments)


def _judge_clip(name: str, options: argparse.Namespace) -> list[Figures]:
    file, number = CLIPS[name]
    target = assets(*file.split("/"))
    with tempfile.TemporaryDirectory() as folder:
        values = _values(target, Path(folder)) | {"source_paths": picture_of(number)}
        whole = _whole(values, Path(folder) / "whole.mkv")
        before = _frames(target)[: len(whole)]
        rows = []
        for lead in options.leads:
            started = time.perf_counter()
            apart = _in_segments(values, Path(folder), lead)
            seconds = time.perf_counter() - started
            told = {"clip": name, "lead": lead, "seconds": seconds, "mistaken": 0, "left": 0}
            rows.append(told | _figures(before, whole, apart))
            if options.strips:
                _write_strip(whole, apart, options.strips / f"{name} {lead}.png")
        return rows


def _judge_scene(name: str, scene: Scene, options: argparse.Namespace) -> Figures:
    with tempfile.TemporaryDirectory() as given:
        folder = Path(given)
        values = _values(_written(scene.frames, folder / "target.mkv"), folder)
        cast = _cast(scene, folder)
        whole = _whole(values | cast, folder / "whole.mkv")
        started = time.perf_counter()
        apart = _in_segments(values | cast, folder, LEAD_FRAMES)
        seconds = time.perf_counter() - started
        mistaken, left = 0, 0
        if scene.people:
            alike = [_whole(values | {"source_paths": picture_of(number)}, folder / number) for number in SOURCES]
            differ = [pair for pair in _faces(scene, alike, whole, apart) if pair[0] != pair[1]]
            left = sum(0 in pair for pair in differ)
            mistaken = len(differ) - left
        if options.strips:
            _write_strip(whole, apart, options.strips / f"{name}.png")
    told = {"clip": name, "lead": LEAD_FRAMES, "seconds": seconds, "mistaken": mistaken, "left": left}
    return told | _figures(scene.frames, whole, apart)


def _values(target: Path, folder: Path) -> dict[str, Any]:
    return {
        "target_path": target,
        "output_path": folder / "out.mkv",
        "output_video_encoder": "ffv1",
        "policy": str(Path(__file__).with_name("policy.toml")),
        "trim_end": f"{FRAMES}f",
    }


def _cast(scene: Scene, folder: Path) -> dict[str, Any]:
    """Return the options that say who gets whose face."""
    if not scene.people:
        return {"source_paths": picture_of(SOURCES[0])}
    pairs = []
    for number, person in zip(SOURCES, scene.people, strict=True):
        reference = folder / f"person {number}.png"
        Pillow.fromarray(person).save(reference)
        pairs.append((picture_of(number), reference))
    return {"face_map": pairs}


def _whole(values: Mapping[str, Any], path: Path) -> list[Image]:
    path = path.with_suffix(".mkv")
    run(Options.parse({**values, "output_path": path}))
    return _frames(path)


def _in_segments(values: Mapping[str, Any], folder: Path, lead: int) -> list[Image]:
    """Make the segments before and behind the seam; return all their frames."""
    options = Options.parse({**values, "output_path": folder / "out.mkv"})
    plan = plan_job(options, segment_frames=SEAM, lead_frames=lead)
    made = [run_segment(options, plan, part.number, folder / f"{lead} {part.number}") for part in plan.segments]
    return [frame for segment in made for frame in _frames(segment.files[0])]


def _figures(before: Sequence[Image], whole: Sequence[Image], apart: Sequence[Image]) -> Figures:
    """Hold frames against those of the whole job, where either of them is edited."""
    far = [off(*frames) for frames in zip(before, whole, apart, strict=True)]
    near = range(SEAM - _FADE, SEAM + 1)
    return {
        "before": mean(far[: SEAM - _NEAR]),
        "at_seam": mean(far[SEAM : SEAM + _NEAR]),
        "behind": mean(far[SEAM + _NEAR :]),
        "step": step(before, apart, SEAM),
        "usual_step": step(before, whole, SEAM),
        "most_step": _most(before, apart, near),
        "most_usual_step": _most(before, whole, near),
        "landmarks": _landmarks(whole[SEAM], apart[SEAM]),
        "off": np.round(far[SEAM - _FADE :], 3).tolist(),
    }


def _most(before: Sequence[Image], frames: Sequence[Image], near: Iterable[int]) -> float:
    """Return the largest step at some frames; nan where nothing is edited in any of them."""
    steps = [step(before, frames, index) for index in near]
    return max((value for value in steps if not np.isnan(value)), default=float("nan"))


def _landmarks(whole: Image, apart: Image) -> float:
    """Return how far landmarks of a face are from those of the whole job, in pixels."""
    analyser = FaceAnalyser.create(FaceSelectionOptions())
    one, other = analyser.find(whole), analyser.find(apart)
    if not one or not other:
        return float("nan")
    return float(np.linalg.norm((one[0].mesh - other[0].mesh)[:, :2], axis=1).mean())


def _is_wrong(row: Figures) -> bool:
    """Whether anybody gets another's face, or has one or none for longer than segments go over into one another."""
    return bool(row["mistaken"] or row["left"] > _FADE)


def _faces(
    scene: Scene, alike: Sequence[Sequence[Image]], whole: Sequence[Image], apart: Sequence[Image]
) -> list[tuple[int, int]]:
    """Return of each person in each frame whose face they get in the whole job, and in segments; see `_who`.

    Args:
        scene: the clip.
        alike: jobs in which everybody gets the face of one source.
        whole: the job.
        apart: the same in segments.
    """
    found = []
    for place in scene.places:
        for number, box in enumerate(place):
            if box is not None:
                looks = [scene.frames[number], *(each[number] for each in alike)]
                found.append((_who(looks, whole[number], box), _who(looks, apart[number], box)))
    return found


def _who(looks: Sequence[Image], frame: Image, box: Box) -> int:
    """Return whose face is to be seen at a place: 0 for that which was there, or the number of a source from 1 on."""
    left, top, right, bottom = (max(0, value) for value in box)
    part = np.s_[top:bottom, left:right]
    return int(np.argmin([cv2.absdiff(look[part], frame[part]).mean() for look in looks]))


def _frames(path: Path) -> list[Image]:
    with open_reader(path, limits=LimitOptions()) as reader:
        return [frame.image for frame in reader]


def _written(frames: Sequence[Image], path: Path) -> Path:
    """Write frames as a clip that loses nothing of them."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "bgr0"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame))))
        container.mux(stream.encode(None))
    return path


def _write_strip(whole: Sequence[Image], apart: Sequence[Image], path: Path) -> None:
    """Write two frames before the seam and three behind it, of the whole job above those done apart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [np.hstack(frames[SEAM - 2 : SEAM + 3]) for frames in (whole, apart)]
    Pillow.fromarray(np.vstack(rows)).save(path)


if __name__ == "__main__":
    command(main)
