"""`facefusion backup`: keep jobs, records and keys, check what was kept, put it back."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.terminal import Terminal, one_line
from facefusion.errors import OptionsError, StorageMissingError
from facefusion.options import Options, ServingOptions, load_options, load_serving
from facefusion.trust.privacy.envelope import read_key

if TYPE_CHECKING:
    from facefusion.service.backup import Manifest

_MOST_NAMED: Final = 20
_Do = Callable[[argparse.Namespace, Options, ServingOptions, Terminal], int]


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do what the verb says.

    Raises:
        OptionsError: packages of the service are missing, or options are impossible.
        StorageMissingError: files that a backup needs are not in storage, or are others.
        FaceFusionError: it cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    serving = load_serving(option_values(arguments, ServingOptions), config_path=arguments.config)
    try:
        return _VERBS[arguments.verb](arguments, options, serving, context.terminal)
    except ModuleNotFoundError as error:
        raise OptionsError(
            f"A backup needs the package {error.name}, which is not installed", "Run pip install 'facefusion[service]'"
        ) from error


def _create(arguments: argparse.Namespace, options: Options, serving: ServingOptions, terminal: Terminal) -> int:
    from facefusion.service.backup import create_backup  # noqa: PLC0415 - an extra

    manifest = create_backup(options, serving, arguments.folder, read_key(arguments.key_file))
    terminal.say("Keep the key elsewhere: without it nobody can read the backup")
    _told({"backup": str(arguments.folder), **_facts(manifest)}, arguments, terminal)
    return 0


def _verify(arguments: argparse.Namespace, options: Options, serving: ServingOptions, terminal: Terminal) -> int:
    from facefusion.jobs.opening import open_files  # noqa: PLC0415 - an extra
    from facefusion.service.backup import verify_backup  # noqa: PLC0415

    checked = verify_backup(
        arguments.folder,
        None if arguments.key_file is None else read_key(arguments.key_file),
        storage=(lambda: open_files(serving)) if arguments.in_storage else None,
        work_dir=options.trust.work_dir,
        deep=arguments.deep,
    )
    more = {
        "opened": checked.is_opened,
        "audit_entries": checked.entries,
        "in_storage": checked.in_storage,
        "faults": [{"key": needed.key, "what": needed.what, "fault": fault} for needed, fault in checked.faults],
    }
    _told({**_facts(checked.manifest), **more}, arguments, terminal)
    if checked.faults:
        raise StorageMissingError(
            f"{len(checked.faults)} of {checked.in_storage} files that the backup needs are not in storage",
            "Put them back from the storage's own backup; what was removed since on purpose is among them",
        )
    return 0


def _restore(arguments: argparse.Namespace, options: Options, serving: ServingOptions, terminal: Terminal) -> int:
    from facefusion.service.backup import restore_backup  # noqa: PLC0415 - an extra

    restored = restore_backup(options, serving, arguments.folder, read_key(arguments.key_file))
    for path in restored.policy:
        terminal.warn(one_line(f"the policy that was in force lies in {path}: name it with --policy"))
    terminal.say("Begin the service; jobs that were at work go on once their leases are over")
    facts = {**_facts(restored.manifest), "audit_entries": restored.entries, "policy": list(map(str, restored.policy))}
    _told(facts, arguments, terminal)
    return 0


def _facts(manifest: Manifest) -> dict[str, Any]:
    facts = asdict(manifest)
    facts["parts"] = len(manifest.parts)
    return facts


def _told(facts: dict[str, Any], arguments: argparse.Namespace, terminal: Terminal) -> None:
    if arguments.json:
        terminal.result(json.dumps(facts, indent=2))
        return
    for name, value in facts.items():
        for line in _lines(value):
            terminal.result(one_line(f"{name.replace('_', ' ') + ':':14} {line}"))


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [", ".join(f"{count} {name}" for name, count in value.items()) or "none"]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        shown = [f"{each['fault']}: {each['key']} ({each['what']})" for each in value[:_MOST_NAMED]]
        return [*shown, *([f"and {len(value) - _MOST_NAMED} more"] if len(value) > _MOST_NAMED else [])]
    if isinstance(value, list | tuple):
        return [" ".join(map(str, value)) or "none"]
    return ["none" if value is None else str(value)]


_VERBS: Final[dict[str, _Do]] = {"create": _create, "verify": _verify, "restore": _restore}
