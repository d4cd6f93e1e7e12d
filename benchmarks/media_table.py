"""One file of each kind through the product: frames, times, colours, sound and tags in against out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.common import ROOT, command, finish, parser
from benchmarks.matrix.additions import addition_cases
from benchmarks.matrix.case import Case
from benchmarks.matrix.colours import colour_cases
from benchmarks.matrix.containers import container_cases
from benchmarks.matrix.measure import measure
from benchmarks.matrix.moving import moving_cases
from benchmarks.matrix.pictures import picture_cases
from benchmarks.matrix.report import figures, markdown, written_into
from benchmarks.matrix.row import Row
from benchmarks.matrix.still_cases import still_cases
from benchmarks.matrix.stills import measure_still
from benchmarks.matrix.wishes import wish_cases

DOCUMENT = ROOT / "docs" / "media.md"
Job = tuple[str, Callable[[Path], Row]]
"""The name of a file, and what makes and measures it in a folder."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; exit code 1 when something is not as it should be."""
    made = parser("media_table", __doc__)
    made.add_argument(
        "--only", metavar="TEXT", default="", help="only files whose name contains this; writes no document"
    )
    made.add_argument("--document", type=Path, default=DOCUMENT, help="document to write the tables into (%(default)s)")
    options = made.parse_args(arguments)
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 prints whatever it does
    rows = [_run(job) for name, job in jobs() if options.only in name]
    print(markdown(rows))
    if not options.only:
        text = options.document.read_text("utf-8")
        options.document.write_text(written_into(text, rows), "utf-8")
    finish(figures(rows), options.json)
    return 1 if any(row.wrong for row in rows) else 0


def jobs() -> Iterator[Job]:
    """Yield all files."""
    for case in _cases():
        yield case.file, partial(measure, case)
    for still in still_cases():
        yield still.file, partial(measure_still, still)


def _cases() -> Iterator[Case]:
    for cases in (picture_cases, colour_cases, container_cases, addition_cases, wish_cases, moving_cases):
        yield from cases()


def _run(job: Callable[[Path], Row]) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        return job(Path(folder))


if __name__ == "__main__":
    command(main)
