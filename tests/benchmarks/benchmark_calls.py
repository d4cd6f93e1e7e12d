"""Benchmarks are called as their commands call them, but in this process: to start one takes longer than most do."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from benchmarks.common import ROOT, command

ASSETS = Path(os.environ.get("FACEFUSION_TEST_ASSETS", ROOT.parent / "shared" / "assets"))
Done = subprocess.CompletedProcess[str]

needs_assets = pytest.mark.skipif(
    not ASSETS.is_dir(), reason=f"the test material is not in {ASSETS} (set FACEFUSION_TEST_ASSETS)"
)


def run(name: str, *arguments: object, **variables: str) -> Done:
    """Run a benchmark with a command line, and return what it printed and how it ended."""
    words, out, errors = [*map(str, arguments)], io.StringIO(), io.StringIO()
    main = importlib.import_module(f"benchmarks.{name}").main
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
        patch.chdir(ROOT)
        for variable, value in _environment(variables).items():
            patch.setenv(variable, value)
        with pytest.raises(SystemExit) as ended:
            command(lambda: int(main(words)))
    return subprocess.CompletedProcess(words, int(ended.value.code or 0), out.getvalue(), errors.getvalue())


def begun(name: str, *arguments: object, **variables: str) -> Done:
    """Run a benchmark in a process of its own, which it may bind to certain cores."""
    words = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    environment = os.environ | _environment(variables)
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def _environment(variables: dict[str, str]) -> dict[str, str]:
    return {"FACEFUSION_TEST_ASSETS": str(ASSETS), **variables}
