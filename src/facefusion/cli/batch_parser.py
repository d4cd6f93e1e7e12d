"""What may be typed behind `batch`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.flags import add_option_flags

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

USAGE: Final = "TARGET ... -s FILE --output-dir FOLDER [options]\n       facefusion batch --table JOBS.csv [options]"
DEFAULT_NAME: Final = "{stem}{suffix}"
_OF_EACH_JOB: Final = ("target_path", "output_path")
_EPILOG: Final = """\
examples:
  facefusion batch clips --recursive -s me.jpg --output-dir results
  facefusion batch 'clips/*.mp4' -s me.jpg --output-dir results --skip-existing
  facefusion batch --table jobs.csv --report report.json

Columns of a table are options: source, target, output, and any other. What a
row says goes before what the command line says, which holds for all rows.

exit status: 0 all jobs are done, 3 some failed, 4 all failed, 2 nothing was
begun because of what was asked for, 130 stopped
"""


def add_batch_flags(parser: Parser) -> None:
    """Add what `batch` takes: its own flags, and all options of a job but target and output."""
    parser.epilog = _EPILOG
    group = parser.add_argument_group("batch")
    group.add_argument(
        "targets", nargs="*", metavar="TARGET", help="files, globs and folders of pictures and videos to edit"
    )
    group.add_argument("--table", type=Path, metavar="FILE", help="CSV file of jobs, one a row, in place of targets")
    group.add_argument(
        "--output-dir", type=Path, metavar="FOLDER", help="folder for the outputs, made where it is not there"
    )
    group.add_argument(
        "--name",
        default=DEFAULT_NAME,
        metavar="TEXT",
        help="name of each output: {stem}, {suffix}, {name}, {folder}, {number} and {source} stand for those of its"
        f" target [default: {DEFAULT_NAME}]",
    )
    group.add_argument("--recursive", action="store_true", help="look into folders within folders, too")
    group.add_argument(
        "--jobs",
        type=_at_once,
        default="auto",
        metavar="N",
        help="how many run at once; 'auto' goes by cores and memory [default: auto]",
    )
    _add_flags(group.add_argument)
    add_option_flags(parser, lambda leaf: leaf.name not in _OF_EACH_JOB)


def _add_flags(add: Callable[..., argparse.Action]) -> None:
    add("--skip-existing", action="store_true", help="leave out jobs whose output is there already")
    add("--dry-run", action="store_true", help="only show what would be done, and what could not be")
    add("--report", type=Path, metavar="FILE", help="write what became of each job into FILE.json or FILE.csv")
    add("--json", action="store_true", help="print JSON instead of a table")


def _at_once(text: str) -> int | str:
    if text == "auto":
        return text
    number = int(text)
    if not 1 <= number <= 64:
        raise ValueError(text)
    return number
