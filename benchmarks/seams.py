"""Swap faces in clips whole and in segments done apart, with leads of several lengths: is there a seam?"""

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
from facefusion.engine.segmented import merge_segments, plan_job, run_segment
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
LEADS = (0, 12, 25, 50, 75)
LENGTH = 80
"""Frames in a segment."""
_BEHIND = 5
"""Frames behind a seam that are held against the whole job's."""
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
        "seams",
        "off at seams",
        "off elsewhere",
        "step at seams",
        "usual step",
        "landmarks, px",
        "s",
    )
    print(table(heads, [[row[name] for name in _NAMES] for row in rows]))
    return finish({"seams": rows}, options.json)


_NAMES = ("clip", "lead", "seams", "at_seams", "elsewhere", "step", "usual_step", "landmarks", "seconds")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("seams", __doc__)
    made.add_argument("--clips", nargs="+", choices=CLIPS, default=list(CLIPS), metavar="NAME", help="these alone")
    made.add_argument("--leads", nargs="+", type=int, default=LEADS, metavar="FRAMES", help="default: %(default)s")
    made.add_argument("--length", type=int, default=LENGTH, help="frames in a segment (default: %(default)s)")
    made.add_argument("--strips", type=Path, metavar="FOLDER", help="write the frames around the first seam there")
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
        }
        run(Options.parse(values))
        before, whole = _frames(target), _frames(Path(folder) / "whole.mkv")
        rows = []
        for lead in options.leads:
            started = time.perf_counter()
            seams = _in_segments(values, Path(folder) / f"{lead}", options.length, lead)
            seconds = time.perf_counter() - started
            apart = _frames(Path(folder) / f"{lead}" / "out.mkv")
            figures = _figures(before, whole, apart, seams)
            rows.append({"clip": name, "lead": lead, "seams": len(seams), "seconds": seconds, **figures})
            if options.strips and seams:
                _write_strip(whole, apart, seams[0], options.strips / f"{name} {lead}.png")
        return rows


def _in_segments(values: Mapping[str, Any], folder: Path, length: int, lead: int) -> list[int]:
    """Do a job in segments; return the indexes of the frames behind the seams."""
    folder.mkdir()
    options = Options.parse({**values, "output_path": folder / "out.mkv"})
    plan = plan_job(options, segment_frames=length, lead_frames=lead)
    folders = [folder / f"{part.number}" for part in plan.segments]
    for part, place in zip(plan.segments, folders, strict=True):
        run_segment(options, plan, part.number, place)
    merge_segments(options, plan, folders)
    return [part.first for part in plan.segments[1:]]


def _figures(
    before: Sequence[Pixels], whole: Sequence[Pixels], apart: Sequence[Pixels], seams: Sequence[int]
) -> Figures:
    """Hold frames against those of the whole job, where either of them is edited."""
    off = np.array([_off(*frames) for frames in zip(before, whole, apart, strict=True)])
    near = {index for seam in seams for index in range(seam, min(seam + _BEHIND, len(off)))}
    elsewhere = [value for index, value in enumerate(off) if index not in near]
    first = seams[0] if seams else 0
    steps = {name: _steps(before, frames) for name, frames in (("whole", whole), ("apart", apart))}
    return {
        "at_seams": float(np.nanmean(off[sorted(near)])) if near else 0.0,
        "elsewhere": float(np.nanmean(elsewhere)),
        "step": float(np.nanmean([steps["apart"][seam] for seam in seams])),
        "usual_step": float(np.nanmean([steps["whole"][seam] for seam in seams])),
        "usual_spread": float(np.nanpercentile(steps["whole"][first:], 95)),
        "landmarks": _landmarks(whole, apart, seams),
        "off": off.round(3).tolist(),
    }


def _edited(before: Pixels, *frames: Pixels) -> npt.NDArray[np.bool_]:
    return np.logical_or.reduce([cv2.absdiff(before, frame).max(axis=2) >= _CHANGED for frame in frames])


def _off(before: Pixels, whole: Pixels, apart: Pixels) -> float:
    """Return the mean difference of two edits of a frame where either changed it, 0 to 255; nan where neither did."""
    where = _edited(before, whole, apart)
    return float(cv2.absdiff(whole, apart)[where].mean()) if where.any() else float("nan")


def _steps(before: Sequence[Pixels], frames: Sequence[Pixels]) -> list[float]:
    """Return by how much an edit differs from that of the frame before, in the mean of the pixels that both change."""
    steps = [float("nan")]
    for index in range(1, len(frames)):
        where = _edited(before[index], frames[index]) & _edited(before[index - 1], frames[index - 1])
        edits = [frames[place].astype(np.int16) - before[place] for place in (index - 1, index)]
        steps.append(float(np.abs(edits[1] - edits[0])[where].mean()) if where.any() else float("nan"))
    return steps


def _landmarks(whole: Sequence[Pixels], apart: Sequence[Pixels], seams: Sequence[int]) -> float:
    """Return how far landmarks of faces behind the seams are from those of the whole job, in pixels."""
    analyser = FaceAnalyser.create(FaceSelectionOptions())
    found = [(analyser.find(whole[seam]), analyser.find(apart[seam])) for seam in seams]
    pairs = [(one[0].mesh, other[0].mesh) for one, other in found if one and other]
    return float(np.mean([np.linalg.norm((one - other)[:, :2], axis=1).mean() for one, other in pairs] or [np.nan]))


def _frames(path: Path) -> list[Pixels]:
    with open_reader(path, limits=LimitOptions()) as reader:
        return [frame.image for frame in reader]


def _write_strip(whole: Sequence[Pixels], apart: Sequence[Pixels], seam: int, path: Path) -> None:
    """Write two frames before a seam and three behind it, of the whole job above those done apart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [np.hstack(frames[seam - 2 : seam + 3]) for frames in (whole, apart)]
    Pillow.fromarray(np.vstack(rows)).save(path)


if __name__ == "__main__":
    command(main)
