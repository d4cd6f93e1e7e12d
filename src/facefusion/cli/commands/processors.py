"""`facefusion processors`: what can be done here, and what is missing for the rest."""

from __future__ import annotations

import argparse
import json

from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.processors_text import processor_facts, processor_lines
from facefusion.cli.terminal import one_line
from facefusion.inference.plugins import points_of
from facefusion.options import load_options
from facefusion.processors.overview import processors_overview
from facefusion.processors.registry import GROUP


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Print each processor installed, also those that cannot be used."""
    options = load_options(option_values(arguments), config_path=arguments.config)
    processors, catalogue = processors_overview(options)
    for fault in (*(f"{fault}." for fault in points_of(GROUP).faults), *catalogue.faults):
        context.terminal.warn(one_line(fault))
    if arguments.json:
        facts = [processor_facts(each) for each in processors]
        context.terminal.result(json.dumps({"processors": facts}, indent=2, default=str))
        return 0
    for each in processors:
        context.terminal.result("\n".join(processor_lines(each)))
    return 0
