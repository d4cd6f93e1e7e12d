"""NVIDIA's graphics cards, as their driver tells of them (NVML); of others no driver tells alike."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CardUse:
    """How much of a graphics card is in use, by all programs of the machine.

    Attributes:
        number: by which the driver counts it.
        name: of the product.
        id: its UUID.
        memory: bytes; None where the driver does not tell.
        memory_used: bytes; None where the driver does not tell.
        busy: share of the last moment in which it computed, from 0 to 1; None where the driver does not tell, such as
            of a card that is cut into parts.
        temperature: in degrees Celsius; None where the driver does not tell.
    """

    number: int
    name: str
    id: str
    memory: int | None
    memory_used: int | None
    busy: float | None
    temperature: float | None = None


def _nvml() -> Any:
    import pynvml  # noqa: PLC0415 - only where somebody asks

    return pynvml


class Cards:
    """Looks at the cards of this machine. Safe to use from several threads.

    Args:
        load: returns the module that speaks to the driver.
    """

    def __init__(self, load: Callable[[], Any] = _nvml) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._module: Any = None
        self._is_without = False

    def look(self) -> tuple[CardUse, ...]:
        """Return how much of each card is in use; nothing where there is no driver or no card."""
        with self._lock:
            module = self._begun()
            if module is None:
                return ()
            try:
                count = module.nvmlDeviceGetCount()
                return tuple(_use(module, number) for number in range(count))
            except module.NVMLError:  # the driver went away, as it does when it is renewed
                self._module = None
                return ()

    def _begun(self) -> Any:
        """Return the module, with the driver open; None where there is none, of which nobody asks again."""
        if self._module is None and not self._is_without:
            module = self._load()
            try:
                module.nvmlInit()
            except module.NVMLError:
                self._is_without = True
                return None
            self._module = module
        return self._module


def _use(module: Any, number: int) -> CardUse:
    card = module.nvmlDeviceGetHandleByIndex(number)
    memory = _told(module, module.nvmlDeviceGetMemoryInfo, card)
    busy = _told(module, module.nvmlDeviceGetUtilizationRates, card)
    warmth = _told(module, lambda each: module.nvmlDeviceGetTemperature(each, module.NVML_TEMPERATURE_GPU), card)
    return CardUse(
        number,
        _text(_told(module, module.nvmlDeviceGetName, card)),
        _text(_told(module, module.nvmlDeviceGetUUID, card)),
        None if memory is None else int(memory.total),
        None if memory is None else int(memory.used),
        None if busy is None else busy.gpu / 100,
        None if warmth is None else float(warmth),
    )


def _told(module: Any, ask: Callable[[Any], Any], card: Any) -> Any:
    """Return what the driver says; None where it does not tell this of this card."""
    try:
        return ask(card)
    except module.NVMLError:
        return None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
