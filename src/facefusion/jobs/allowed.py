"""Which options a request may set, derived from the tree of options, and why it may not set the others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from facefusion.options import Leaf, Options, iter_leaves
from facefusion.options.leaves import leaf_table

Use = Literal["value", "input", "output"]
"""`input`: a file that is read, given as a reference; `output`: a file that is written, given by its name alone."""

_OPERATOR: Final = "whoever runs the service decides that"
_GROUPS: Final = MappingProxyType(
    {
        "trust": _OPERATOR,
        "signing": _OPERATOR,
        "limits": _OPERATOR,
        "models": _OPERATOR,
        "runtime": "each worker decides that for the machine it runs on",
        "live": "a job works on files",
    }
)
_ALL_THE_SAME: Final = frozenset(
    {
        *("project", "territory", "label", "label_language", "label_place", "label_text", "content_producer"),
        *("license_policy", "execution_providers", "execution_precision"),
    }
)
"""Of those groups: what concerns the job alone, and cannot loosen anything."""
_NAMES: Final = MappingProxyType(
    {
        "source_paths": "the field sources says that",
        "target_path": "the field target says that",
        "output_path": "the field output says that",
        "overwrite": "a job never writes over another's output",
        "resume": "a job is always gone on with",
    }
)


def refusal(leaf: Leaf) -> str:
    """Return why a request may not set an option, in words; empty where it may."""
    if leaf.name in _ALL_THE_SAME:
        return ""
    return _NAMES.get(leaf.name, _GROUPS.get(leaf.path[0], "") if leaf.path else "")


def use_of(leaf: Leaf) -> Use:
    """Return what the values of an option are."""
    if leaf.kind is Path:
        return "output" if leaf.path[:1] == ("output",) else "input"
    return "value"


@cache
def allowed_options() -> Mapping[str, Leaf]:
    """Return the options that a request may set, by name."""
    return MappingProxyType({leaf.name: leaf for leaf in iter_leaves(Options) if not refusal(leaf)})


def found_option(name: str) -> Leaf:
    """Return the option that a request calls by any of its spellings.

    Raises:
        ValueError: there is none, or a request may not set it.
    """
    leaf = leaf_table(Options).get(name.replace("-", "_"))
    if leaf is None:
        raise ValueError(f"there is no option {name!r}")
    if reason := refusal(leaf):
        raise ValueError(f"a request does not set {leaf.name}: {reason}")
    return leaf
