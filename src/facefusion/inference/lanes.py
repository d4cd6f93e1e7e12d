"""Lanes: the cards on which a network runs side by side, and what becomes of those that fail."""

from __future__ import annotations

import threading
from dataclasses import replace

from facefusion.inference.execution import Execution
from facefusion.inference.providers import CPU, Device
from facefusion.inference.runner import Fallback


class Lanes:
    """The ways in which one network can be run, one for each card.

    Each way is a chain of devices, at whose end is the CPU. Where there are several, one whose card fails is left out
    and the others do its work; the CPU takes over from the last.

    Args:
        execution: how networks shall run.
        fallback: what became of devices so far.
    """

    def __init__(self, execution: Execution, fallback: Fallback) -> None:
        self._lanes = list(execution.lanes)
        self._fallback = fallback
        self._lock = threading.RLock()

    @property
    def first(self) -> Execution:
        """The one to take where one is enough."""
        return self.left()[0]

    def left(self) -> list[Execution]:
        """Return those whose cards are at work; the last of all where none is."""
        with self._lock:
            return [lane for lane in self._lanes if self.device(lane) != CPU] or self._lanes[-1:]

    def device(self, lane: Execution) -> Device:
        """Return the first device of a lane that was not given up."""
        return (*self._fallback.remaining(lane.devices), CPU)[0]

    def give_up(self, lane: Execution, device: Device, problem: str) -> None:
        """Use a device no more, for no network; errors as of `Fallback.give_up`."""
        with self._lock:
            self._fallback.give_up(device, problem, has_others=self._has_others(lane))

    def pass_over(self, lane: Execution, device: Device, problem: str) -> None:
        """Do not use a device for this network; errors as of `Fallback.give_up`."""
        with self._lock:
            has_others = self._has_others(lane)
            self._fallback.pass_over(device, problem, has_others=has_others)
            left = [each for each in self._lanes if each != lane]
            if not has_others:
                left.append(replace(lane, devices=tuple(each for each in lane.devices if each != device)))
            self._lanes = left

    def _has_others(self, lane: Execution) -> bool:
        return any(each != lane for each in self.left())
