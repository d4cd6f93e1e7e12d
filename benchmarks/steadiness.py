"""Swap the faces of clips, judge flicker, jitter and lag, and hold the tracker against movements that are known."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from benchmarks.common import Figures, MissingAssetsError, assets, command, finish, parser, table
from benchmarks.contact_sheet import picture_of
from benchmarks.judging.clip import judge_clip
from benchmarks.judging.film import Take, followed, swap_clip
from benchmarks.judging.strip import strip
from benchmarks.judging.truth import MOVEMENTS, judge_tracker
from benchmarks.pairs import Portrait, Studio

CLIPS = {
    "head_motion_male": ("video/head_motion_male.mp4", "23"),
    "head_turning_female": ("video/head_turning_female.mp4", "05"),
    "low_light_derived_male": ("video/low_light_derived_male.mp4", "23"),
    "speaker_frontal_obama": ("video/speaker_frontal_obama.mp4", "23"),
    "hand_occlusion_asl_bird": ("video/hand_occlusion_asl_bird.mkv", "05"),
    "hand_occlusion_asl_brother": ("video/hand_occlusion_asl_brother.mkv", "23"),
    "hand_occlusion_asl_thanks": ("video/hand_occlusion_asl_thanks.mkv", "05"),
    "two_people_head_motion": ("video/two_people_head_motion.mp4", "05"),
    "talk-d0": ("talk/talk-d0.mp4", "23"),
    "talk-d3": ("talk/talk-d3.mp4", "05"),
    "talk-d20": ("talk/talk-d20.mp4", "23"),
}
"""File of each clip below the test material, and the number of its source in `pictures/synthetic`."""
MOVED = "05"
"""Number of the portrait that is moved."""
LIMITS: Mapping[str, float] = {"flicker": 1.1, "jitter": 1.0, "worst": 2.0}
"""What each clip is held against, at most."""
_COLUMNS = {
    "flicker": "flicker",
    "own_flicker": "target's own, L*",
    "jitter": "jitter",
    "own_jitter": "target's own, %",
    "lag": "lag, frames",
    "swapped": "swapped, %",
    "to_source": "to source",
    "to_target": "to target",
}
_TRUTH_COLUMNS = {
    "worst": "off by, px",
    "mean": "mean, px",
    "raw_worst": "unsmoothed, px",
    "raw_mean": "its mean, px",
    "lag": "lag, frames",
}
_IN_PERCENT = ("own_jitter", "swapped")
_TILE = 256


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    studio = Studio()
    before = json.loads(options.compare.read_text("utf-8")) if options.compare else {}
    chosen = options.clips or [*CLIPS, *MOVEMENTS]
    clips = [row for name in CLIPS if name in chosen for row in _judge(studio, name, options)]
    moved = [_follow(studio, name) for name in MOVEMENTS if name in chosen]
    if clips:
        print(_table(clips, _COLUMNS, before.get("clips", ())), end="\n\n")
    if moved:
        print(_table(moved, _TRUTH_COLUMNS, before.get("moved", ())), end="\n\n")
    summary = _summary(clips, moved)
    print(table(("over all", "mean", "worst", "held against", "within"), _summary_rows(summary)))
    return finish({"clips": clips, "moved": moved, "summary": summary}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("steadiness", __doc__)
    names = [*CLIPS, *MOVEMENTS]
    made.add_argument("--clips", nargs="+", choices=names, metavar="NAME", help=f"these alone of {', '.join(names)}")
    made.add_argument("--compare", type=Path, metavar="FILE", help="figures of another version, to show the change")
    made.add_argument("--strips", type=Path, metavar="FOLDER", help="write six frames of each clip there, to look at")
    made.add_argument("--tile", type=int, default=_TILE, help="side of one picture of a strip (default: %(default)s)")
    return made.parse_args(arguments)


def _judge(studio: Studio, name: str, options: argparse.Namespace) -> Iterator[Figures]:
    """Swap a clip and yield the figures of each face that is followed."""
    file, number = CLIPS[name]
    source = _portrait(studio, number)
    takes = swap_clip(studio, source, assets(*file.split("/")))
    tracks = followed(takes)
    if not tracks:
        raise MissingAssetsError(f"no face was followed in {file}")
    if options.strips:
        _write_strip(takes, tracks, options.strips / f"{name}.png", options.tile)
    for place, track in enumerate(tracks, 1):
        face = name if len(tracks) == 1 else f"{name} {place}"
        yield {"clip": face, "source": number, **judge_clip(studio.analyser, source, takes, track).figures}


def _follow(studio: Studio, name: str) -> Figures:
    judgement = judge_tracker(studio.analyser, _portrait(studio, MOVED), MOVEMENTS[name])
    if judgement is None:
        raise MissingAssetsError(f"the portrait number {MOVED} is not followed to the end of {name}")
    return {"clip": name, "source": MOVED, **judgement.figures}


def _portrait(studio: Studio, number: str) -> Portrait:
    portrait = studio.portrait(picture_of(number))
    if portrait is None:
        raise MissingAssetsError(f"no face was found in picture number {number}")
    return portrait


def _write_strip(takes: Sequence[Take], tracks: Sequence[int], path: Path, tile: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(strip(takes, tracks, tile)).save(path)


def _table(rows: Sequence[Figures], columns: Mapping[str, str], before: Sequence[Figures]) -> str:
    """Return a table, with the change since another version behind each figure."""
    others = {row["clip"]: row for row in before}
    heads = ("clip", "source", "frames", "px wide", *columns.values())
    cells = [
        [
            *(row["clip"], row["source"], row["frames"], f"{row['width']:.0f}"),
            *(_cell(name, row, others.get(row["clip"], {})) for name in columns),
        ]
        for row in rows
    ]
    return table(heads, cells)


def _cell(name: str, row: Figures, before: Figures) -> str:
    value, old, factor = row[name], before.get(name), 100 if name in _IN_PERCENT else 1
    if value is None:
        return "at rest"
    text = f"{value * factor:.2f}"
    return text if old is None else f"{text} ({(value - old) * factor:+.2f})"


def _summary(clips: Sequence[Figures], moved: Sequence[Figures]) -> Figures:
    """Return mean, worst case and share of clips within each limit."""
    found: Figures = {}
    for name, limit in LIMITS.items():
        values = [row[name] for row in (moved if name == "worst" else clips)]
        if values:
            within = sum(value <= limit for value in values)
            spread = {"mean": float(np.mean(values)), "worst": max(values)}
            found[name] = {**spread, "limit": limit, "within": within, "of": len(values)}
    return found


def _summary_rows(summary: Figures) -> list[list[object]]:
    names = {**_COLUMNS, **_TRUTH_COLUMNS}
    return [
        [names[name], found["mean"], found["worst"], f"≤ {found['limit']:.1f}", f"{found['within']} of {found['of']}"]
        for name, found in summary.items()
    ]


if __name__ == "__main__":
    command(main)
