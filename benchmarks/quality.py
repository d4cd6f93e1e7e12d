"""Swap hard pairs, judge identity, expression, seam, colour, hair and sharpness, and lay them out to look at."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from benchmarks.common import Figures, MissingAssetsError, command, finish, parser, table
from benchmarks.contact_sheet import Swapped, lay_out, picture_of, row_of
from benchmarks.judging.choice import PAIRS
from benchmarks.judging.still import Judge
from benchmarks.pairs import Studio

LIMITS: Mapping[str, tuple[str, float]] = {
    "expression": ("at most", 0.03),
    "pose": ("at most", 3.0),
    "gradient": ("at most", 1.2),
    "colour": ("at most", 4.0),
    "hair": ("at most", 0.01),
}
"""What each pair is held against."""
_TILE, _COLUMNS = 360, 2
_COLUMNS_OF_TABLE = {
    "to_source": "to source",
    "to_target": "to target",
    "like_source": "second: source",
    "like_target": "target",
    "expression": "expression, %",
    "pose": "pose, degrees",
    "gradient": "seam",
    "own_gradient": "target's own",
    "colour": "ΔE",
    "hair": "hair, %",
    "sharpness": "sharpness",
}
_IN_PERCENT = ("expression", "hair")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    studio = Studio()
    judge = Judge(studio)
    rows: list[Figures] = []
    pictures = []
    for pair in options.pairs or PAIRS:
        source, target = (studio.portrait(picture_of(name)) for name in pair.split(":"))
        if source is None or target is None:
            raise MissingAssetsError(f"no face was found in a picture of the pair {pair}")
        result, judgement = judge.judge(source, target)
        note = PAIRS.get(pair, "")
        rows.append({"pair": pair, "note": note, **judgement.figures})
        if options.sheet:
            pictures.append(row_of(Swapped(pair, note, source, target, result), options.tile))
    before = {row["pair"]: row for row in json.loads(options.compare.read_text())["pairs"]} if options.compare else {}
    print(
        table(
            ("source:target", "what is hard", "yaw", *_COLUMNS_OF_TABLE.values()), [_row(row, before) for row in rows]
        )
    )
    summary = _summary(rows)
    print(f"\n{table(('over all pairs', 'mean', 'worst', 'held against', 'pairs within'), _summary_rows(summary))}")
    if options.sheet:
        _lay_out(pictures, options)
    return finish({"pairs": rows, "summary": summary}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("quality", __doc__)
    made.add_argument("--pairs", nargs="+", metavar="SOURCE:TARGET", help="these alone (default: all that were chosen)")
    made.add_argument("--sheet", type=Path, metavar="FOLDER", help="lay the pairs out in PNG files there, to look at")
    made.add_argument("--tile", type=int, default=_TILE, help="side of one picture on a sheet (default: %(default)s)")
    made.add_argument("--compare", type=Path, metavar="FILE", help="figures of another version, to show the change")
    return made.parse_args(arguments)


def _row(row: Figures, before: Mapping[str, Figures]) -> list[object]:
    """Return the cells of a pair, with the change since another version behind each figure."""
    cells: list[object] = [row["pair"].replace("pictures/", ""), row["note"], f"{row['turn']:.0f}"]
    for name in _COLUMNS_OF_TABLE:
        factor = 100 if name in _IN_PERCENT else 1
        text = f"{row[name] * factor:.2f}"
        if row["pair"] in before:
            text += f" ({(row[name] - before[row['pair']][name]) * factor:+.2f})"
        cells.append(text)
    return cells


def _summary(rows: Sequence[Figures]) -> Figures:
    """Return means, worst cases and shares over all pairs."""
    found: Figures = {
        "nearer": float(np.mean([row["to_source"] < row["to_target"] for row in rows])),
        "liker": float(np.mean([row["like_source"] > row["like_target"] for row in rows])),
    }
    worst: Callable[[Sequence[float]], float] = max
    for name, (_, limit) in LIMITS.items():
        values = [row[name] for row in rows]
        within = float(np.mean([value <= limit for value in values]))
        found[name] = {"mean": float(np.mean(values)), "worst": worst(values), "limit": limit, "within": within}
    return found


def _summary_rows(summary: Figures) -> list[list[object]]:
    rows: list[list[object]] = [
        ["nearer to the source", f"{summary['nearer']:.0%}", "", "", ""],
        ["by the second recogniser", f"{summary['liker']:.0%}", "", "", ""],
    ]
    for name in LIMITS:
        found, factor = summary[name], 100 if name in _IN_PERCENT else 1
        values = (f"{found[key] * factor:.2f}" for key in ("mean", "worst", "limit"))
        rows.append([_COLUMNS_OF_TABLE[name], *values, f"{found['within']:.0%}"])
    return rows


def _lay_out(pictures: Sequence[np.ndarray], options: argparse.Namespace) -> None:
    """Write sheets of eight pairs each."""
    options.sheet.mkdir(parents=True, exist_ok=True)
    size = 4 * _COLUMNS
    for start in range(0, len(pictures), size):
        sheet = lay_out(pictures[start : start + size], _COLUMNS)
        Pillow.fromarray(sheet).save(options.sheet / f"pairs-{start // size + 1:02d}.png")


if __name__ == "__main__":
    command(main)
