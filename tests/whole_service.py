"""The whole service as people begin it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def serving(folder: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Have `python server.py` run in a place of its own; yield it with its address."""
    environment = os.environ | {"FACEFUSION_TRUST_DIR": str(folder / "trust"), "FACEFUSION_ACKNOWLEDGE": "1"}
    environment |= {"FACEFUSION_JOBS_DATABASE": str(folder / "jobs.db"), "FACEFUSION_SCRATCH_DIR": str(folder / "on")}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "server.py"), "--port", "0", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert "://127.0.0.1:" in address, process.communicate(timeout=30)
        yield process, address
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
