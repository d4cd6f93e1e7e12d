"""What a process of the service knows of itself and its machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from facefusion.service.system.history import History
from facefusion.telemetry.cards import Cards
from facefusion.telemetry.machine import Machine


@dataclass(frozen=True, slots=True, eq=False)
class SystemWatch:
    """Looks at the machine, and remembers.

    Attributes:
        began: when the process began.
        history: samples of the last hours; empty where nobody takes any.
        machine: on which it runs.
        cards: of that machine.
        folders: whose disks are told of, by what they are for.
    """

    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    history: History = field(default_factory=History)
    machine: Machine = field(default_factory=Machine)
    cards: Cards = field(default_factory=Cards)
    folders: Mapping[str, Path] = field(default_factory=dict)
