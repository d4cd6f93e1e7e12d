"""Figures of the machine: processor, memory, disks, and graphics cards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from facefusion.telemetry import catalogue
from facefusion.telemetry.cards import Cards, CardUse
from facefusion.telemetry.exposition import Figure
from facefusion.telemetry.machine import Machine
from facefusion.telemetry.spec import Metric


@dataclass(frozen=True, slots=True)
class MachineFigures:
    """Gives figures of the machine that a process runs on.

    Attributes:
        folders: whose disks are told of, by what they are for.
        machine: processor and memory.
        cards: graphics cards.
        name: of this source.
    """

    folders: Mapping[str, Path]
    machine: Machine = field(default_factory=Machine)
    cards: Cards = field(default_factory=Cards)
    name: str = "machine"

    def figures(self) -> Iterator[Figure]:
        """Yield them, as they are now."""
        seen = self.machine.look()
        yield Figure(catalogue.CORES, {(): seen.cores})
        yield Figure(catalogue.MEMORY, {(): seen.memory})
        yield Figure(catalogue.MEMORY_USED, {(): seen.memory_used})
        if seen.busy is not None:
            yield Figure(catalogue.CPU_BUSY, {(): seen.busy})
        yield from self._disks()
        yield from _cards(self.cards.look())

    def _disks(self) -> Iterator[Figure]:
        """Yield how much room there is; a folder that is not there yet tells of nothing."""
        found = {name: shutil.disk_usage(path) for name, path in self.folders.items() if path.exists()}
        yield Figure(catalogue.DISK, {(name,): use.total for name, use in found.items()})
        yield Figure(catalogue.DISK_FREE, {(name,): use.free for name, use in found.items()})


def _cards(cards: tuple[CardUse, ...]) -> Iterator[Figure]:
    yield Figure(catalogue.DEVICE_INFO, {(str(card.number), card.name): 1.0 for card in cards})
    told: tuple[tuple[Metric, str], ...] = (
        (catalogue.DEVICE_BUSY, "busy"),
        (catalogue.DEVICE_MEMORY, "memory"),
        (catalogue.DEVICE_MEMORY_USED, "memory_used"),
        (catalogue.DEVICE_TEMPERATURE, "temperature"),
    )
    for metric, name in told:
        values = {(str(card.number),): getattr(card, name) for card in cards}
        yield Figure(metric, {labels: float(value) for labels, value in values.items() if value is not None})
