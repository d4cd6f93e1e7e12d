"""From what was seen of a job, within and from outside, to figures of each frame."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from benchmarks.common import Figures
from benchmarks.speed.models import model_figures
from benchmarks.watch import Watched

JOB_FOLDER = "/.facefusion-job-"
CODECS = ("decode", "encode", "join")


def figures(seen: Watched, output: Path, device: int | None, models: Path) -> Figures:
    """Return the figures of one run.

    Args:
        seen: of the process.
        output: where it wrote, or would have.
        device: bytes of a card's memory, where that is known.
        models: folder of generated models.
    """
    report = json.loads(seen.stdout)
    frames, work = report["frames"], report["ended"] - report["prepared"]
    cpu = cpu_seconds(report, seen)
    networks = model_figures(report["runs"], models)
    total = sum(cpu.values())
    own = total - cpu["models"] - sum(cpu[stage] for stage in CODECS)
    return {
        "frames": frames,
        "rate": frames / seen.seconds,
        "rate_warm": frames / work,
        "work_s": work,
        "start_up_s": seen.seconds - work,
        "first_frame_s": report["first_frame"],
        "loading_s": report["loading"],
        "cpu_ms": {stage: 1e3 * seconds / frames for stage, seconds in cpu.items()},
        "cpu_all_ms": 1e3 * total / frames,
        "cpu_own_ms": 1e3 * own / frames,
        "cpu_start_up_s": report["cpu_prepared"],
        "model_wall_ms": 1e3 * report["any_model"] / frames,
        "wall_not_models": 1 - report["any_model"] / work,
        "cpu_not_models": 1 - cpu["models"] / total,
        "channels": report["channels"],
        "models": networks,
        "macs": sum(each["macs"] for each in networks),
        "peak_mib": report["peak_kib"] / 1024,
        "work_peak_mib": report["memory_at_work"] / 2**20,
        "device_mib": None if device is None else device / 2**20,
        "weights_mib": sum(each["bytes"] for each in networks) / 2**20,
        "others_busy": seen.others,
    } | _written(seen, output, report["written"])


def cpu_seconds(report: Figures, seen: Watched) -> dict[str, float]:
    """Return the CPU seconds of all threads after the preparation, by stage; networks are a stage of their own.

    Stages run in threads of Python's, which are known exactly. Those of the codecs and of the runtime belong to
    decoding, by their names, to the networks, as they were there when one had been loaded, and to encoding, which is
    the rest.
    """
    runtime = set(report["model_threads"])
    decoders = sum(seconds for name, seconds in seen.threads.values() if name.startswith("av:"))
    networks = sum(seconds for number, (_, seconds) in seen.threads.items() if number in runtime)
    others = max(0.0, report["cpu_total"] - report["cpu_python"] - report["cpu_gauge"] - decoders - networks)
    cpu = defaultdict(float, report["cpu"])
    known = sum(cpu.values()) + report["cpu_models"] + report["cpu_prepared"]
    cpu["decode"] += decoders
    cpu["encode"] += others
    cpu["join"] += 0.0
    cpu["between"] = max(0.0, report["cpu_python"] - known)
    cpu["models"] = report["cpu_models"] + networks
    return dict(cpu)


_RECORDS = "/facefusion/trust"
"""In the path of keys, consents and the audit log."""


def _written(seen: Watched, output: Path, written: int) -> Figures:
    """Return what the process wrote: the output, under any name until it is whole, and all else."""
    touched = seen.opened | seen.created
    beside = {path for path in touched if Path(path).parent != output.parent and _counts(path)}
    own = f"{output.parents[1]}/"
    return {
        "output_bytes": output.stat().st_size if output.is_file() else 0,
        "written_bytes": written,
        "output_names": sorted({Path(path).name for path in touched if Path(path).parent == output.parent}),
        "files_beside": sorted(path.removeprefix(own) for path in beside),
        "bytes_beside": sum(Path(path).stat().st_size for path in beside if Path(path).is_file()),
    }


def _counts(path: str) -> bool:
    """Whether a file is one that nobody expects: no record, and no segment of the job but one that was left behind."""
    return _RECORDS not in path and (JOB_FOLDER not in path or Path(path).exists())
