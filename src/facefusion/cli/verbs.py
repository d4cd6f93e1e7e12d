"""Commands with verbs of their own, such as `consent add`."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facefusion.cli.flags import add_option_flags
from facefusion.errors import OptionsError
from facefusion.options import ServingOptions

if TYPE_CHECKING:
    from facefusion.cli.parser import Parser


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of a command.

    Attributes:
        summary: what it does, without capital and full stop.
        usage: what may stand behind it.
        add: adds its own flags to a group.
        options: names of the options that it takes as well.
        serving: names of the options of the service that it takes as well.
    """

    summary: str
    usage: str
    add: Callable[[argparse._ArgumentGroup], None]
    options: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()


def parse_verbs(
    command: str,
    verbs: Mapping[str, Verb],
    argv: Sequence[str],
    *,
    make: Callable[[str, str, str], Parser],
    finish: Callable[[Parser], Parser],
    describe: Callable[[], str],
) -> argparse.Namespace:
    """Read what stands behind a command: a verb, then what belongs to it.

    Args:
        command: its name.
        verbs: its verbs by name.
        argv: what was typed.
        make: returns a parser of a name, a usage and a description.
        finish: adds what all commands have.
        describe: returns what the command is for.

    Raises:
        OptionsError: there is no such verb, or something is not understood.
    """
    typed, *rest = argv or ["--help"]
    if typed in {"-h", "--help"}:
        summaries = "\n".join(f"  {name:11} {verb.summary}" for name, verb in verbs.items())
        text = f"{describe()}\n\ncommands:\n{summaries}"
        name = f"facefusion {command}"
        return finish(make(name, f"{name} COMMAND [options]", text)).parse_args(["--help"])
    if typed not in verbs:
        near = difflib.get_close_matches(typed, verbs, n=1)
        hint = f"Perhaps you meant {near[0]}" if near else f"There are {command} {f', {command} '.join(verbs)}"
        raise OptionsError(f"There is no command {f'{command} {typed}'!r}", hint)
    verb, name = verbs[typed], f"facefusion {command} {typed}"
    parser = make(name, f"{name} {verb.usage}", verb.summary[:1].upper() + verb.summary[1:] + ".")
    verb.add(parser.add_argument_group(f"{command} {typed}"))
    add_option_flags(parser, lambda leaf: leaf.name in verb.options)
    add_option_flags(parser, lambda leaf: leaf.name in verb.serving, ServingOptions)
    return finish(parser).parse_args(rest, argparse.Namespace(command=command, verb=typed))


def add_json(group: argparse._ArgumentGroup) -> None:
    """Add the flag that asks for JSON."""
    group.add_argument("--json", action="store_true", help="print JSON instead of a table")
