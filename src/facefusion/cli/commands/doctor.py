"""`facefusion doctor`: what this machine has, and what to do where something is missing."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from facefusion.cli.context import Context
from facefusion.engine.doctor import Check, examine


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Print one line for each thing looked at; 1 when the main job cannot run."""
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
