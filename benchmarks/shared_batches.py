"""What jobs at once in one process gain by sharing batches, and whether a result shows who shared its batch.

    python -m benchmarks.shared_batches                    on the CPU
    python -m benchmarks.shared_batches --provider cuda    on a graphics card

First each of several networks computes items alone and in batches, which are compared bit for bit. Then short clips are
swapped, so many at once, each way in a process of its own, with a network of realistic cost and random weights.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.clips import SOURCE, scaled_clip, talking_clip
from benchmarks.common import Figures, JobFailedError, command, finish, last_words, parser, table
from benchmarks.generated import CHANNELS, models_folder, swapper_name
from benchmarks.networks import identity_swapper, recogniser, swapper

SIZES = (2, 4, 8, 16)
_LINES = (640, 360)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _parse(arguments)
    if options.one:
        print(json.dumps(_measured(json.loads(options.one))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        rows = [_compared(name, options.provider, Path(folder)) for name in _NETWORKS]
    heads = ("network", *(f"off by at {size}" for size in SIZES))
    print(table(heads, [[row["network"], *(_off(row["off"][str(size)]) for size in SIZES)] for row in rows]))
    print("\n0: bit for bit what an item is alone; else the largest difference, as a share of the largest value\n")
    jobs = [_run(options, slots, way) for slots in options.slots for way in options.ways if slots > 1 or way == "off"]
    heads = ("at once", "batches", "seconds", "clips/s", "CPU s a clip", "runs of the network", "crops in a run")
    print(table(heads, [[str(each[key]) if key == "slots" else each[key] for key in _SHOWN] for each in jobs]))
    figures = {"provider": options.provider, "clips": options.clips, "cores": len(os.sched_getaffinity(0))}
    return finish(figures | {"rows": rows, "jobs": jobs}, options.json)


_SHOWN = ("slots", "way", "seconds", "rate", "cpu", "runs", "mean")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    made = parser("shared_batches", __doc__)
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("--provider", default="cpu", help="what networks run on (default: %(default)s)")
    made.add_argument("--swapper", choices=CHANNELS, default="tiny", help="network (default: %(default)s)")
    made.add_argument("--clips", type=int, default=4, help="how many (default: %(default)s)")
    made.add_argument("--seconds", type=float, default=2, help="length of each (default: %(default)s)")
    made.add_argument("--slots", type=int, nargs="+", default=[1, 2, 4], help="clips at once (default: 1 2 4)")
    made.add_argument("--ways", nargs="+", default=["off", "auto", "on"], help="of sharing (default: off auto on)")
    made.add_argument(
        "--kept",
        type=Path,
        default=Path("out/benchmarks"),
        help="where clips and models are kept (default: %(default)s)",
    )
    made.add_argument("--one", help=argparse.SUPPRESS)
    return made.parse_args(arguments)


_NETWORKS: Mapping[str, tuple[Callable[[], bytes], Mapping[str, tuple[int, ...]]]] = {
    "convolutions": (lambda: swapper(128), {"target": (3, 128, 128)}),
    "convolutions and an identity": (lambda: identity_swapper(128), {"target": (3, 128, 128), "source": (512,)}),
    "convolutions, then a product": (recogniser, {"input": (3, 112, 112)}),
}


def _compared(name: str, provider: str, folder: Path) -> Figures:
    """Return by how much items of a network are off in batches, by their size."""
    from dataclasses import replace  # noqa: PLC0415

    from facefusion.inference.contract import Contract, TensorSpec  # noqa: PLC0415
    from facefusion.inference.execution import Execution  # noqa: PLC0415
    from facefusion.inference.session import Session  # noqa: PLC0415
    from facefusion.options import RuntimeOptions  # noqa: PLC0415

    make, shapes = _NETWORKS[name]
    content, random = make(), np.random.default_rng(0)
    output = ("batch", 512) if name == "convolutions, then a product" else ("batch", 3, 128, 128)
    contract = Contract(
        tuple(TensorSpec(each, ("batch", *shape)) for each, shape in shapes.items()), (TensorSpec("output", output),)
    )
    execution = replace(Execution.of(RuntimeOptions(execution_providers=(provider,))), cache=folder)
    session = Session(lambda: content, execution, contract=contract, name=name)
    most = min(max(SIZES), session.best_batch)
    values = {each: random.random((most, *shape), np.float32) for each, shape in shapes.items()}
    alone = [session.run(_part(values, at, at + 1))["output"] for at in range(most)]
    off: dict[str, float | None] = {}
    for size in SIZES:
        together = session.run(_part(values, 0, size))["output"] if size <= most else None
        off[str(size)] = None if together is None else _difference(np.concatenate(alone[:size]), together)
    return {"network": name, "off": off}


def _part(values: Mapping[str, Any], begin: int, end: int) -> dict[str, Any]:
    return {name: value[begin:end] for name, value in values.items()}


def _difference(expected: Any, values: Any) -> float:
    return float(np.abs(expected - values).max() / max(1e-12, np.abs(expected).max()))


def _off(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}" if value else "0"


def _run(options: argparse.Namespace, slots: int, way: str) -> Figures:
    """Return what the clips took in a process of their own."""
    clip = scaled_clip(talking_clip(options.kept / "clips", options.seconds), *_LINES)
    models = models_folder(options.kept / "models", options.swapper)
    task = {"slots": slots, "way": way, "clip": str(clip.resolve()), "clips": options.clips}
    task |= {"models": str(models.resolve()), "swapper": swapper_name(options.swapper), "provider": options.provider}
    with tempfile.TemporaryDirectory() as home:
        line = [sys.executable, "-m", "benchmarks.shared_batches", "--one", json.dumps(task)]
        environment = {**os.environ, "HOME": home, "OPENCV_FOR_THREADS_NUM": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise JobFailedError(f"{slots} at once, {way}: {last_words(done.stderr)}")
    return {"slots": slots, "way": way} | json.loads(done.stdout.splitlines()[-1])


class _Counter:
    """Counts the runs of one network."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._lock = threading.Lock()

    def around(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Return `Runner.run`, counted where a crop goes in."""

        def ran(runner: Any, outputs: Any, feeds: Mapping[str, Any]) -> Any:
            if "target" in feeds:
                with self._lock:
                    self.sizes.append(len(feeds["target"]))
            return original(runner, outputs, feeds)

        return ran


def _measured(task: Figures) -> Figures:
    """Swap one clip, so that everything is loaded, then all of them; return the figures of these."""
    import facefusion  # noqa: PLC0415
    from facefusion.cli.allocator import keep_memory_level  # noqa: PLC0415
    from facefusion.inference.runner import Runner  # noqa: PLC0415

    keep_memory_level()  # as the program has it
    counter = _Counter()
    values = {
        "source_paths": str(SOURCE),
        "models_dir": task["models"],
        "face_swapper_model": task["swapper"],
        "execution_providers": [task["provider"]],
        "share_batches": task["way"],
    }
    counted = mock.patch.object(Runner, "run", counter.around(Runner.run))
    with tempfile.TemporaryDirectory() as folder, facefusion.Engine() as engine, counted:
        place = Path(folder)
        engine.process_video(task["clip"], place / "first.mp4", **values)
        counter.sizes.clear()
        jobs = [{"target_path": task["clip"], "output_path": place / f"{n}.mp4"} for n in range(task["clips"])]
        wall, cpu = time.perf_counter(), time.process_time()
        report = engine.process_batch(jobs, jobs=task["slots"], **values)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    failed = [outcome for outcome in report.outcomes if outcome.status != "done"]
    if failed:
        raise JobFailedError(str(failed[0].error))
    runs = len(counter.sizes)
    rate = {"rate": task["clips"] / wall, "cpu": cpu / task["clips"]}
    return {"seconds": wall, **rate, "runs": runs, "mean": sum(counter.sizes) / max(1, runs)}


if __name__ == "__main__":
    command(main)
