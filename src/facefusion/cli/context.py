"""What a command is handed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from facefusion.cli.terminal import Terminal
from facefusion.engine.notes import NoteListener
from facefusion.engine.progress import ProgressListener
from facefusion.options import Options

if TYPE_CHECKING:
    import httpx

    from facefusion.engine.run import Result
    from facefusion.engine.warm.parts import WarmParts


class Runner(Protocol):
    """Does one job; `facefusion.engine.run.run` is the one people get."""

    def __call__(
        self,
        options: Options,
        *,
        progress: ProgressListener | None = None,
        cancel: threading.Event | None = None,
        notify: NoteListener | None = None,
        warm: WarmParts | None = None,
    ) -> Result:
        """Edit the faces as `options` say."""


@dataclass(frozen=True, slots=True)
class Context:
    """Surroundings of a command.

    Attributes:
        terminal: where it writes.
        runner: returns what does the job; called late, because the engine takes long to import.
        transport: what carries requests for weights; the network when None.
    """

    terminal: Terminal
    runner: Callable[[], Runner]
    transport: httpx.BaseTransport | None = None
