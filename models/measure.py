"""Print how long each model of the pack takes in ONNX Runtime on one thread of this machine."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.convert import PACK
from models.runtime import onnxruntime


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line: one line per model with milliseconds per call (median and least) at batch one."""
    parser = argparse.ArgumentParser(prog="python -m models.measure", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="ONNX files (default: the pack)")
    parser.add_argument("--calls", type=int, default=200, help="calls to time, after a tenth as many unmeasured")
    options = parser.parse_args(arguments)
    for path in options.files or sorted(PACK.glob("*.onnx")):
        durations = measure(path, options.calls)
        print(f"{path.name:28} median {np.median(durations):6.2f} ms   least {min(durations):6.2f} ms")
    return 0


def measure(path: Path, calls: int) -> list[float]:
    """Return the milliseconds that each call took, on random input of batch one and a single thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    shape = [1, *session.get_inputs()[0].shape[1:]]
    values = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    durations = [_time_call(session, values) for _ in range(calls + calls // 10)]
    return durations[calls // 10 :]


def _time_call(session: onnxruntime.InferenceSession, values: np.ndarray) -> float:
    started = time.perf_counter()
    session.run(None, {"input": values})
    return (time.perf_counter() - started) * 1e3


if __name__ == "__main__":
    sys.exit(main())
