"""`facefusion verify`: which marks files bear, and whether they hold."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.terminal import one_line
from facefusion.errors import FaceFusionError, InputError, MarkBrokenError, SigningError, UnmarkedError
from facefusion.options import load_options
from facefusion.trust.verify.opening import open_layers
from facefusion.trust.verify.report import Report, verify_file

_GRAVEST_FIRST = (MarkBrokenError, UnmarkedError, SigningError)
_SHOWN = {"generator": "made with", "when": "when", "produce_id": "number", "entry": "entry"}


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Print what each file bears; the exit status is that of the gravest fault.

    Raises:
        FaceFusionError: a file cannot be read, bears no mark, or one that does not hold.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    readers = open_layers(options)
    found: list[Report | InputError] = []
    for path in arguments.files:
        try:
            found.append(verify_file(path, readers, options.limits))
        except InputError as error:
            found.append(error)
    if arguments.json:
        shown = [_as_json(path, each) for path, each in zip(arguments.files, found, strict=True)]
        context.terminal.result(json.dumps({"files": shown}, indent=2))
    else:
        context.terminal.result(
            "\n".join(_as_text(path, each) for path, each in zip(arguments.files, found, strict=True))
        )
    faults = [each if isinstance(each, InputError) else each.fault() for each in found]
    if gravest := _gravest([fault for fault in faults if fault is not None]):
        raise gravest
    return 0


def _gravest(faults: list[FaceFusionError]) -> FaceFusionError | None:
    for kind in (*_GRAVEST_FIRST, FaceFusionError):
        for fault in faults:
            if isinstance(fault, kind):
                return fault
    return None


def _as_json(path: Path, found: Report | InputError) -> dict[str, object]:
    if isinstance(found, Report):
        return found.as_json()
    return {"file": str(path), "verdict": type(found).__name__, "exit_code": found.exit_code, "layers": []}


def _as_text(path: Path, found: Report | InputError) -> str:
    lines = [one_line(str(path))]
    if isinstance(found, InputError):
        return "\n".join([*lines, f"  cannot be read: {one_line(found.what)}"])
    for layer in found.layers:
        lines.append(f"  {layer.layer:12} {layer.state:9} {one_line(layer.what)}")
        lines += [f"  {'':12} {'':9} {one_line(fact)}" for fact in _facts(layer.facts)]
    return "\n".join(lines)


def _facts(facts: Mapping[str, object]) -> Iterator[str]:
    for name, words in _SHOWN.items():
        value = facts.get(name)
        if value:
            yield f"{words} {', '.join(map(str, value)) if isinstance(value, list) else value}"
    if facts.get("sealed"):
        yield "every byte of the file is as it was signed"
