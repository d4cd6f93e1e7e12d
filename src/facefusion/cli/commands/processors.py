"""`facefusion processors`: what can be done to faces here."""

from __future__ import annotations

import argparse
from importlib.metadata import entry_points

from facefusion.cli.context import Context


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Print one line for each processor installed."""
    for entry in sorted(entry_points(group="facefusion.processors"), key=lambda entry: entry.name):
        context.terminal.result(f"{entry.name:20}{entry.load().summary}")
    return 0
