"""What a command is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facefusion.cli.terminal import Terminal

if TYPE_CHECKING:
    import httpx

    from facefusion.engine.run import Runner


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
