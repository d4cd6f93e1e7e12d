"""Measure what a graphics card gives: networks at batches of several sizes, whole jobs, and what limits them.

    python -m benchmarks.gpu                     CUDA and TensorRT, whichever are there
    python -m benchmarks.gpu --providers cpu     the same tables, to be held against

Needs no network and no file but the checkout. Where no card is, it says so and exits with 2.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import Figures, JobFailedError, command, finish, parser, table
from benchmarks.flops import count_macs
from benchmarks.generated import CHANNELS, MESH, models_folder, weights
from benchmarks.speed.codecs import codec_rates
from benchmarks.speed.device import card_name
from benchmarks.speed.peak import RUNS, device_peak
from benchmarks.speed.report import report
from benchmarks.speed.setting import SIZES, Setting
from benchmarks.speed.sweep import SECONDS, sweep
from benchmarks.throughput import machine, measure

BATCHES = (1, 2, 4, 8, 16, 32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    peaks = _peaks(options.providers, options.peak_runs)
    if not peaks:
        print("Nothing was measured: none of these providers runs here; docs/execution.md says how to get them.")
        return 2
    sweeps = [row for peak in peaks for name in options.swapper for row in _sweep(name, peak, options)]
    print(f"\n{card_name() or 'no card that can be asked'}; each batch through the session that jobs use\n")
    print(table(("network", *HEADS), [_row(row) for row in sweeps]))
    result = measure(
        _settings(options, [peak["provider"] for peak in peaks]), options.kept, peak_runs=options.peak_runs
    )
    result |= {"cores": len(os.sched_getaffinity(0)), "machine": machine(), "card": card_name(), "sweeps": sweeps}
    report(result)
    result["limits"] = [_limits(run, options.kept) for run in result["runs"]]
    print("", table(LIMIT_HEADS, [list(limit.values()) for limit in result["limits"]]), sep="\n")
    return finish(result, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("gpu", __doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("--providers", nargs="+", default=["cuda", "tensorrt"], help="(default: cuda tensorrt)")
    made.add_argument(
        "--swapper", nargs="+", choices=CHANNELS, default=["small", "large"], help="networks (default: small large)"
    )
    made.add_argument(
        "--batches", type=int, nargs="+", default=BATCHES, help=f"(default: {' '.join(map(str, BATCHES))})"
    )
    made.add_argument("--sizes", type=int, nargs="+", choices=SIZES, default=[*SIZES], help="lines (default: all)")
    made.add_argument("--seconds", type=float, default=10, help="length of the clips (default: %(default)s)")
    made.add_argument("--peak-runs", type=int, default=RUNS, help="that show the best rate (default: %(default)s)")
    made.add_argument("--each", type=float, default=SECONDS, help="seconds for each batch (default: %(default)s)")
    made.add_argument("--preset", default="veryfast", help="of x264 (default: %(default)s)")
    made.add_argument(
        "--kept",
        type=Path,
        default=Path("out/benchmarks"),
        help="where clips and models are kept (default: %(default)s)",
    )
    return made.parse_args(arguments)


def _peaks(providers: Sequence[str], runs: int) -> list[Figures]:
    """Return the best rates of those that run here; say why the others do not."""
    peaks = []
    for provider in providers:
        try:
            peaks.append(device_peak(provider, runs))
        except JobFailedError as error:
            print(f"{provider}: {error}", file=sys.stderr)
    return peaks


def _sweep(swapper: str, peak: Figures, options: argparse.Namespace) -> list[Figures]:
    file = weights(models_folder(options.kept / "models", swapper), swapper).resolve()
    macs = count_macs(file.read_bytes(), {"target": (1, 3, 128, 128), "source": (1, 512)})
    rows = sweep(file, peak["provider"], options.batches, options.each)
    about = {"swapper": swapper, "provider": peak["provider"], "macs": macs}
    return [about | row | {"share": 2 * macs / row["crop_s"] / peak["flops"]} for row in rows]


HEADS = ("provider", "batch", "ms each", "crops/s", "TFLOP/s", "of the best rate, %")


def _row(row: Figures) -> list[object]:
    rate = 2 * row["macs"] / row["crop_s"] / 1e12
    return [
        row["swapper"],
        row["provider"],
        row["batch"],
        1e3 * row["crop_s"],
        1 / row["crop_s"],
        rate,
        100 * row["share"],
    ]


def _settings(options: argparse.Namespace, providers: Sequence[str]) -> list[Setting]:
    return [
        Setting(swapper, lines, options.seconds, options.preset, provider)
        for provider in providers
        for swapper in (MESH, *options.swapper)
        for lines in options.sizes
    ]


LIMIT_HEADS = ("job", "frames/s", "decoder alone", "encoder alone", "networks alone", "the limit")


def _limits(run: Figures, kept: Path) -> Figures:
    """Return how fast each part of a job would be alone, and which is the slowest."""
    setting = Setting(**run["setting"])
    rates = codec_rates(setting.clip(kept / "clips"), setting.preset)
    networks = 1e3 / max(run["model_wall_ms"], 1e-6)
    alone = {**rates, "networks": networks}
    limit = min(alone, key=lambda part: float(alone[part]))
    if run["rate_warm"] < 0.8 * alone[limit]:
        limit = f"{limit}, and what is between the stages"
    return {"job": run["title"], "rate": run["rate_warm"], **alone, "limit": limit}


if __name__ == "__main__":
    command(main)
