"""`facefusion batch`: do many jobs in one warm process, show how they go on, say what became of each."""

from __future__ import annotations

import argparse
import json

from facefusion.cli.asking import ask_once
from facefusion.cli.batch_text import show_batch, table_lines
from facefusion.cli.context import Context
from facefusion.cli.flags import option_values
from facefusion.cli.signals import cancel_on_signals
from facefusion.engine.batch.jobs import Batch
from facefusion.engine.batch.order import BatchOrder
from facefusion.engine.batch.report import BatchReport, check_report, write_report
from facefusion.engine.batch.run import BatchWork, jobs_at_once
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import BatchError
from facefusion.options import load_options


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Do the jobs; the table of what became of each goes to stdout.

    Returns:
        0 where all are done, 3 where some failed, 4 where all did; 128 + the signal's number where it was stopped.

    Raises:
        FaceFusionError: what was asked for cannot be begun.
    """
    terminal = context.terminal
    if arguments.report is not None:
        check_report(arguments.report)
    try:
        batch = _batch(arguments)
    except BatchError as error:
        for problem in error.problems if len(error.problems) > 1 else ():
            terminal.error(problem)
        raise
    for note in batch.notes:
        terminal.note(note)
    if batch.jobs and not arguments.dry_run:
        ask_once(batch.jobs[0].options.trust, terminal)
    with cancel_on_signals(lambda: terminal.say("stopping; once more stops at once")) as cancellation:
        with show_batch(terminal, len(batch.jobs)) as listener:
            work = BatchWork(
                WarmParts(),
                jobs_at_once(arguments.jobs, batch.jobs),
                skip_existing=arguments.skip_existing,
                listener=None if arguments.dry_run else listener,
                cancel=cancellation.event,
                runner=context.runner(),
            )
            report = work.rehearse(batch.jobs) if arguments.dry_run else work.do(batch.jobs)
        _tell(report, arguments, context)
    return cancellation.exit_code if report.is_stopped else report.exit_code


def _batch(arguments: argparse.Namespace) -> Batch:
    order = BatchOrder(
        targets=tuple(arguments.targets),
        table=arguments.table,
        output_dir=arguments.output_dir,
        name=arguments.name,
        recursive=arguments.recursive,
    )
    return order.batch(option_values(arguments), lambda values: load_options(values, config_path=arguments.config))


def _tell(report: BatchReport, arguments: argparse.Namespace, context: Context) -> None:
    try:
        if arguments.report is not None:
            write_report(arguments.report, report)
    finally:
        text = json.dumps(report.facts(), indent=2) if arguments.json else "\n".join(table_lines(report))
        context.terminal.result(text)
