"""Swap faces in clips whole, and again in two segments done apart, with leads of several lengths."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from benchmarks.common import Figures, assets, command, finish, parser, table
from benchmarks.contact_sheet import picture_of
from facefusion.engine.run import run
from facefusion.engine.segmented import plan_job, run_segment
from facefusion.faces.analyser import FaceAnalyser
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
SEAM, BEHIND = 100, 50
"""The frame with which the segment begins, and how many frames it has."""
_NEAR = 5
"""Frames behind the seam that are told apart from the others."""
_CHANGED = 2
"""Change of a pixel, 0 to 255, from which it is a part of what was edited."""

Pixels = npt.NDArray[np.uint8]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    rows = [row for name in options.clips for row in _judge(name, options)]
    heads = (
        "clip",
        "lead",
        "off at seam",
        "off behind",
        "step at seam",
        "in whole",
        "most near it",
        "in whole",
        "landmarks, px",
        "s",
    )
    print(table(heads, [[row[name] for name in _NAMES] for row in rows]))
    return finish({"seams": rows}, options.json)


_NAMES = (
    "clip",
    "lead",
    "at_seam",
    "behind",
    "step",
    "usual_step",
    "most_step",
    "most_usual_step",
    "landmarks",
    "seconds",
)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("seams", __doc__)
    made.add_argument("--clips", nargs="+", choices=CLIPS, default=list(CLIPS), metavar="NAME", help="these alone")
    made.add_argument("--leads", nargs="+", type=int, default=LEADS, metavar="FRAMES", help="default: %(default)s")
    made.add_argument("--strips", type=Path, metavar="FOLDER", help="write the frames around the seam there")
    return made.parse_args(arguments)


def _judge(name: str, options: argparse.Namespace) -> list[Figures]:
    file, number = CLIPS[name]
    target = assets(*file.split("/"))
    with tempfile.TemporaryDirectory() as folder:
        values: dict[str, Any] = {
            "target_path": target,
            "output_path": Path(folder) / "whole.mkv",
            "source_paths": picture_of(number),
            "output_video_encoder": "ffv1",
            "policy": str(Path(__file__).with_name("policy.toml")),
            "trim_end": f"{SEAM + BEHIND}f",
        }
        run(Options.parse(values))
        whole = _frames(Path(folder) / "whole.mkv")
        before = _frames(target)[: len(whole)]
        rows = []
        for lead in options.leads:
            started = time.perf_counter()
            apart = _in_segments(values, Path(folder), lead)
            seconds = time.perf_counter() - started
            rows.append({"clip": name, "lead": lead, "seconds": seconds, **_figures(before, whole, apart)})
            if options.strips:
                _write_strip(whole, apart, options.strips / f"{name} {lead}.png")
        return rows


def _in_segments(values: Mapping[str, Any], folder: Path, lead: int) -> list[Pixels]:
    """Make the segments before and behind the seam; return all their frames."""
    options = Options.parse({**values, "output_path": folder / "out.mkv"})
    plan = plan_job(options, segment_frames=SEAM, lead_frames=lead)
    made = [run_segment(options, plan, part.number, folder / f"{lead} {part.number}") for part in plan.segments]
    return [frame for segment in made for frame in _frames(segment.files[0])]


def _figures(before: Sequence[Pixels], whole: Sequence[Pixels], apart: Sequence[Pixels]) -> Figures:
    """Hold frames against those of the whole job, where either of them is edited."""
    off = np.array([_off(*frames) for frames in zip(before, whole, apart, strict=True)])
    return {
        "before": float(np.nanmean(off[: SEAM - _NEAR])),
        "at_seam": float(np.nanmean(off[SEAM : SEAM + _NEAR])),
        "behind": float(np.nanmean(off[SEAM + _NEAR :])),
        "step": _step(before, apart, SEAM),
        "usual_step": _step(before, whole, SEAM),
        "most_step": max(_step(before, apart, index) for index in range(SEAM - 12, SEAM + 1)),
        "most_usual_step": max(_step(before, whole, index) for index in range(SEAM - 12, SEAM + 1)),
        "landmarks": _landmarks(whole[SEAM], apart[SEAM]),
        "off": off[SEAM:].round(3).tolist(),
    }


def _edited(before: Pixels, *frames: Pixels) -> npt.NDArray[np.bool_]:
    return np.logical_or.reduce([cv2.absdiff(before, frame).max(axis=2) >= _CHANGED for frame in frames])


def _off(before: Pixels, whole: Pixels, apart: Pixels) -> float:
    """Return the mean difference of two edits of a frame where either changed it, 0 to 255; nan where neither did."""
    where = _edited(before, whole, apart)
    return float(cv2.absdiff(whole, apart)[where].mean()) if where.any() else float("nan")


def _step(before: Sequence[Pixels], frames: Sequence[Pixels], index: int) -> float:
    """Return by how much an edit differs from that of the frame before, in the mean of the pixels that both change."""
    places = (index - 1, index)
    where = np.logical_and.reduce([_edited(before[place], frames[place]) for place in places])
    edits = [frames[place].astype(np.int16) - before[place] for place in places]
    return float(np.abs(edits[1] - edits[0])[where].mean()) if where.any() else float("nan")


def _landmarks(whole: Pixels, apart: Pixels) -> float:
    """Return how far landmarks of a face are from those of the whole job, in pixels."""
    analyser = FaceAnalyser.create(FaceSelectionOptions())
    one, other = analyser.find(whole), analyser.find(apart)
    if not one or not other:
        return float("nan")
    return float(np.linalg.norm((one[0].mesh - other[0].mesh)[:, :2], axis=1).mean())


def _frames(path: Path) -> list[Pixels]:
    with open_reader(path, limits=LimitOptions()) as reader:
        return [frame.image for frame in reader]


def _write_strip(whole: Sequence[Pixels], apart: Sequence[Pixels], path: Path) -> None:
    """Write two frames before the seam and three behind it, of the whole job above those done apart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [np.hstack(frames[SEAM - 2 : SEAM + 3]) for frames in (whole, apart)]
    Pillow.fromarray(np.vstack(rows)).save(path)


if __name__ == "__main__":
    command(main)
