"""`facefusion processors`: what can be done to faces here."""

from __future__ import annotations

import argparse

from facefusion.cli.context import Context
from facefusion.processors.registry import installed_processors


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Print one line for each processor installed."""
    for name, spec in installed_processors().items():
        context.terminal.result(f"{name:20}{spec.summary}")
    return 0
