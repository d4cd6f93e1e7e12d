"""Tables of jobs: a CSV file whose columns are options, one job a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from facefusion.errors import InputMissingError, InputTypeError, OptionsError
from facefusion.options import Options
from facefusion.options.leaves import leaf_table, suggestion

_DELIMITERS: Final = ",;\t"
_MOST_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Row:
    """One job of a table.

    Attributes:
        number: of the row as spreadsheets count: that of the names is 1.
        values: texts by the name of the option; cells that are empty say nothing.
        problem: why it cannot be understood; empty where it can.
    """

    number: int
    values: Mapping[str, Any]
    problem: str = ""


def read_table(path: Path) -> list[Row]:
    """Read a table; columns are parted by commas, semicolons or tabs.

    Args:
        path: a CSV file in UTF-8 whose first row names the columns as options are named: `source`, `target`, `output`,
            or any other, with - or _ between words.

    Raises:
        InputMissingError: it is not there or cannot be read.
        InputTypeError: it is no text in UTF-8, or larger than a table of jobs can be.
        OptionsError: a column is no option, or there twice, or there is no row.
    """
    text = _text(path)
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        head = next(rows, [])
    except csv.Error as error:
        raise OptionsError(f"{path}, row 1: {error}", "Let the first row name options") from error
    columns = _columns(path, head)
    found = [row for row in _rows(rows, columns) if row.values or row.problem]
    if not found:
        raise OptionsError(f"{path} has no jobs", "Let each row below the names be one")
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputTypeError(f"{path} is larger than {_MOST_BYTES >> 20} MiB", "Part the table in several")
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise InputMissingError(f"The table {path} cannot be read ({error.strerror})", "Check the path") from error
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise InputTypeError(f"{path}, row {row}: no text in UTF-8", "Save the table as CSV in UTF-8") from error


def _columns(path: Path, head: Sequence[str]) -> list[str]:
    """Return the options that the columns are, by their own names.

    Raises:
        OptionsError: one is none, or there twice.
    """
    table = leaf_table(Options)
    columns: list[str] = []
    for number, cell in enumerate(head, 1):
        name = cell.strip().removeprefix("--").replace("-", "_")
        if name not in table:
            raise OptionsError(f"{path}, row 1: column {number}, {cell!r}, is no option", suggestion(name, table))
        if table[name].name in columns:
            raise OptionsError(f"{path}, row 1: option {table[name].name} is there twice", "Leave one column out")
        columns.append(table[name].name)
    return columns


def _rows(rows: Iterator[list[str]], columns: Sequence[str]) -> Iterator[Row]:
    number = 1
    while True:
        number += 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Row(number, {}, str(error))
            continue
        if cells is None:
            return
        problem = f"{len(cells)} cells, but {len(columns)} columns" if len(cells) > len(columns) else ""
        values = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}
        yield Row(number, values, problem)
