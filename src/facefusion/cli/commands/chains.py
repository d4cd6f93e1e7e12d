"""`facefusion chains`: processors with settings of their own, saved under a name and passed on as files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.terminal import Terminal, one_line
from facefusion.engine.checks import check_own_options
from facefusion.errors import FaceFusionError, OptionsError
from facefusion.options import Link, Options
from facefusion.options.chain_files import (
    ChainFile,
    delete_chain,
    found_chain,
    read_chain_file,
    saved_chains,
    saved_path,
    write_chain_file,
)
from facefusion.options.leaves import leaf_table
from facefusion.processors.chained.links import chain_links
from facefusion.processors.registry import resolve_processors

_OF_FACES = "face_masks"


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        FaceFusionError: it cannot be done.
    """
    _VERBS[arguments.verb](arguments, context.terminal)
    return 0


def _list(arguments: argparse.Namespace, terminal: Terminal) -> None:
    chains = {name: _looked_at(name) for name in saved_chains()}
    if arguments.json:
        terminal.result(json.dumps({"chains": [_facts(*each) for each in chains.items()]}, indent=2, default=str))
        return
    for name, found in chains.items():
        if isinstance(found, FaceFusionError):
            terminal.result(one_line(f"{name}: cannot be used: {found}"))
            continue
        words = f" ({found.description})" if found.description else ""
        terminal.result(one_line(f"{name}: {', '.join(map(_link_words, found.tables))}{words}"))
    if not chains:
        terminal.say("No chain is saved; `facefusion chains save NAME --processors ...` saves one")


def _looked_at(name: str) -> ChainFile | FaceFusionError:
    try:
        chain = read_chain_file(saved_path(name))
        _checked(chain)
    except FaceFusionError as error:
        return error
    return chain


def _facts(name: str, found: ChainFile | FaceFusionError) -> dict[str, Any]:
    if isinstance(found, FaceFusionError):
        return {"name": name, "problem": str(found)}
    return {"name": name, "description": found.description, "chain": [dict(table) for table in found.tables]}


def _link_words(table: Mapping[str, Any]) -> str:
    limits = [str(name) for name in ("when", "region") if table.get(name)]
    return f"{table['processor']}{' with ' if limits else ''}{' and '.join(limits)}"


def _show(arguments: argparse.Namespace, terminal: Terminal) -> None:
    chain = read_chain_file(found_chain(arguments.name))
    _checked(chain)
    terminal.result(chain.text().rstrip())


def _save(arguments: argparse.Namespace, terminal: Terminal) -> None:
    values = option_values(arguments)
    overwrite = bool(values.pop("overwrite", False))
    options = Options.parse(values)
    tables = [link.table() for link in options.chain or _links(options, frozenset(values))]
    path = saved_path(arguments.name)
    chain = ChainFile(tuple(tables), arguments.description)
    _checked(chain)
    write_chain_file(path, chain, overwrite=overwrite)
    terminal.result(str(path))


def _links(options: Options, given: frozenset[str]) -> Iterator[Link]:
    """Yield the links of the processors, each with those of the given options that are its own.

    Raises:
        OptionsError: an option belongs to none of them.
    """
    specs = {spec.name: spec for spec in resolve_processors(options.processors)}
    leaves = {name: leaf_table(Options)[name] for name in given if leaf_table(Options)[name].path}
    needing = {name for name, spec in specs.items() if spec.needs_faces}
    for name, leaf in leaves.items():
        if leaf.path[0] not in specs and not (leaf.path[0] == _OF_FACES and needing):
            raise OptionsError(f"Option {name.replace('_', '-')} concerns none of {', '.join(specs)}", "Leave it out")
    foreign = [text.partition("=")[::2] for text in options.processor_options]
    for link in options.links:
        groups = {link.processor, *([_OF_FACES] if link.processor in needing else [])}
        own = {name: _value(options, name) for name, leaf in leaves.items() if leaf.path[0] in groups}
        for place, value in foreign:
            owner, _, name = place.strip().replace("-", "_").partition(".")
            if owner == link.processor:
                own[name] = [*_several(own.get(name)), value.strip()] if name in own else value.strip()
        yield link.model_copy(update={"options": dict(sorted(own.items()))})


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _value(options: Options, name: str) -> Any:
    leaf = leaf_table(Options)[name]
    return getattr(reduce(getattr, leaf.path, options), leaf.name)


def _checked(chain: ChainFile) -> None:
    """Make sure that a chain can be used here.

    Raises:
        OptionsError: a link says something impossible.
        ProcessorUnknownError: a processor is not installed.
    """
    options = Options.parse({"chain": list(chain.tables)})
    for link in chain_links(options, resolve_processors(options.processors)):
        check_own_options([link.spec], link.options)


def _delete(arguments: argparse.Namespace, terminal: Terminal) -> None:
    terminal.say(f"deleted: {delete_chain(arguments.name)}")


def _export(arguments: argparse.Namespace, terminal: Terminal) -> None:
    _pass_on(read_chain_file(found_chain(arguments.name)), arguments.file, arguments, terminal)


def _import(arguments: argparse.Namespace, terminal: Terminal) -> None:
    path = saved_path(arguments.name or arguments.file.stem)
    _pass_on(read_chain_file(arguments.file), path, arguments, terminal)


def _pass_on(chain: ChainFile, path: Path, arguments: argparse.Namespace, terminal: Terminal) -> None:
    _checked(chain)
    write_chain_file(path, chain, overwrite=bool(option_values(arguments).get("overwrite", False)))
    terminal.result(str(path))


_VERBS = {"list": _list, "show": _show, "save": _save, "delete": _delete, "export": _export, "import": _import}
