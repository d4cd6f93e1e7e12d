"""The flat view of the option tree: one leaf for each option, by its unique name."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from facefusion.errors import OptionsError
from facefusion.options.base import Names, OptionGroup, described

ALL_OPTIONS: Final = "Run `facefusion process --help` for all options"
Group = TypeVar("Group", bound=OptionGroup)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One option.

    Attributes:
        name: its unique name, with underscores.
        path: names of the groups that hold it, outermost first.
        title: heading under which help shows it.
        field: type, default, limits and description.
        names: further spellings.
    """

    name: str
    path: tuple[str, ...]
    title: str
    field: FieldInfo
    names: Names

    @property
    def is_list(self) -> bool:
        """Whether the option takes several values."""
        return typing.get_origin(self.field.annotation) is tuple

    @property
    def may_be_emptied(self) -> bool:
        """Whether none at all is a value, and not the usual one."""
        needed = any(hasattr(mark, "min_length") for mark in self.field.metadata)
        return self.is_list and bool(self.field.default) and not needed

    @property
    def is_flag(self) -> bool:
        """Whether the option is a yes or no."""
        return self.field.annotation is bool

    @property
    def choices(self) -> tuple[str, ...]:
        """The texts allowed, where they are a closed set."""
        annotation = self.field.annotation
        inner = typing.get_args(annotation)[0] if self.is_list else annotation
        return typing.get_args(inner) if typing.get_origin(inner) is typing.Literal else ()

    @property
    def kind(self) -> type:
        """Type of one value: `Path`, `str`, `int`, `float` or `bool`."""
        inner: Any = self.field.annotation
        while not isinstance(inner, type):
            is_closed = typing.get_origin(inner) is typing.Literal
            inner = type(typing.get_args(inner)[0]) if is_closed else typing.get_args(inner)[0]
        return inner

    @property
    def limits(self) -> str:
        """The numbers allowed, in words such as `0 to 1`; empty where there are no limits."""
        marks = {name: value for mark in self.field.metadata for name, value in _bounds(mark)}
        lower, above, upper, below = (marks.get(name) for name in ("ge", "gt", "le", "lt"))
        if lower is not None and upper is not None:
            return f"{lower} to {upper}"
        words = {"from": lower, "above": above, "to": upper, "below": below}
        return ", ".join(f"{word} {value}" for word, value in words.items() if value is not None)


def iter_leaves(group: type[OptionGroup], path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Yield every option below `group`, in the order of their definition."""
    for name, field in group.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, OptionGroup):
            yield from iter_leaves(field.annotation, (*path, name))
        else:
            names = next((entry for entry in field.metadata if isinstance(entry, Names)), Names())
            title = (path[-1] if path else "job").replace("_", " ")
            yield Leaf(name=name, path=path, title=title, field=field, names=names)


@cache
def leaf_table(group: type[OptionGroup]) -> Mapping[str, Leaf]:
    """Map every accepted spelling to its leaf."""
    leaves = iter_leaves(group)
    return MappingProxyType({spelling: leaf for leaf in leaves for spelling in (leaf.name, *leaf.names.also)})


def built(group: type[Group], values: Mapping[str, Any], *, hint: str) -> Group:
    """Build a tree of options from a flat mapping of names (or aliases) to values.

    Args:
        group: the tree.
        values: Python values, or texts as they come from a command line; lists may be texts with commas.
        hint: where all options are told.

    Raises:
        OptionsError: a name is unknown, or given twice under two spellings, or a value is impossible.
    """
    try:
        return group.model_validate(nest(group, values, hint=hint))
    except ValidationError as error:
        raise OptionsError(described(error), hint) from error


def nest(group: type[OptionGroup], values: Mapping[str, Any], *, hint: str = ALL_OPTIONS) -> dict[str, Any]:
    """Put flat values into the groups where the tree wants them.

    Raises:
        OptionsError: a name is unknown, or given twice under two spellings.
    """
    table = leaf_table(group)
    tree: dict[str, Any] = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name not in table:
            raise OptionsError(f"There is no option {key!r}", suggestion(name, table, hint=hint))
        leaf = table[name]
        place = tree
        for part in leaf.path:
            place = place.setdefault(part, {})
        if leaf.name in place:
            raise OptionsError(f"Option {leaf.name} is given twice", f"{key!r} is another name for it")
        place[leaf.name] = _as_list(value, leaf.kind) if leaf.is_list else value
    return tree


def _as_list(value: object, kind: type) -> object:
    """Accept `a,b`, `["a,b", "c"]` and single values where several are possible; a group of options reads itself."""
    if issubclass(kind, OptionGroup):
        return value
    entries = value if isinstance(value, list | tuple) else (value,)
    return tuple(part for entry in entries for part in _split(entry, kind))


def _split(entry: object, kind: type) -> tuple[object, ...]:
    """Cut a text at its commas, unless it is the name of a file that has some."""
    if not isinstance(entry, str) or (kind is Path and "," in entry and Path(entry).exists()):
        return (entry,)
    return tuple(part.strip() for part in entry.split(",") if part.strip())


def _bounds(mark: object) -> Iterator[tuple[str, float]]:
    for name in ("ge", "gt", "le", "lt"):
        if (value := getattr(mark, name, None)) is not None:
            yield name, value


def suggestion(name: str, table: Mapping[str, Leaf], *, hint: str = ALL_OPTIONS) -> str:
    """Return what to do about a name that is in no table of options; the hint where none is much like it."""
    near = difflib.get_close_matches(name, table, n=1)
    return f"Did you mean {near[0]!r}" if near else hint
