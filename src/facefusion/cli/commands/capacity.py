"""`facefusion capacity`: how long work takes, and what it needs."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from facefusion.cli.context import Context
from facefusion.jobs.capacity import CORES, Capacity, Work, capacity


def execute(arguments: argparse.Namespace, context: Context) -> int:
    """Print what the work takes.

    Raises:
        OptionsError: a value is impossible.
    """
    width, height = arguments.resolution
    workers = arguments.workers if arguments.cores is None else max(1, arguments.cores // CORES)
    frames = arguments.frames if arguments.hours is None else round(arguments.hours * 3600 * arguments.fps)
    work = Work(
        frames=frames,
        megapixels=width * height / 1e6,
        faces=arguments.faces,
        gmac=arguments.network_gmac,
        fps=arguments.fps,
        workers=workers,
        hours=arguments.deadline,
        rate=arguments.rate,
        speed=arguments.speed,
        bitrate_in=arguments.bitrate_in,
        bitrate_out=arguments.bitrate_out,
        price_hour=arguments.price_hour,
        price_month=arguments.price_month,
        keep_days=arguments.keep_days,
    )
    found = capacity(work)
    if arguments.json:
        context.terminal.result(json.dumps({"asked": asdict(work), "found": asdict(found)}, indent=2))
    else:
        context.terminal.result("\n".join(_lines(work, found)))
    return 0


def _lines(work: Work, found: Capacity) -> list[str]:
    each = f"{found.rate:.2f} frames/s each" + ("" if found.cpu_ms is None else f", {found.cpu_ms:.0f} CPU ms a frame")
    lines = [
        f"frames:   {work.frames:,} of {work.megapixels:.2f} megapixels, {work.faces:g} face(s)",
        f"workers:  {found.workers} ({each}; {'by measured figures' if found.cpu_ms else 'as you measured'})",
        f"time:     {_hours(found.hours)}",
    ]
    if found.cpu_hours is not None:
        lines.append(f"CPU:      {found.cpu_hours:,.1f} core hours")
    lines += [
        f"segments: {found.segments:,} of {work.segment_frames} frames",
        f"storage:  {found.input_gib:.1f} GiB in, {found.output_gib:.1f} GiB out, {found.peak_gib:.1f} GiB at most",
    ]
    if work.price_hour or work.price_month:
        days = f"{work.keep_days:g} days of storage"
        lines.append(f"cost:     {found.work_cost:,.2f} for workers, {found.storage_cost:,.2f} for {days}")
    return lines


def _hours(hours: float) -> str:
    if hours >= 1:
        return f"{hours:,.1f} hours"
    return f"{hours * 60:.1f} minutes"
