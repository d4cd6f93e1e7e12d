"""A generated swapper at batches of several sizes, through the session that jobs use.

    python -m benchmarks.speed.sweep FILE PROVIDER SECONDS BATCH [BATCH ...]

Prints JSON: of each batch the seconds of one crop, copies to and from the device included.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common import ROOT, Figures, JobFailedError, last_words
from benchmarks.networks import IDENTITY

SECONDS = 2.0


def sweep(file: Path, provider: str, batches: Sequence[int], seconds: float = SECONDS) -> list[Figures]:
    """Return the seconds of one crop for each batch, measured in one process of its own.

    Args:
        file: a generated swapper.
        provider: as the product calls it.
        batches: sizes that are tried.
        seconds: how long each is repeated, at least three times.

    Raises:
        JobFailedError: the provider could not do it.
    """
    command = [sys.executable, "-m", "benchmarks.speed.sweep", str(file), provider, str(seconds), *map(str, batches)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise JobFailedError(last_words(done.stderr))
    figures: list[Figures] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the figures."""
    from facefusion.inference.contract import Contract, TensorSpec  # noqa: PLC0415
    from facefusion.inference.execution import Execution  # noqa: PLC0415
    from facefusion.inference.session import Session  # noqa: PLC0415
    from facefusion.options import RuntimeOptions  # noqa: PLC0415

    file, provider, seconds = Path(arguments[0]), arguments[1], float(arguments[2])
    batches = [int(text) for text in arguments[3:]]
    crops = ("batch", 3, 128, 128)
    contract = Contract(
        inputs=(TensorSpec("target", crops), TensorSpec("source", ("batch", IDENTITY))),
        outputs=(TensorSpec("output", crops),),
    )
    with tempfile.TemporaryDirectory() as folder:
        execution = replace(Execution.of(RuntimeOptions(execution_providers=(provider,))), cache=Path(folder))
        session = Session(lambda: file, execution, contract=contract, name=file.stem)
        print(json.dumps([_timed(session, batch, seconds) for batch in batches if batch <= max(1, session.best_batch)]))
    return 0


def _timed(session: object, batch: int, seconds: float) -> Figures:
    random = np.random.default_rng(0)
    feeds = {
        "target": random.random((batch, 3, 128, 128), np.float32),
        "source": random.standard_normal((batch, IDENTITY), np.float32),
    }
    times: list[float] = []
    session.run(feeds)  # type: ignore[attr-defined]
    while len(times) < 3 or sum(times) < seconds:
        start = time.perf_counter()
        session.run(feeds)  # type: ignore[attr-defined]
        times.append(time.perf_counter() - start)
    return {"batch": batch, "crop_s": float(np.median(times)) / batch}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
