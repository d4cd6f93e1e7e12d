from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from facefusion.cli.main import main
from facefusion.engine.notes import NoteListener
from facefusion.engine.progress import Progress, ProgressListener
from facefusion.engine.run import Result
from facefusion.options import Options


@dataclass
class FakeEngine:
    """Stands where the engine stands: remembers what it was asked and answers as told."""

    reports: Sequence[Progress] = ()
    error: BaseException | None = None
    faces: int = 12
    further_paths: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    asked: list[Options] = field(default_factory=list)
    during: Callable[[threading.Event], None] = lambda cancel: None

    def __call__(
        self, options: Options, *, progress: ProgressListener, cancel: threading.Event, notify: NoteListener
    ) -> Result:
        self.asked.append(options)
        for note in self.notes:
            notify(note)
        for report in self.reports:
            progress(report)
        self.during(cancel)
        if self.error:
            raise self.error
        assert options.output_path is not None
        return Result(
            options.output_path,
            "video",
            frames=10,
            faces=self.faces,
            seconds=0.5,
            stage_seconds={"decode": 0.25},
            notes=self.notes,
            further_paths=self.further_paths,
        )


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def facefusion(engine: FakeEngine, quiet_place: Path) -> Callable[..., int]:
    """Type a command line, with the fake engine behind `process`."""
    return lambda *argv: main(argv, runner=lambda: engine)
