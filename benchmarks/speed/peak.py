"""How fast a device multiplies at its best, through the same session that runs models: the roof of the roofline.

python -m benchmarks.speed.peak PROVIDER RUNS
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.common import ROOT, Figures, JobFailedError, last_words
from benchmarks.flops import count_macs
from benchmarks.networks import multiplier


@dataclass(frozen=True, slots=True)
class Trial:
    """A network that does nothing but multiply.

    Attributes:
        channels: of its convolutions.
        layers: how many.
        side: of the pictures in pixels.
        kernel: side of the kernels; at 1 they are products of matrices.
        batch: pictures at once.
    """

    channels: int
    layers: int
    side: int
    kernel: int
    batch: int


CPU = (Trial(512, 4, 32, 3, 1), Trial(1024, 4, 64, 1, 1))
"""10 and 17 GMAC."""
CARD = (Trial(1024, 12, 64, 3, 4), Trial(4096, 12, 64, 1, 4))
"""1.9 and 3.3 TMAC."""
RUNS = 5


def device_peak(provider: str, runs: int = RUNS) -> Figures:
    """Return the best rate in FLOP/s, by the clock and by CPU time, and which trial reached it.

    It is measured in a process of its own.

    Args:
        provider: as the product calls it.
        runs: of each trial, of which the best counts.

    Raises:
        JobFailedError: the provider could not do it.
    """
    command = [sys.executable, "-m", "benchmarks.speed.peak", provider, str(runs)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise JobFailedError(last_words(done.stderr))
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the figures as JSON."""
    provider, runs = arguments[0], int(arguments[1])
    rates = {
        _name(trial): _rates(trial, provider, runs) for trial in (CPU if provider in ("cpu", "openvino") else CARD)
    }
    wall, cpu = (max(each) for each in zip(*rates.values(), strict=True))
    trials = {name: by_wall for name, (by_wall, _) in rates.items()}
    print(json.dumps({"provider": provider, "flops": wall, "flops_cpu": cpu, "trials": trials}))
    return 0


def _name(trial: Trial) -> str:
    return f"{trial.kernel}x{trial.kernel} convolutions of {trial.channels} channels"


def _rates(trial: Trial, provider: str, runs: int) -> tuple[float, float]:
    """Return the FLOP/s of the fastest run, and those of a second of CPU time of the one that took least of it."""
    from facefusion.inference.contract import Contract, TensorSpec  # noqa: PLC0415
    from facefusion.inference.execution import Execution  # noqa: PLC0415
    from facefusion.inference.session import Session  # noqa: PLC0415
    from facefusion.options import RuntimeOptions  # noqa: PLC0415

    content = multiplier(trial.channels, trial.layers, side=trial.side, kernel=trial.kernel)
    shape = ("batch", 3, trial.side, trial.side)
    contract = Contract(inputs=(TensorSpec("target", shape),), outputs=(TensorSpec("output", shape),))
    pictures = np.random.default_rng(0).random((trial.batch, 3, trial.side, trial.side), np.float32)
    walls, cpus = [], []
    with tempfile.TemporaryDirectory() as folder:
        execution = replace(Execution.of(RuntimeOptions(execution_providers=(provider,))), cache=Path(folder))
        session = Session(lambda: content, execution, contract=contract)
        for _ in range(runs):
            start, cpu = time.perf_counter(), time.process_time()
            session.run(pictures)
            walls.append(time.perf_counter() - start)
            cpus.append(time.process_time() - cpu)
    flops = 2 * count_macs(content, {"target": pictures.shape})
    return flops / min(walls), flops / max(min(cpus), 1e-6)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
