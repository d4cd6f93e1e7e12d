"""Measure speed, CPU time by stage, memory and bytes written: clips of 10 and 100 s at 1280×720, on two cores."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clips import SOURCE, repeated_clip, talking_clip
from benchmarks.common import ROOT, Figures, command, finish, parser, table
from benchmarks.watch import Watched, watch

STAGES = ("decode", "analyse", "process", "encode")
CORES = 2
JOB_FOLDER = "/.facefusion-job-"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    short = talking_clip(options.clips, options.seconds)
    clips = [(short, options.seconds)]
    if options.times > 1:
        clips.append((repeated_clip(short, options.times), options.seconds * options.times))
    run_once(talking_clip(options.clips, 1), options)  # so that no run pays for what the system caches
    runs = [
        {"clip": f"{seconds:g} s"} | run_once(clip, options) for clip, seconds in clips for _ in range(options.repeat)
    ]
    report(runs, options.preset, len(cores))
    return finish({"preset": options.preset, "cores": len(cores), "runs": runs}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("throughput", __doc__)
    made.add_argument("--seconds", type=float, default=10, help="length of the short clip (default: %(default)s)")
    made.add_argument("--times", type=int, default=10, help="how often the long clip repeats it (default: %(default)s)")
    made.add_argument("--repeat", type=int, default=1, help="runs of each clip (default: %(default)s)")
    made.add_argument("--preset", default="veryfast", help="preset of x264 (default: %(default)s)")
    made.add_argument("--container", default="mp4", help="form of the output: mp4, mov or mkv (default: %(default)s)")
    made.add_argument(
        "--clips", type=Path, default=Path("out/benchmarks/clips"), help="where clips are kept (default: %(default)s)"
    )
    return made.parse_args(arguments)


def run_once(clip: Path, options: argparse.Namespace) -> Figures:
    """Swap the face of a clip in a fresh process that has folders of its own, and return what it took."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folders = {use: place / use for use in ("home", "temporary", "working", "output")}
        for folder in folders.values():
            folder.mkdir()
        output = folders["output"] / f"result.{options.container}"
        job = [sys.executable, "-m", "benchmarks.job", str(SOURCE), str(clip.resolve()), str(output), options.preset]
        seen = watch(job, folder=folders["working"], environment=_environment(folders), folders=list(folders.values()))
        return figures(seen, output)


def _environment(folders: dict[str, Path]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FACEFUSION_", "XDG_"))}
    own = {"HOME": str(folders["home"]), "TMPDIR": str(folders["temporary"]), "PYTHONPATH": str(ROOT)}
    one_thread = {"OPENCV_FOR_THREADS_NUM": "1", "OPENBLAS_NUM_THREADS": "1"}  # as the program has it
    return kept | own | one_thread


def _counts(path: str) -> bool:
    """Whether a file is one that nobody expects: not a segment of the job, or one that was left behind."""
    return JOB_FOLDER not in path or Path(path).exists()


def figures(seen: Watched, output: Path) -> Figures:
    """Return the figures of one run."""
    report = json.loads(seen.stdout)
    frames, work, cpu = report["frames"], report["work"], report["cpu"]
    decoders = sum(seconds for name, seconds in seen.thread_cpu.items() if name.startswith("av:"))
    start_up = report["cpu_imports"] + cpu["prepare"]
    workers = report["cpu_total"] - start_up - decoders - sum(cpu[stage] for stage in STAGES)
    # The output grows under a name of its own until it is whole; that file is the output itself.
    names = {Path(path).name for path in seen.opened | seen.created if Path(path).parent == output.parent}
    beside = {path for path in seen.opened | seen.created if Path(path).parent != output.parent and _counts(path)}
    own = f"{output.parents[1]}/"
    return {
        "frames": frames,
        "faces": report["faces"],
        "rate": frames / seen.seconds,
        "rate_warm": frames / (report["seconds"] - work["prepare"]),
        "start_up_s": seen.seconds - report["seconds"] + work["prepare"],
        "work_ms": {stage: 1e3 * work[stage] / frames for stage in STAGES},
        "cpu_ms": {stage: 1e3 * cpu[stage] / frames for stage in STAGES}
        | {"decoder's threads": 1e3 * decoders / frames, "other threads": 1e3 * workers / frames},
        "cpu_start_up_s": start_up,
        "peak_mib": report["peak_kib"] / 1024,
        "output_bytes": output.stat().st_size,
        "written_bytes": report["written"],
        "output_names": sorted(names),
        "files_beside": sorted(path.removeprefix(own) for path in beside),
        "bytes_beside": sum(Path(path).stat().st_size for path in beside if Path(path).is_file()),
        "others_busy": seen.others,
    }


def report(runs: Sequence[Figures], preset: str, cores: int) -> None:
    """Print all runs, one to a column."""
    print(f"\n1280x720, one face, {cores} cores, x264 {preset}; each run in a fresh process\n")
    rows: list[list[object]] = [
        ["frames (faces swapped)", *(f"{run['frames']} ({run['faces']})" for run in runs)],
        ["frames/s, whole process", *(run["rate"] for run in runs)],
        ["frames/s without start-up", *(run["rate_warm"] for run in runs)],
        ["start-up, s", *(run["start_up_s"] for run in runs)],
        ["cores busy with other programs", *(run["others_busy"] for run in runs)],
        *(_row("at work", stage, "work_ms", runs) for stage in STAGES),
        *(_row("CPU", stage, "cpu_ms", runs) for stage in runs[0]["cpu_ms"]),
        ["CPU ms/frame, all but start-up", *(sum(run["cpu_ms"].values()) for run in runs)],
        ["CPU of start-up, s", *(run["cpu_start_up_s"] for run in runs)],
        ["peak memory, MiB", *(run["peak_mib"] for run in runs)],
        ["output, bytes", *(run["output_bytes"] for run in runs)],
        ["written by the process, bytes", *(run["written_bytes"] for run in runs)],
        ["files written beside the output", *(len(run["files_beside"]) for run in runs)],
        ["bytes in them", *(run["bytes_beside"] for run in runs)],
    ]
    print(table(["", *(run["clip"] for run in runs)], rows))
    first, last = runs[0], runs[-1]
    if first["clip"] != last["clip"]:
        growth = last["peak_mib"] / first["peak_mib"] - 1
        print(f"\nPeak memory of the long clip against the short one: {growth:+.1%} (target: within 5 %)")
    for path in sorted({path for run in runs for path in run["files_beside"]}):
        print(f"Written beside the output: {path}")


def _row(kind: str, stage: str, group: str, runs: Sequence[Figures]) -> list[object]:
    return [f"{kind} ms/frame, {stage}", *(run[group][stage] for run in runs)]


if __name__ == "__main__":
    command(main)
