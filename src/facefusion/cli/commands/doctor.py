"""`facefusion doctor`: what this machine, or a cluster, has, and what to do where something is missing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.terminal import one_line
from facefusion.engine.doctor import Check, examine
from facefusion.errors import OptionsError
from facefusion.options import ServingOptions, load_options, load_serving

if TYPE_CHECKING:
    from facefusion.service.cluster import ClusterCheck


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Print one line for each thing looked at; 1 when the main job cannot run, or something of the cluster fails.

    Raises:
        OptionsError: options of a cluster are given without `--cluster`, or its packages are missing.
        FaceFusionError: options are impossible.
    """
    if arguments.cluster:
        return _cluster(arguments, context)
    if option_values(arguments) or option_values(arguments, ServingOptions):
        raise OptionsError("These options are of a cluster", "Say --cluster as well")
    checks = list(examine(config_path=arguments.config))
    is_fit = all(check.status != "fail" for check in checks)
    if arguments.json:
        context.terminal.result(json.dumps({"fit": is_fit, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        context.terminal.result("\n".join(map(_line, checks)))
        context.terminal.result("\n" + ("The main job can run." if is_fit else "The main job cannot run: see `fail`."))
    return 0 if is_fit else 1


def _line(check: Check) -> str:
    advice = f"\n{'':5}-> {check.advice}" if check.advice else ""
    return f"{check.status:5}{check.name}: {check.found}{advice}"


def _cluster(arguments: argparse.Namespace, context: Context) -> int:
    try:
        from facefusion.service.cluster import examine as examine_cluster  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise OptionsError(
            f"A cluster needs the package {error.name}, which is not installed", "Run pip install 'facefusion[service]'"
        ) from error
    options = load_options(option_values(arguments), config_path=arguments.config)
    serving = load_serving(option_values(arguments, ServingOptions), config_path=arguments.config)
    checks = examine_cluster(options, serving, seconds=arguments.timeout)
    is_fit = all(check.status != "fail" for check in checks)
    if arguments.json:
        context.terminal.result(json.dumps({"fit": is_fit, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        context.terminal.result(_told(checks))
        context.terminal.result("\n" + ("The cluster can work." if is_fit else "Something fails: see `fail`."))
    return 0 if is_fit else 1


def _told(checks: Sequence[ClusterCheck]) -> str:
    """Return a line for each thing; what it is needed for and what to do stand below where it is not well."""
    lines = []
    for check in checks:
        lines.append(one_line(f"{check.status:5}{check.name}: {check.found}"))
        if check.status != "ok":
            lines.append(one_line(f"{'':5}{check.means}"))
        if check.advice:
            lines.append(one_line(f"{'':5}-> {check.advice}"))
    return "\n".join(lines)
