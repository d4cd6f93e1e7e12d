"""What loading and running a network costs, in batches and on each execution provider.

The network has the body of a face swapper and random weights (`benchmarks/networks.py`). Each line is a process of its
own, so that memory is that of one session alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.common import Figures, command, finish, parser, table
from benchmarks.networks import swapper

LEVEL = 127.5
"""Levels of a picture of 8 bits in a unit of what the network gives, which is -1 to 1."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    if options.one:
        print(json.dumps(_measure(json.loads(options.one))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        files = {"takes batches": swapper(options.channels), "batch fixed at 1": swapper(options.channels, 1)}
        paths = {name: Path(folder) / f"{place}.onnx" for place, name in enumerate(files)}
        for name, content in files.items():
            paths[name].write_bytes(content)
        size = next(iter(paths.values())).stat().st_size / 1e6
        print(f"one network, {size:.0f} MB, {options.channels} channels\n")
        figures = _run_all(options, paths, Path(folder))
    heads = ("file", "provider", "precision", "load, s", "memory, MB", "ms at 1", f"ms each at {options.batch}")
    rows = [
        [each[key] for key in ("file", "provider", "precision", "load", "memory", "single", "each")] for each in figures
    ]
    print(
        table(
            (*heads, "off by, mean", "off by, most"),
            [[*row, *_off(each)] for row, each in zip(rows, figures, strict=True)],
        )
    )
    print('\n"off by" is the difference from the CPU in fp32, in levels of 255')
    return finish({"size": size, "sessions": figures}, options.json)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("sessions", __doc__)
    made.add_argument("--channels", type=int, default=512, help="1024 is half a gigabyte (default: %(default)s)")
    made.add_argument("--batch", type=int, default=8, help="items of the larger batch (default: %(default)s)")
    made.add_argument("--runs", type=int, default=3, help="runs, of which the fastest counts (default: %(default)s)")
    made.add_argument("--one", help=argparse.SUPPRESS)
    return made.parse_args(arguments)


def _off(figures: Figures) -> list[object]:
    return ["", ""] if figures["mean"] is None else [f"{figures['mean']:.3f}", f"{figures['most']:.2f}"]


def _run_all(options: argparse.Namespace, paths: dict[str, Path], folder: Path) -> list[Figures]:
    from facefusion.inference.providers import PROVIDERS, available_providers  # noqa: PLC0415

    names = ("cpu", *(name for name in available_providers() if name != "cpu"))
    ways = [("takes batches", name, precision) for name in names for precision in PROVIDERS[name].precisions]
    ways += [("batch fixed at 1, first time", "cpu", "fp32"), ("batch fixed at 1, then", "cpu", "fp32")]
    done = []
    for title, provider, precision in ways:
        path = paths[title.split(",", maxsplit=1)[0]]
        task = {
            "file": str(path),
            "provider": provider,
            "precision": precision,
            "folder": str(folder),
            "batch": options.batch,
            "runs": options.runs,
        }
        line = [sys.executable, "-m", "benchmarks.sessions", "--one", json.dumps(task)]
        result = subprocess.run(line, capture_output=True, text=True, check=False)
        if result.returncode:
            print(f"{provider} in {precision}: {result.stderr.strip().splitlines()[-1]}")
            continue
        done.append(json.loads(result.stdout.splitlines()[-1]) | {"file": title})
    return done


def _measure(task: dict[str, object]) -> Figures:
    """Return the figures of one session."""
    from dataclasses import replace  # noqa: PLC0415

    from facefusion.inference.contract import Contract, TensorSpec  # noqa: PLC0415
    from facefusion.inference.execution import Execution  # noqa: PLC0415
    from facefusion.inference.session import Session  # noqa: PLC0415
    from facefusion.options import RuntimeOptions  # noqa: PLC0415

    folder, path = Path(str(task["folder"])), Path(str(task["file"]))
    runtime = RuntimeOptions(execution_providers=(str(task["provider"]),), execution_precision=task["precision"])
    contract = Contract(
        inputs=(TensorSpec("target", ("batch", 3, 128, 128)),), outputs=(TensorSpec("output", ("batch", 3, 128, 128)),)
    )
    before = _memory()
    start = time.perf_counter()
    session = Session(lambda: path, replace(Execution.of(runtime), cache=folder / "cache"), contract=contract)
    load = time.perf_counter() - start
    memory = _memory() - before
    batch = np.random.default_rng(1).random((int(str(task["batch"])), 3, 128, 128), np.float32)
    single, each = (_fastest(session, batch[:count], int(str(task["runs"]))) / count for count in (1, len(batch)))
    values = session.run(batch)["output"]
    mean, most = _differences(values, folder / "expected.npy")
    return {
        "provider": task["provider"],
        "precision": task["precision"],
        "load": round(load, 2),
        "memory": round(memory),
        "single": round(1e3 * single),
        "each": round(1e3 * each),
        "mean": mean,
        "most": most,
    }


def _fastest(session: object, batch: np.ndarray, runs: int) -> float:
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        session.run(batch)  # type: ignore[attr-defined]
        times.append(time.perf_counter() - start)
    return min(times[1:])


def _differences(values: np.ndarray, expected: Path) -> tuple[float | None, float | None]:
    """Compare with what the first session, on the CPU, gave."""
    if not expected.is_file():
        np.save(expected, values)
        return None, None
    off = LEVEL * np.abs(values - np.load(expected))
    return float(off.mean()), float(off.max())


def _memory() -> float:
    """Return the resident memory of this process in megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    command(main)
