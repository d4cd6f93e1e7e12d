"""Measure speed, CPU time by stage, memory and bytes written, each run in a fresh process on two cores.

python -m benchmarks.throughput                                               the bundled swapper, 10 and 100 s
python -m benchmarks.throughput --seconds 1000 --sizes 720                    whether memory stays level
python -m benchmarks.throughput --swapper large --frames 20 --bare            a network of realistic cost
python -m benchmarks.throughput --seconds 10 --presets ultrafast medium slow  what the encoder costs
python -m benchmarks.throughput --compare old.json new.json                   two results, nothing is run
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path

from benchmarks.common import Figures, command, finish, parser
from benchmarks.generated import CHANNELS, MESH, models_folder, swapper_name, weights
from benchmarks.speed.bare import bare_session
from benchmarks.speed.compare import compare
from benchmarks.speed.models import usual_batch
from benchmarks.speed.peak import RUNS, device_peak
from benchmarks.speed.report import report
from benchmarks.speed.setting import SIZES, Setting, run_once

CORES = 2
BUILDS = ("onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime")
RATE = 25
"""Frames a second of all clips."""
_WARM_UP = 0.4
"""Seconds of the clip that is worked on before anything counts: ten frames."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    if options.compare and len(options.compare) > 1:
        print(compare(*(json.loads(path.read_text("utf-8")) for path in options.compare)))
        return 0
    cores = sorted(os.sched_getaffinity(0))[: options.cores]
    os.sched_setaffinity(0, cores)
    result = measure(list(settings(options)), options.kept, bare=options.bare, peak_runs=options.peak_runs)
    result |= {"cores": len(cores), "machine": machine()}
    report(result)
    if options.compare:
        print("", compare(json.loads(options.compare[0].read_text("utf-8")), result), sep="\n")
    return finish(result, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("throughput", __doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    lengths = made.add_mutually_exclusive_group()
    lengths.add_argument(
        "--seconds", type=float, nargs="+", default=[10, 100], help="lengths of clips (default: 10 100)"
    )
    lengths.add_argument("--frames", type=int, nargs="+", help="lengths of clips in frames")
    made.add_argument("--sizes", type=int, nargs="+", choices=SIZES, default=[*SIZES], help="lines (default: all)")
    made.add_argument("--swapper", nargs="+", choices=[MESH, *CHANNELS], default=[MESH], help="(default: %(default)s)")
    made.add_argument("--presets", nargs="+", default=["veryfast"], help="of x264 (default: veryfast)")
    made.add_argument("--provider", nargs="+", default=["cpu"], help="cpu, cuda, tensorrt, openvino (default: cpu)")
    made.add_argument("--no-encoder", action="store_true", help="also without the encoder, after each run with it")
    made.add_argument("--bare", action="store_true", help="also the same crops in a bare session; networks only")
    made.add_argument("--repeat", type=int, default=1, help="runs of each (default: %(default)s)")
    made.add_argument("--peak-runs", type=int, default=RUNS, help="that show the best rate (default: %(default)s)")
    made.add_argument("--container", default="mp4", help="form of the output: mp4, mov or mkv (default: %(default)s)")
    made.add_argument("--cores", type=int, default=CORES, help="that everything is bound to (default: %(default)s)")
    made.add_argument(
        *("--compare",), type=Path, nargs="+", metavar="FILE", help="with an older result; two files: with one another"
    )
    made.add_argument(
        "--kept",
        type=Path,
        default=Path("out/benchmarks"),
        help="where clips and models are kept (default: %(default)s)",
    )
    options = made.parse_args(arguments)
    if options.bare and not {*options.provider} <= {"cpu", "cuda"}:
        made.error("--bare is for cpu and cuda: others compute in another precision than a bare session would")
    return options


def settings(options: argparse.Namespace) -> Iterator[Setting]:
    """Yield the settings that the command line asks for, in its order."""
    lengths = [frames / RATE for frames in options.frames] if options.frames else options.seconds
    ways = product(options.provider, options.swapper, options.sizes, options.presets, lengths, range(options.repeat))
    for provider, swapper, lines, preset, seconds, _ in ways:
        for encodes in (True, False) if options.no_encoder else (True,):
            yield Setting(swapper, lines, seconds, preset, provider, encodes, options.container)


def measure(wanted: Sequence[Setting], kept: Path, *, bare: bool = False, peak_runs: int = RUNS) -> Figures:
    """Return the figures of all settings, and the best rate of each provider, measured before and after them.

    Args:
        wanted: the settings.
        kept: where clips and models are kept.
        bare: whether the crops go through a bare session too, half of them before the job and half after it.
        peak_runs: how often each trial of the best rate is run.
    """
    runs: list[Figures] = []
    batches: dict[tuple[str, str], int] = {}
    providers = list(dict.fromkeys(setting.provider for setting in wanted))
    peaks = {provider: device_peak(provider, peak_runs) for provider in providers}
    for setting in wanted:
        key = (setting.swapper, setting.provider)
        if key not in batches:  # so that no run pays for what is kept from job to job
            warm = run_once(Setting(setting.swapper, setting.lines, _WARM_UP, provider=setting.provider), kept)
            batches[key] = usual_batch(warm["models"], swapper_name(setting.swapper))
        batch = batches[key]
        is_compared = bare and setting.swapper != MESH
        before = _bare(setting, kept, batch) if is_compared else {}
        run = {"title": setting.title} | run_once(setting, kept)
        if is_compared:
            run |= _against(run, before, _bare(setting, kept, batch), batch)
        runs.append(run)
    # What else runs on the machine comes and goes, and the best is what is wanted.
    again = [device_peak(provider, peak_runs) for provider in providers]
    peaks |= {each["provider"]: _better(peaks[each["provider"]], each) for each in again}
    return {"runs": runs, "peaks": peaks}


def _better(one: Figures, other: Figures) -> Figures:
    best = max(one, other, key=lambda peak: float(peak["flops"]))
    return best | {"flops_cpu": max(one["flops_cpu"], other["flops_cpu"])}


def _bare(setting: Setting, kept: Path, batch: int) -> Figures:
    """Return what a crop takes in a bare session, over half as many crops as the clip has frames."""
    file = weights(models_folder(kept / "models", setting.swapper), setting.swapper)
    return bare_session(file, setting.provider, count=max(1, round(setting.seconds * RATE) // 2), batch=batch)


def _against(run: Figures, before: Figures, after: Figures, batch: int) -> Figures:
    """Return how a job compares with the bare session before it and the one after it."""
    name = swapper_name(run["setting"]["swapper"])
    crops = sum(model["items"] for model in run["models"] if model["model"] == name)
    bare = {key: (before[key] + after[key]) / 2 for key in before} | {"batch": batch, "crops": crops}
    cpu = run["cpu_all_ms"] * run["frames"] / 1e3 / (bare["crop_cpu_s"] * crops)
    return {"bare": bare | {"ratio": run["work_s"] / (bare["crop_s"] * crops), "cpu_ratio": cpu}}


def machine() -> Figures:
    """Return what the figures were measured on, without a name that tells whose it is."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    runtime = next((f"{name} {version(name)}" for name in BUILDS if _is_installed(name)), "")
    return {"processor": processor, "python": platform.python_version(), "runtime": runtime}


def _is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


if __name__ == "__main__":
    command(main)
