"""What may be typed behind `models`."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facefusion.cli.flags import add_option_flags
from facefusion.errors import OptionsError

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser

VERBS: Final = {
    "list": "list what can run now, by task, and how to get the rest",
    "show": "show all that is known of a model",
    "pull": "fetch weights into your folder",
    "verify": "check weights, or vouch for files that you put there yourself",
    "export": "write weights into one file, for a machine without network",
    "import": "read such a file",
    "add": "put in a model of your own",
    "remove": "take weights, or a model of your own, away",
}
_USAGES: Final = {
    "list": "[TASK ...] [options]",
    "show": "NAME [options]",
    "pull": "NAME, TASK or all ... [options]",
    "verify": "[NAME or TASK ...] [options]",
    "export": "FILE [NAME or TASK ...] [options]",
    "import": "FILE [options]",
    "add": "FILE.onnx --entry FILE.toml [options]",
    "remove": "NAME ... [options]",
}
_OPTIONS: Final = ("models_dir", "shared_models_dirs", "license_policy")


def parse_models(
    argv: Sequence[str],
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind `models`: a verb, then what belongs to it.

    Args:
        argv: what was typed.
        make: returns a parser of a name, a usage and a description.
        finish: adds what all commands have.
        describe: returns what the command is for.

    Raises:
        OptionsError: there is no such verb, or something is not understood.
    """
    verb, *rest = argv or ["--help"]
    if verb in {"-h", "--help"}:
        summaries = "\n".join(f"  {name:11} {summary}" for name, summary in VERBS.items())
        text = f"{describe()}\n\ncommands:\n{summaries}"
        return finish(make("facefusion models", "facefusion models COMMAND [options]", text)).parse_args(["--help"])
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"Perhaps you meant {near[0]}" if near else f"There are models {', models '.join(VERBS)}"
        raise OptionsError(f"There is no command {f'models {verb}'!r}", hint)
    name = f"facefusion models {verb}"
    parser = make(name, f"{name} {_USAGES[verb]}", VERBS[verb][:1].upper() + VERBS[verb][1:] + ".")
    _ARGUMENTS[verb](parser.add_argument_group(f"models {verb}"))
    add_option_flags(parser, lambda leaf: leaf.name in _OPTIONS or (verb == "export" and leaf.name == "overwrite"))
    return finish(parser).parse_args(rest, argparse.Namespace(command="models", verb=verb))


def _list(group: argparse._ArgumentGroup) -> None:
    group.add_argument("names", nargs="*", metavar="TASK", help="tasks to show [default: all]")
    group.add_argument("--details", action="store_true", help="one line for each model")
    _json(group)


def _show(group: argparse._ArgumentGroup) -> None:
    group.add_argument("names", nargs=1, metavar="NAME", help="model")
    _json(group)


def _pull(group: argparse._ArgumentGroup) -> None:
    group.add_argument("names", nargs="+", metavar="NAME", help="models, tasks, or `all`")


def _verify(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "names", nargs="*", metavar="NAME", help="models and tasks [default: all whose weights are there]"
    )
    group.add_argument(
        "--trust", action="store_true", help="record the digests of the models that are named: you know their files"
    )
    _json(group)


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


def _json(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--json", action="store_true", help="print JSON instead of a table")


_ARGUMENTS: Final = {
    "list": _list,
    "show": _show,
    "pull": _pull,
    "verify": _verify,
    "export": _export,
    "import": _import,
    "add": _add,
    "remove": _remove,
}
