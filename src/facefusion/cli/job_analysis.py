"""`facefusion job failures` and `job quality`: what went wrong, and what looks odd, as tables and files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from facefusion.cli.terminal import Terminal, one_line
from facefusion.cli.times import moment
from facefusion.jobs.failures import USUAL, Failures, Reason
from facefusion.jobs.quality.report import MeasuredJob, MeasuredJobs
from facefusion.jobs.states import By
from facefusion.jobs.viewed import Period

Write = Callable[[Path], int]


def show_failures(arguments: argparse.Namespace, engine: Engine, tenant: str, terminal: Terminal) -> int:
    """Print why jobs failed, or write each of them into a file.

    Args:
        arguments: what was typed.
        engine: the database of jobs.
        tenant: whose jobs are meant, unless all are.
        terminal: where it is printed.

    Raises:
        FaceFusionError: it cannot be told, or a file cannot be written.
    """
    failures, period = Failures(engine), _period(arguments, tenant)
    if _written(
        arguments,
        terminal,
        lambda path: failures.write_csv(path, period),
        lambda path: failures.write_parquet(path, period),
    ):
        return 0
    by: Sequence[By] = arguments.by or USUAL
    reasons = failures.reasons(period, by=by)
    if arguments.json:
        counted = [_reason_facts(each, by) for each in reasons]
        latest = [_facts(each) for each in failures.latest(period, limit=arguments.limit)]
        terminal.result(json.dumps({"reasons": counted, "jobs": latest}, indent=2))
        return 0
    _table(terminal, [_reason_row(each) for each in reasons], ("JOBS", "SECONDS", "LAST", *map(str.upper, by)))
    if not reasons:
        terminal.say("No job failed then that has not been tried again")
    return 0


def show_quality(arguments: argparse.Namespace, engine: Engine, tenant: str, terminal: Terminal) -> int:
    """Print which jobs were measured, or write each of them into a file; arguments and errors as of `show_failures`."""
    measured, period, suspicious = MeasuredJobs(engine), _period(arguments, tenant), arguments.suspicious
    if _written(
        arguments,
        terminal,
        lambda path: measured.write_csv(path, period, suspicious=suspicious),
        lambda path: measured.write_parquet(path, period, suspicious=suspicious),
    ):
        return 0
    found = measured.latest(period, suspicious=suspicious, limit=arguments.limit)
    if arguments.json:
        terminal.result(json.dumps({"jobs": list(map(_facts, found))}, indent=2))
        return 0
    heads = ("JOB", "MEASURED", "SOURCE", "TARGET", "EXPRESSION", "SHARPNESS", "FOUND", "FLAGS")
    _table(terminal, list(map(_measured_row, found)), heads)
    if not found:
        terminal.say("No such job was measured then")
    return 0


def _period(arguments: argparse.Namespace, tenant: str) -> Period:
    since, until = arguments.since, arguments.until
    return Period(
        None if arguments.all_tenants else tenant,
        None if since is None else moment(since, "--since", end=False),
        None if until is None else moment(until, "--until", end=True),
    )


def _written(arguments: argparse.Namespace, terminal: Terminal, as_csv: Write, as_parquet: Write) -> bool:
    """Write the files that were asked for, say how much is in each, and return whether there were any."""
    asked = [(arguments.csv, as_csv), (arguments.parquet, as_parquet)]
    done = [(path, write(path)) for path, write in asked if path is not None]
    for path, count in done:
        terminal.result(json.dumps({"file": str(path), "jobs": count}) if arguments.json else str(path))
        terminal.say(f"{path}: {count} {'job' if count == 1 else 'jobs'}")
    return bool(done)


def _table(terminal: Terminal, rows: Sequence[Sequence[str]], heads: Sequence[str]) -> None:
    """Print rows below their heads, in columns."""
    if not rows:
        return
    lines = [[one_line(word) for word in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        terminal.result("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip())


def _reason_row(reason: Reason) -> tuple[str, ...]:
    named = (name or "unknown" for name in reason.by)
    return str(reason.jobs), f"{reason.seconds:.0f}", f"{reason.last:%Y-%m-%d %H:%M}", *named


def _measured_row(job: MeasuredJob) -> tuple[str, ...]:
    figures = (job.to_source, job.to_target, job.expression, job.sharpness, job.found)
    return job.job, f"{job.measured:%Y-%m-%d %H:%M}", *map(_figure, figures), job.flags or "-"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _reason_facts(reason: Reason, by: Sequence[By]) -> dict[str, Any]:
    named = dict(zip(by, reason.by, strict=True))
    return {"by": named, "jobs": reason.jobs, "seconds": reason.seconds, "last": reason.last.isoformat()}


def _facts(job: Any) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(job).items()}
