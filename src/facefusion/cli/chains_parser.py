"""What may be typed behind `chains`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import Verb, add_json, parse_verbs
from facefusion.options import Options, iter_leaves

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_OF_JOBS: Final = ("faces", "input", "output", "limits", "models", "runtime", "live", "trust", "signing")
"""Groups of options that belong to no processor."""
_SAVED: Final = (
    *("chain", "processors", "when", "region", "processor_options", "overwrite"),
    *(leaf.name for leaf in iter_leaves(Options) if leaf.path and leaf.path[0] not in _OF_JOBS),
)


def parse_chains(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `chains`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("chains", _CHAINS, argv, make=make, finish=finish, describe=describe)


def _list(group: argparse._ArgumentGroup) -> None:
    add_json(group)


def _show(group: argparse._ArgumentGroup) -> None:
    group.add_argument("name", metavar="CHAIN", help="name of a saved chain, or a file")


def _save(group: argparse._ArgumentGroup) -> None:
    group.add_argument("name", metavar="NAME", help="what it is to be called")
    group.add_argument("--description", default="", metavar="TEXT", help="what it is for")


def _delete(group: argparse._ArgumentGroup) -> None:
    group.add_argument("name", metavar="NAME", help="saved chain")


def _export(group: argparse._ArgumentGroup) -> None:
    group.add_argument("name", metavar="NAME", help="saved chain")
    group.add_argument("file", type=Path, metavar="FILE.toml", help="file to write")


def _import(group: argparse._ArgumentGroup) -> None:
    group.add_argument("file", type=Path, metavar="FILE.toml", help="file of a chain")
    group.add_argument("--name", metavar="NAME", help="what it is to be called [default: as the file]")


_CHAINS: Final = {
    "list": Verb("list the chains that are saved", "[options]", _list),
    "show": Verb("show a chain as it stands in a file", "NAME or FILE.toml", _show),
    "save": Verb(
        "save processors and their options under a name", "NAME --processors NAME ... [options]", _save, _SAVED
    ),
    "delete": Verb("delete a saved chain", "NAME", _delete),
    "export": Verb("write a saved chain into a file, to pass on", "NAME FILE.toml [options]", _export, ("overwrite",)),
    "import": Verb("save a chain that a file holds", "FILE.toml [--name NAME] [options]", _import, ("overwrite",)),
}
