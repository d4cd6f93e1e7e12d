"""`facefusion process`: do the main job, show progress, say how it went."""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING

from facefusion.cli.asking import ask_once
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.progress import show_progress
from facefusion.cli.signals import cancel_on_signals
from facefusion.cli.terminal import one_line
from facefusion.errors import CancelledError
from facefusion.options import load_options

if TYPE_CHECKING:
    from facefusion.engine.run import Result

_LOG = logging.getLogger(__name__)


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Run one job; the paths of what was written go to stdout, the output first, each on a line.

    Raises:
        FaceFusionError: the job cannot be done.
    """
    options = load_options(option_values(arguments), config_path=arguments.config)
    ask_once(options.trust, context.terminal)
    _LOG.debug("%s", options)
    terminal = context.terminal
    with cancel_on_signals(lambda: terminal.say("stopping; once more stops at once")) as cancellation:
        try:
            with show_progress(terminal) as progress:
                result = context.runner()(options, progress=progress, cancel=cancellation.event, notify=terminal.note)
        except CancelledError as error:
            terminal.error(str(error))
            return cancellation.exit_code
    stages = (f"{stage} {seconds:.2f}" for stage, seconds in result.stage_seconds.items())
    _LOG.info("seconds at work, side by side: %s", ", ".join(stages))
    terminal.say(summary(result))
    for path in (result.output_path, *result.further_paths):
        terminal.result(str(path))
    return 0


def summary(result: Result) -> str:
    """Return what was done, in one line."""
    facts = [_count(result.frames, "frame"), f"{_count(result.faces, 'face')} edited", f"{result.seconds:.1f} s"]
    if result.kind == "video" and result.seconds > 0:
        facts.append(f"{result.frames / result.seconds:.1f} frames/s")
    return f"{one_line(str(result.output_path))}: {', '.join(facts)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
