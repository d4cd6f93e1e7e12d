"""Chains in requests: tables of links, in which files are references."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from facefusion.errors import OptionsError
from facefusion.jobs.allowed import found_option, use_of
from facefusion.jobs.reference import Reference
from facefusion.options import Options
from facefusion.options.base import described
from facefusion.options.chains import Link, read_chain
from facefusion.options.leaves import leaf_table

Table = dict[str, Any]
_MOST: Final = 64


def link_tables(value: Any) -> list[Table]:
    """Return a chain as tables, in whichever way it is given; a name or a file is read.

    Raises:
        OptionsError: it is no chain, or a link of it is impossible.
        InputError: a file cannot be read.
    """
    try:
        return [Link.model_validate(link).table() for link in read_chain(value)]
    except ValidationError as error:
        raise OptionsError(described(error), "Mend the chain") from error


def checked_links(value: Any) -> list[Table]:
    """Return the links that a request gives, in the form in which they are kept.

    Raises:
        ValueError: they are no tables, or one says something that no request may say.
    """
    tables = value if isinstance(value, list) else [value]
    if len(tables) > _MOST:
        raise ValueError(f"a chain has at most {_MOST} links")
    if not all(isinstance(table, Mapping) for table in tables):
        raise ValueError("a request gives the links of a chain as tables, and names none that is saved")
    try:
        links = link_tables(tables)
    except OptionsError as error:
        raise ValueError(error.what) from None
    return located_links(links, lambda text: str(Reference.parse(text)), check=True)


def located_links(
    tables: Sequence[Mapping[str, Any]], read: Callable[[str], Any], *, check: bool = False
) -> list[Table]:
    """Return links with what `read` returns for each file in place of that file.

    Args:
        tables: one for each link.
        read: given what names a file.
        check: whether options that a request may not set are refused.

    Raises:
        ValueError: there is such an option.
    """
    return [{name: _located(table, name, value, read, check) for name, value in table.items()} for table in tables]


def files_of_links(tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the references that links hold."""
    for table in tables:
        for name, value in table.items():
            if _is_file(table, name):
                yield from map(str, value if isinstance(value, list) else [value])


def _located(table: Mapping[str, Any], name: str, value: Any, read: Callable[[str], Any], check: bool) -> Any:
    if check and _is_of_tree(table, name):
        found_option(name)
    if not _is_file(table, name):
        return value
    return [read(str(each)) for each in value] if isinstance(value, list) else read(str(value))


def _is_of_tree(table: Mapping[str, Any], name: str) -> bool:
    """Whether it is an option of a processor of ours: files of others are brought by who does the job."""
    return name not in Link.model_fields and table["processor"] in Options.model_fields


def _is_file(table: Mapping[str, Any], name: str) -> bool:
    leaf = leaf_table(Options).get(name) if _is_of_tree(table, name) else None
    return leaf is not None and leaf.kind is Path and use_of(leaf) == "input"
