"""What all benchmarks share: where the test material lies, tables, files with figures, the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
Figures = dict[str, Any]
"""Figures by name, as they go into a JSON file."""


class MissingAssetsError(Exception):
    """The test material, or a part of it, is not there."""


class JobFailedError(Exception):
    """A job that was to be measured came to no end."""


def last_words(stderr: str) -> str:
    """Return the last line that a failed program printed, without the module of its error."""
    line = (stderr.strip().splitlines() or ["it failed without a word"])[-1]
    kind, colon, rest = line.partition(": ")
    return rest if colon and kind.endswith("Error") else line


def assets(*parts: str) -> Path:
    """Return a file or folder of the test material.

    Args:
        parts: path below the folder that `FACEFUSION_TEST_ASSETS` names (`../shared/assets` when unset).

    Raises:
        MissingAssetsError: it is not there.
    """
    given = os.environ.get("FACEFUSION_TEST_ASSETS")
    folder = Path(given) if given else ROOT.parent / "shared" / "assets"
    path = folder.joinpath(*parts)
    if not path.exists():
        raise MissingAssetsError(f"{path} is not there; set FACEFUSION_TEST_ASSETS to the folder of the test material")
    return path


def pictures(*folders: str) -> list[Path]:
    """Return the photographs (`*.jpg`) in folders of the test material, sorted within each."""
    return [path for folder in folders for path in sorted(assets(folder).glob("*.jpg"))]


def parser(module: str, description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have."""
    made = argparse.ArgumentParser(prog=f"python -m benchmarks.{module}", description=description)
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures into this file as well")
    return made


def finish(figures: Figures, path: Path | None) -> int:
    """Write the figures where they are wanted; return the exit code."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in Markdown with aligned columns; all but the first to the right.

    Args:
        heads: the heading of each column.
        rows: cells; floats are shown with two decimals.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[column]) for row in [list(heads), *cells]) for column in range(len(heads))]

    def line(row: Sequence[str]) -> str:
        first, *others = zip(row, widths, strict=True)
        return f"| {first[0]:<{first[1]}} | " + " | ".join(f"{text:>{width}}" for text, width in others) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([line(heads), rule, *(line(row) for row in cells)])


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def command(main: Callable[[], int]) -> None:
    """Run a benchmark and exit; missing material is a plain message and exit code 2, a job that fails one and 1."""
    try:
        sys.exit(main())
    except JobFailedError as error:
        print(f"A job failed: {error}", file=sys.stderr)
        sys.exit(1)
    except MissingAssetsError as error:
        print(f"Nothing was measured: {error}", file=sys.stderr)
        sys.exit(2)
