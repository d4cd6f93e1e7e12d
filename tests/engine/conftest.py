from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from facefusion.engine.run import Result, run
from facefusion.engine.warm.parts import WarmParts
from facefusion.options import Options
from material import CAPTAIN


@pytest.fixture
def job(moving_portrait, quiet_place, warm):
    """Run a job: by default the captain's face into the moving portrait, `out.mp4`; all can be given otherwise."""
    return _running(moving_portrait, warm)


@pytest.fixture
def cold_job(moving_portrait, quiet_place):
    """As `job`, with nothing that others have loaded."""
    return _running(moving_portrait, None)


def _running(moving_portrait: Path, warm: WarmParts | None) -> Callable[..., Result]:
    def start(hooks: dict | None = None, **values) -> Result:
        basics = {"target_path": moving_portrait, "output_path": "out.mp4"}
        if values.get("processors") != ():
            basics["source_paths"] = CAPTAIN
        return run(Options.parse(basics | values), warm=warm, **(hooks or {}))

    return start


@pytest.fixture
def only_file(quiet_place):
    """Names of all files in the working directory, hidden ones too."""
    return lambda: sorted(path.name for path in Path.cwd().iterdir())


@pytest.fixture
def ctrl_c():
    """Let Ctrl-C interrupt, also where the tests were started in the background by a shell that ignores it there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
