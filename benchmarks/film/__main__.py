"""Do one long clip over several workers, kill some of them on the way, and judge what is joined in the end.

    python -m benchmarks.film [--minutes 10] [--workers 4] [--kills 2] [--segment 1000] [--strips FOLDER]

The clip is real people who talk and move, with sound, cuts on and near the borders of segments, and a stretch of uneven
frames. It is handed in as anybody does, over a PostgreSQL and a folder; `facefusion worker` processes do it, and
some of these are killed (`SIGKILL`) in the midst of a segment. The exit code is 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.common import Figures, command, finish, parser, table
from benchmarks.contact_sheet import picture_of
from benchmarks.film.borders import REACH, BorderJudge, beside_whole, write_strip
from benchmarks.film.material import RATE, Film, made_film
from benchmarks.film.place import Place, place
from benchmarks.film.whole import Labels, around, faults_of_file, faults_of_work, paired
from facefusion.media.frame import Image
from facefusion.media.open import open_reader
from facefusion.options import LimitOptions

_SOURCE: Final = "23"
_OPTIONS: Final = ("--output-video-quality", "12")
_LABEL: Final = ("--label", "ends", "--label-place", "bottom-left")
_MOST: Final = {"step": 1.5, "landmarks": 2.0, "tone": 2.0}
"""Change at a border, by the largest of the frames around it, from which it is seen."""
_BEFORE, _BEHIND = 150, 40
"""Frames before and behind a border that are done whole as well."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    with _folder(options.keep) as folder:
        film = made_film(
            folder,
            frames=round(options.minutes * 60 * RATE),
            segment=options.segment,
            size=options.size,
            seed=options.seed,
        )
        print(f"{film.path}: {film.frames} frames, {len(film.cuts)} cuts", flush=True)
        with place(folder, workers=options.workers, segment=options.segment) as there:
            job = there.hand_in(picture_of(_SOURCE), film.path, "film.mp4", *_OPTIONS, *_LABEL)
            seconds = there.awaited(job, kills=options.kills, again_after=options.again_after, limit=options.limit)
            (folder / "results").mkdir()
            there.facefusion("job", "fetch", job, "--to", str(folder / "results"))
            result = folder / "results" / "film.mp4"
            found = _judged(film, result, there, options)
            found["faults"] += faults_of_work(there, job, options.kills)
            found |= {"seconds": seconds, "kills": [asdict(kill) for kill in there.kills]}
    found |= {"frames": film.frames, "processor_seconds": resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime}
    report(found)
    return finish(found, options.json) or int(bool(found["faults"]))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("film", __doc__)
    made.add_argument("--minutes", type=float, default=10.0, help="length of the clip (default: %(default)s)")
    made.add_argument("--segment", type=int, default=1000, help="frames in a segment (default: %(default)s)")
    made.add_argument("--workers", type=int, default=4, help="worker processes (default: %(default)s)")
    made.add_argument("--kills", type=int, default=2, help="workers that are killed (default: %(default)s)")
    made.add_argument("--again-after", type=float, default=20, help="seconds until another comes for the second and on")
    made.add_argument("--size", type=_size, default=(320, 180), metavar="WxH", help="of the clip (default: 320x180)")
    made.add_argument("--whole", type=int, default=3, help="borders also held against the same stretch done whole")
    made.add_argument("--strips", type=Path, metavar="FOLDER", help="write the frames around each border there")
    made.add_argument("--keep", type=Path, metavar="FOLDER", help="work there, and keep all of it; not there yet")
    made.add_argument("--limit", type=float, default=7200, help="seconds after which the job is given up")
    made.add_argument("--seed", type=int, default=1, help="of all that is left to chance (default: %(default)s)")
    return made.parse_args(arguments)


def _size(text: str) -> tuple[int, int]:
    width, height = map(int, text.split("x"))
    return width, height


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="film-", ignore_cleanup_errors=True) as made:
        yield Path(made)


def _judged(film: Film, result: Path, there: Place, options: argparse.Namespace) -> Figures:
    """Return the figures of a result, and what is wrong with it."""
    wrong, labels, judge = Counter[str](), Labels(film.frames, RATE), BorderJudge(film.cuts)
    chosen = _chosen(film.borders, options.whole)
    rows, beside = [], []
    for border, pairs in around(paired(film.path, result, wrong), film.borders, min(REACH, film.segment // 2)):
        if border is None:
            labels.see(pairs[0])
            continue
        rows.append(judge.judge(border, pairs))
        if border in chosen:
            beside.append(beside_whole(border, pairs, _whole(film, border, there)))
        if options.strips:
            write_strip(border, pairs, options.strips / f"border {border}.png")
    of_file, marks = faults_of_file(film, result, there)
    faults = [f"{count} {what}" for what, count in wrong.items() if count] + labels.faults + of_file
    faults += [fault for row in rows for fault in _faults_of_border(row)]
    return {"borders": rows, "whole": beside, "marks": marks, "cuts": sorted(film.cuts), "faults": faults}


def _chosen(borders: Sequence[int], count: int) -> set[int]:
    """Return so many borders, evenly spread."""
    places = np.linspace(0, len(borders) - 1, min(count, len(borders))).round().astype(int)
    return {borders[at] for at in places} if borders else set()


def _faults_of_border(row: Figures) -> list[str]:
    names = [name for name, most in _MOST.items() if row[f"{name}_ratio"] > most]
    return [f"border {row['border']}: the {name} jumps" for name in names]


def _whole(film: Film, border: int, there: Place) -> dict[int, Image]:
    """Do the stretch around a border as one job that is not cut there; return its frames by their index in the film."""
    begin, end = max(0, border - _BEFORE), min(film.frames, border + _BEHIND)
    output = there.folder / f"whole {border}.mp4"
    trims = ("--trim-start", f"{begin}f", "--trim-end", f"{end}f")
    there.facefusion(
        *("process", "-s", str(picture_of(_SOURCE)), "-t", str(film.path), "-o", str(output)), *_OPTIONS, *trims
    )
    with open_reader(output, limits=LimitOptions()) as reader:
        return {begin + number: frame.image for number, frame in enumerate(reader)}


def report(found: Figures) -> None:
    """Print the figures."""
    heads = ("border", "cut", "step", "median", "above, %", "landmarks", "median", "colour", "median", "left as is")
    names = ("border", "cut", "step_at", "step_median", "step_share")
    names += ("landmarks_at", "landmarks_median", "tone_at", "tone_median", "uncovered")
    print("\n" + table(heads, [[row[name] for name in names] for row in found["borders"]]))
    if found["whole"]:
        heads = ("border", "off before", "off behind", "step", "in whole")
        names = ("border", "off_before", "off_behind", "step", "step_whole")
        print("\n" + table(heads, [[row[name] for name in names] for row in found["whole"]]))
    rows: list[list[object]] = [
        ["frames", found["frames"]],
        ["cuts", len(found["cuts"])],
        ["workers killed", len(found["kills"])],
        *([f"mark: {name}", state] for name, state in found["marks"].items()),
        ["seconds", found["seconds"]],
        ["faults", len(found["faults"])],
    ]
    print("\n" + table(["", "film"], rows))
    for fault in found["faults"]:
        print(f"WRONG: {fault}")


if __name__ == "__main__":
    command(main)
