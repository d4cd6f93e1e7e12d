"""Measure all that docs/performance.md tells, and write its tables and its flame graph.

    python -m benchmarks.performance                  all but the longest clip; a quarter of an hour on two idle cores
    python -m benchmarks.performance memory           a clip of 1,000 s, a quarter of an hour
    python -m benchmarks.performance presets flame    some parts of it; the others stay as they are

Each part keeps its figures in out/benchmarks/performance. Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import flame, throughput
from benchmarks.common import ROOT, Figures, command, finish, parser, table
from benchmarks.generated import MESH
from benchmarks.speed.report import BARE, CHEAP, GROWTH, MODEL_HEADS, growths, model_rows, rows

DOCUMENT = ROOT / "docs" / "performance.md"
PARTS: Mapping[str, Sequence[str]] = {
    "mesh": ("--seconds", "10", "100"),
    "network": ("--seconds", "10", "--swapper", "tiny"),
    "bare": ("--frames", "60", "--sizes", "720", "--swapper", "large", "--bare", "--no-encoder"),
    "presets": ("--seconds", "10", "--sizes", "720", "--presets", "ultrafast", "superfast", "medium", "slow"),
    "memory": ("--seconds", "10", "1000", "--sizes", "720"),
}
"""What each part asks of `benchmarks.throughput`."""
LONG = ("memory",)
MOST_MIB = 600
"""Peak memory beside the weights, in MiB, that jobs are held against."""
FIRST = 2.0
"""Seconds to the first frame, loading models left out, that jobs are held against."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    parts = options.parts or [*(part for part in PARTS if part not in LONG), "flame"]
    text, held = options.document.read_text("utf-8"), []
    for part in parts:
        print(f"\n## {part}\n", flush=True)
        if part == "flame":
            asked = ["--output", str(options.document.parent / "images" / "flame.svg"), "--kept", str(options.kept)]
            text = replaced(text, part, _printed(flame.main, asked))
        else:
            file = options.kept / "performance" / f"{part}.json"
            throughput.main([*PARTS[part], "--kept", str(options.kept), "--json", str(file)])
            text = replaced(text, part, markdown(json.loads(file.read_text("utf-8"))))
            held = targets(_results(options.kept))
            text = replaced(text, "targets", table(("held against", "in", "target", "measured", ""), held))
        options.document.write_text(text, "utf-8")
    return finish({"parts": list(parts), "targets": held}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("performance", __doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("parts", nargs="*", type=_part, help=f"of {', '.join([*PARTS, 'flame'])}")
    made.add_argument("--document", type=Path, default=DOCUMENT, help="to write the tables into (%(default)s)")
    made.add_argument(
        "--kept",
        type=Path,
        default=Path("out/benchmarks"),
        help="where clips and models are kept (default: %(default)s)",
    )
    return made.parse_args(arguments)


def _results(kept: Path) -> list[Figures]:
    """Return the results that are kept of all parts, in their order."""
    files = (kept / "performance" / f"{part}.json" for part in PARTS)
    return [json.loads(file.read_text("utf-8")) for file in files if file.is_file()]


def _part(name: str) -> str:
    if name not in (*PARTS, "flame"):
        raise argparse.ArgumentTypeError(f"there is no part {name}")
    return name


def replaced(text: str, part: str, content: str) -> str:
    """Return a document with one of its parts replaced.

    Args:
        text: of the document; it has a line where the part begins and one where it ends.
        part: its name.
        content: what it shall hold.

    Raises:
        ValueError: the document has no such part.
    """
    begin, end = (f"<!-- {word}: {part}, written by benchmarks.performance -->" for word in ("begin", "end"))
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"The document has no part {part}")
    return f"{before}{begin}\n\n{content.strip()}\n\n{end}{after}"


def markdown(result: Figures) -> str:
    """Return the tables of a result, without lines that say nothing of it."""
    runs = result["runs"]
    told = [row for row in rows(runs, result["peaks"]) if any(cell != "" for cell in row[1:])]
    best = ", ".join(f"{peak['provider']} {peak['flops'] / 1e9:.0f} GFLOP/s" for peak in result["peaks"].values())
    machine = result["machine"]
    where = f"{machine['processor']}, {result['cores']} cores, Python {machine['python']}, {machine['runtime']}"
    main_table = table(["", *(run["title"] for run in runs)], told)
    networks = table(("networks", *MODEL_HEADS), model_rows(runs, result["peaks"]))
    return f"{where}; best rate: {best}\n\n{main_table}\n\n{networks}"


def targets(results: Sequence[Figures]) -> list[list[object]]:
    """Return what the figures are held against, and whether they reach it."""
    found: list[list[object]] = []
    for run in (run for result in results for run in result["runs"]):
        found += [[*line, "reached" if reached else "not reached"] for *line, reached in _held(run)]
    for long, short, growth in (each for result in results for each in growths(result["runs"])):
        about = ("peak memory against the short clip", f"{long} / {short}", f"≤ +{100 * GROWTH:g} %", f"{growth:+.1%}")
        found.append([*about, "reached" if growth <= GROWTH else "not reached"])
    return sorted(found, key=lambda line: str(line[0]))


def _held(run: Figures) -> list[tuple[str, str, str, object, bool]]:
    setting, title = run["setting"], run["title"]
    most = CHEAP[setting["lines"]]
    beside = run["peak_mib"] - run["weights_mib"]
    first = run["first_frame_s"] - run["loading_s"]
    held: list[tuple[str, str, str, object, bool]] = [
        ("CPU ms/frame, ours alone", title, f"≤ {most:g}", run["cpu_own_ms"], run["cpu_own_ms"] <= most),
        ("first frame, s, without loading models", title, f"≤ {FIRST:g}", first, first <= FIRST),
        ("files beside the output", title, "0", len(run["files_beside"]), not run["files_beside"]),
    ]
    if setting["swapper"] != MESH:
        held.append(("peak memory beside the weights, MiB", title, f"≤ {MOST_MIB}", beside, beside <= MOST_MIB))
    if "bare" in run:
        ratio = run["bare"]["ratio"]
        held.append(("job / bare session", title, f"≤ {BARE}", ratio, ratio <= BARE))
    return held


def _printed(main: object, arguments: Sequence[str]) -> str:
    """Return what a benchmark prints, after printing it."""
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard):
        main(arguments)  # type: ignore[operator]
    sys.stdout.write(heard.getvalue())
    return "\n".join(line for line in heard.getvalue().splitlines() if line.startswith("|"))


if __name__ == "__main__":
    command(main)
