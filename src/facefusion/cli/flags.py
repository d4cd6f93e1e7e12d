"""Flags of the command line, made from the options."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from facefusion.options import Leaf, Link, MapEntry, Options, ServingOptions, iter_leaves

_PLACEHOLDERS = {Path: "FILE", int: "N", float: "X", str: "NAME", MapEntry: "SOURCE=PERSON", Link: "CHAIN"}


def add_option_flags(
    parser: argparse.ArgumentParser,
    wanted: Callable[[Leaf], bool] = lambda leaf: True,
    root: type[Options] | type[ServingOptions] = Options,
) -> None:
    """Add a flag for each wanted option, under the heading of its group.

    Flags that are not given leave no trace in the namespace, so that environment and TOML can speak.
    """
    headings: dict[str, Any] = {}
    for leaf in filter(wanted, iter_leaves(root)):
        if leaf.title not in headings:
            headings[leaf.title] = parser.add_argument_group(leaf.title)
        _add_flag(headings[leaf.title], leaf)


def option_values(
    arguments: argparse.Namespace, root: type[Options] | type[ServingOptions] = Options
) -> dict[str, Any]:
    """Return the values of the options of a tree that were given, by the option's name."""
    names = {leaf.name for leaf in iter_leaves(root)}
    return {name: value for name, value in vars(arguments).items() if name in names}


def further_spellings(leaves: Iterable[Leaf]) -> str:
    """Return a line for each option that has spellings which help does not show."""
    lines = (f"  {_spelling(_shown(leaf))}: {', '.join(_hidden(leaf))}" for leaf in leaves if _hidden(leaf))
    return "\n".join(lines)


def _add_flag(group: Any, leaf: Leaf) -> None:
    short = [f"-{leaf.names.short}"] if leaf.names.short else []
    common: dict[str, Any] = {"dest": leaf.name, "default": argparse.SUPPRESS}
    if leaf.is_flag:
        common |= {"action": argparse.BooleanOptionalAction}
    elif leaf.is_list:
        common |= {
            "nargs": "*" if leaf.field.default else "+",
            "action": "extend",
            "metavar": (_placeholder(leaf), "..."),
        }
    else:
        common |= {"metavar": _placeholder(leaf)}
    group.add_argument(*short, _spelling(_shown(leaf)), help=_help(leaf), **common)
    for spelling in _hidden(leaf):
        group.add_argument(spelling, **common | {"help": argparse.SUPPRESS})


def _shown(leaf: Leaf) -> str:
    return leaf.names.shown or leaf.name


def _hidden(leaf: Leaf) -> list[str]:
    return [_spelling(name) for name in (leaf.name, *leaf.names.also) if name != _shown(leaf)]


def _spelling(name: str) -> str:
    return "--" + name.replace("_", "-")


def _placeholder(leaf: Leaf) -> str:
    return _PLACEHOLDERS[leaf.kind] if not leaf.choices else "NAME"


def _help(leaf: Leaf) -> str:
    """Say what the option is for, what it may be and what it is when nobody says anything."""
    facts = [fact for fact in (", ".join(leaf.choices), leaf.limits, _default(leaf)) if fact]
    text = f"{leaf.field.description} [{'; '.join(facts)}]" if facts else f"{leaf.field.description}"
    return text.replace("%", "%%")


def _default(leaf: Leaf) -> str:
    default = leaf.field.default
    if default is None or default == ():
        return ""
    if leaf.is_flag:
        return f"default: {'yes' if default else 'no'}"
    return f"default: {' '.join(map(str, default)) if leaf.is_list else default}"
