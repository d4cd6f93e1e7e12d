"""The figures of runs as tables, one run to a column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.common import Figures, table

CHEAP = {720: 12.0, 1080: 25.0}
"""CPU milliseconds of a frame that are not networks, decoding or encoding, at most, by the lines of the clip."""
BARE = 1.08
"""Time of a job over that of a bare session with the same crops, at most."""
GROWTH = 0.05
"""Share by which peak memory may grow with the length of the clip."""
STAGES = ("decode", "analyse", "process", "between", "encode", "join", "models")
Cell = Callable[[Figures], object]


def report(result: Figures) -> None:
    """Print all runs, and what of their networks reached how much of the device's best rate."""
    runs = result["runs"]
    print(f"\n{result['machine']['processor']}, {result['cores']} cores; one face; each run in a fresh process\n")
    print(table(["", *(run["title"] for run in runs)], rows(runs, result["peaks"])))
    print("", table(("networks", *MODEL_HEADS), model_rows(runs, result["peaks"])), sep="\n")
    for peak in result["peaks"].values():
        print(f"\nBest rate of {peak['provider']}: {peak['flops'] / 1e9:.0f} GFLOP/s, in {_best(peak['trials'])}")
    for long, short, growth in growths(runs):
        print(f"\nPeak memory, {long}, against {short}: {growth:+.1%} (target: within {GROWTH:.0%})")
    for path in sorted({path for run in runs for path in run["files_beside"]}):
        print(f"Written beside the output: {path}")


def rows(runs: Sequence[Figures], peaks: Figures) -> list[list[object]]:
    """Return the lines of the table."""
    stages = [stage for stage in STAGES if any(stage in run["cpu_ms"] for run in runs)]
    stages += sorted({stage for run in runs for stage in run["cpu_ms"]} - set(stages))
    channels = dict.fromkeys(name for run in runs for name in run["channels"])
    lines: list[tuple[str, Cell]] = [
        ("frames", lambda run: run["frames"]),
        ("frames/s, whole process", lambda run: run["rate"]),
        ("frames/s without start-up", lambda run: run["rate_warm"]),
        ("start-up, s", lambda run: run["start_up_s"]),
        ("CPU of start-up, s", lambda run: run["cpu_start_up_s"]),
        ("first frame after, s", lambda run: run["first_frame_s"]),
        ("of which loading models, s", lambda run: run["loading_s"]),
        ("cores busy with other programs", lambda run: run["others_busy"]),
        *((f"CPU ms/frame, {stage}", _cpu(stage)) for stage in stages),
        ("CPU ms/frame, all", lambda run: run["cpu_all_ms"]),
        ("CPU ms/frame, ours alone", _own),
        ("CPU not in networks, %", lambda run: 100 * run["cpu_not_models"]),
        ("networks: GFLOP a second of CPU time", lambda run: _cpu_rate(run) if _is_cpu(run) else ""),
        ("of the best rate, by CPU time, %", lambda run: _cpu_share(run, peaks) if _is_cpu(run) else ""),
        ("wall ms/frame with a network at work", lambda run: run["model_wall_ms"]),
        ("wall with no network at work, %", lambda run: 100 * run["wall_not_models"]),
        *((f"full behind {name}, %", _fill(name)) for name in channels),
        ("peak memory, MiB", lambda run: run["peak_mib"]),
        ("peak memory once prepared, MiB", lambda run: run["work_peak_mib"]),
        ("weights of networks, MiB", lambda run: run["weights_mib"]),
        ("peak memory of the card, MiB", lambda run: "" if run["device_mib"] is None else run["device_mib"]),
        ("output, bytes", lambda run: run["output_bytes"]),
        ("written by the process, bytes", lambda run: run["written_bytes"]),
        ("files written beside the output", lambda run: len(run["files_beside"])),
        ("bytes in them", lambda run: run["bytes_beside"]),
    ]
    if any("bare" in run for run in runs):
        lines += [
            ("bare session, s for the same crops", lambda run: _bare(run, lambda bare: bare["crop_s"] * bare["crops"])),
            ("job without start-up, s", lambda run: run["work_s"]),
            (f"job / bare session (at most {BARE})", lambda run: _bare(run, lambda bare: bare["ratio"])),
            ("the same of CPU time", lambda run: _bare(run, lambda bare: bare["cpu_ratio"])),
            ("peak memory of the bare session, MiB", lambda run: _bare(run, lambda bare: bare["peak_mib"])),
        ]
    return [[title, *(cell(run) for run in runs)] for title, cell in lines]


MODEL_HEADS = ("run", "crops or frames", "at once", "ms each", "GMAC each", "GFLOP/s", "of the best rate, %")


def model_rows(runs: Sequence[Figures], peaks: Figures) -> list[list[object]]:
    """Return a line for each network of each run, and one for all of them."""
    lines: list[list[object]] = []
    for run in runs:
        peak = peaks[run["setting"]["provider"]]["flops"]
        lines += [[model["model"], run["title"], *_roof(model, peak)] for model in run["models"]]
        whole = {"items": run["frames"], "runs": run["frames"], "seconds": run["work_s"], "macs": run["macs"]}
        lines.append(["all, over the job's time", run["title"], *_roof(whole, peak)])
    return lines


def _roof(work: Figures, peak: float) -> list[object]:
    rate = 2 * work["macs"] / work["seconds"]
    items = work["items"]
    each = (1e3 * work["seconds"] / items, f"{work['macs'] / items / 1e9:.3f}")
    return [items, items / work["runs"], *each, f"{rate / 1e9:.1f}", 100 * rate / peak]


def _cpu(stage: str) -> Cell:
    return lambda run: run["cpu_ms"].get(stage, 0.0)


def _fill(name: str) -> Cell:
    def cell(run: Figures) -> object:
        channel = run["channels"].get(name)
        return f"{100 * channel['fill']:.0f} of {channel['places']}" if channel else ""

    return cell


def _is_cpu(run: Figures) -> bool:
    return bool(run["setting"]["provider"] == "cpu")


def _cpu_rate(run: Figures) -> float:
    return float(2 * run["macs"] / run["frames"] / run["cpu_ms"]["models"] / 1e6)


def _cpu_share(run: Figures, peaks: Figures) -> float:
    return 1e11 * _cpu_rate(run) / float(peaks["cpu"]["flops_cpu"])


def _own(run: Figures) -> str:
    return f"{run['cpu_own_ms']:.2f} (≤ {CHEAP[run['setting']['lines']]:g})"


def _bare(run: Figures, cell: Cell) -> object:
    return cell(run["bare"]) if "bare" in run else ""


def _best(trials: Figures) -> str:
    return max(trials, key=lambda name: float(trials[name]))


def growths(runs: Sequence[Figures]) -> list[tuple[str, str, float]]:
    """Return how peak memory grows with the length of the clip, as long one, short one and share.

    Runs are compared that differ in nothing else.
    """
    groups: dict[str, list[Figures]] = {}
    for run in runs:
        key = {name: value for name, value in run["setting"].items() if name != "seconds"}
        groups.setdefault(str(key), []).append(run)
    found = []
    for group in groups.values():
        short, *_, long = sorted([*group, group[0]], key=lambda run: float(run["setting"]["seconds"]))
        if short["setting"]["seconds"] < long["setting"]["seconds"]:
            found.append((long["title"], short["title"], long["peak_mib"] / short["peak_mib"] - 1))
    return found
