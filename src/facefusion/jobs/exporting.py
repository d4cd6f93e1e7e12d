"""Tables of values as CSV and Parquet, for analysis elsewhere."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from facefusion.errors import OptionsError, OutputUnwritableError

_TYPES: Final[Mapping[str, type]] = MappingProxyType(
    {"datetime": datetime, "int": int, "float": float, "str": str, "bool": bool}
)


def write_csv(path: Path, kind: type, parts: Iterable[Sequence[Any]]) -> int:
    """Write values as CSV, with a line of names first; what could be taken for a formula is none any more.

    Args:
        path: of the file, which is there whole or not at all.
        kind: dataclass of the values; its fields are texts, numbers, times, truths, or one of these or None.
        parts: of all values, in order.

    Returns:
        how many there are.

    Raises:
        OutputUnwritableError: the file cannot be written.
    """
    names, count = [field.name for field in fields(kind)], 0
    with _whole(path) as half, half.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for some in parts:
            writer.writerows([[said(getattr(each, name)) for name in names] for each in some])
            count += len(some)
    return count


def write_parquet(path: Path, kind: type, parts: Iterable[Sequence[Any]]) -> int:
    """Write values as Parquet; arguments, result and errors as of `write_csv`.

    Raises:
        OptionsError: pyarrow is not installed.
    """
    try:
        import pyarrow  # noqa: PLC0415 - an extra, and heavy
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise OptionsError(
            "Parquet needs a library that is not installed", "Run pip install 'facefusion[parquet]', or choose CSV"
        ) from error
    kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    kinds[datetime] = pyarrow.timestamp("us", tz="UTC")
    columns = [(field.name, kinds[_TYPES[str(field.type).removesuffix(" | None")]]) for field in fields(kind)]
    schema, count = pyarrow.schema(columns), 0
    with _whole(path) as half, parquet.ParquetWriter(half, schema, compression="zstd") as writer:
        for some in parts:
            values = [[getattr(each, name) for each in some] for name in schema.names]
            writer.write_table(pyarrow.table(values, schema=schema))
            count += len(some)
    return count


def said(value: object) -> object:
    """Return a time in the form that orders as text, and all else as it is; a formula is no formula any more."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    half = path.with_name(f".{path.name}.half")
    try:
        yield half
        half.replace(path)
    except OSError as error:
        raise OutputUnwritableError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        half.unlink(missing_ok=True)
