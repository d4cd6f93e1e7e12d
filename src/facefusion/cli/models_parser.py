"""What may be typed behind `models`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.verbs import Verb, add_json, parse_verbs

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

_OPTIONS: Final = ("models_dir", "shared_models_dirs", "license_policy")


def parse_models(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `models`; arguments and errors as of `parse_verbs`."""
    return parse_verbs("models", _MODELS, argv, make=make, finish=finish, describe=describe)


def _list(group: argparse._ArgumentGroup) -> None:
    group.add_argument("names", nargs="*", metavar="TASK", help="tasks to show [default: all]")
    group.add_argument("--details", action="store_true", help="one line for each model")
    add_json(group)


def _show(group: argparse._ArgumentGroup) -> None:
    group.add_argument("names", nargs=1, metavar="NAME", help="model")
    add_json(group)


def _pull(group: argparse._ArgumentGroup) -> None:
    group.add_argument("names", nargs="+", metavar="NAME", help="models, tasks, or `all`")


def _verify(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "names", nargs="*", metavar="NAME", help="models and tasks [default: all whose weights are there]"
    )
    group.add_argument(
        "--trust", action="store_true", help="record the digests of the models that are named: you know their files"
    )
    add_json(group)


def _export(group: argparse._ArgumentGroup) -> None:
    group.add_argument("file", type=Path, metavar="FILE", help="bundle to write, such as models.zip")
    group.add_argument(
        "names", nargs="*", metavar="NAME", help="models and tasks [default: all that do not come with the package]"
    )


def _import(group: argparse._ArgumentGroup) -> None:
    group.add_argument("file", type=Path, metavar="FILE", help="bundle")


def _add(group: argparse._ArgumentGroup) -> None:
    group.add_argument("file", type=Path, metavar="FILE.onnx", help="weights")
    group.add_argument("--entry", type=Path, required=True, metavar="FILE.toml", help="entry that describes them")


def _remove(group: argparse._ArgumentGroup) -> None:
    group.add_argument("names", nargs="+", metavar="NAME", help="models")


_MODELS: Final = {
    "list": Verb("list what can run now, by task, and how to get the rest", "[TASK ...] [options]", _list, _OPTIONS),
    "show": Verb("show all that is known of a model", "NAME [options]", _show, _OPTIONS),
    "pull": Verb("fetch weights into your folder", "NAME, TASK or all ... [options]", _pull, _OPTIONS),
    "verify": Verb(
        "check weights, or vouch for files that you put there yourself",
        "[NAME or TASK ...] [options]",
        _verify,
        _OPTIONS,
    ),
    "export": Verb(
        "write weights into one file, for a machine without network",
        "FILE [NAME or TASK ...] [options]",
        _export,
        (*_OPTIONS, "overwrite"),
    ),
    "import": Verb("read such a file", "FILE [options]", _import, _OPTIONS),
    "add": Verb("put in a model of your own", "FILE.onnx --entry FILE.toml [options]", _add, _OPTIONS),
    "remove": Verb("take weights, or a model of your own, away", "NAME ... [options]", _remove, _OPTIONS),
}
