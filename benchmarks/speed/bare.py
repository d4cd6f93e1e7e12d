"""A generated swapper in ONNX Runtime alone, with nothing of the product around it: what a job is held against.

    python -m benchmarks.speed.bare FILE PROVIDER COUNT BATCH

Prints JSON: the seconds and CPU seconds that one crop takes, and the peak of memory. The session has as many threads
as there are cores; crops are in memory already, and nobody looks at what comes out.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ROOT, Figures, JobFailedError, last_words
from benchmarks.networks import IDENTITY


def bare_session(file: Path, provider: str, *, count: int, batch: int) -> Figures:
    """Return what one crop takes, in a process of its own.

    Args:
        file: a generated swapper.
        provider: as the product calls it.
        count: crops.
        batch: crops in one run.

    Raises:
        JobFailedError: the runtime could not do it.
    """
    command = [sys.executable, "-m", "benchmarks.speed.bare", str(file), provider, str(count), str(batch)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise JobFailedError(last_words(done.stderr))
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def _providers(name: str) -> list[Any]:
    """Return the runtime's names of a provider and, behind it, the CPU."""
    from facefusion.inference.providers import PROVIDERS  # noqa: PLC0415

    own = PROVIDERS[name].runtime_name
    return [own, *([] if name == "cpu" else ["CPUExecutionProvider"])]


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the figures."""
    from facefusion.inference.runtime import onnxruntime  # noqa: PLC0415 - it tells the runtime not to report

    file, provider, count, batch = arguments[0], arguments[1], int(arguments[2]), int(arguments[3])
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    if provider != "cpu" and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
    session = onnxruntime.InferenceSession(file, options, providers=_providers(provider))
    random = np.random.default_rng(0)
    sizes = [batch] * (count // batch) + [count % batch] * (count % batch > 0)
    feeds = {
        size: {
            "target": random.random((size, 3, 128, 128), np.float32),
            "source": random.standard_normal((size, IDENTITY), np.float32),
        }
        for size in sizes
    }
    session.run(None, feeds[sizes[0]])
    start, cpu = time.perf_counter(), time.process_time()
    for size in sizes:
        session.run(None, feeds[size])
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"crop_s": seconds / count, "crop_cpu_s": cpu / count, "peak_mib": peak}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
