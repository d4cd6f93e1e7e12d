"""The memory of the graphics card, by NVIDIA's own library where it is installed and a card is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class DeviceMemory:
    """Remembers how much memory of the first card was taken at most, beyond what was taken at the start.

    Attributes:
        peak: bytes; None where there is no card, or no `nvidia-ml-py` to ask it.
    """

    def __init__(self) -> None:
        self._used = _reader()
        self._before = 0 if self._used is None else self._used()
        self.peak: int | None = None if self._used is None else 0

    def look(self) -> None:
        """Look once."""
        if self._used is not None and self.peak is not None:
            self.peak = max(self.peak, self._used() - self._before)


def card_name() -> str | None:
    """Return what the first card is called; None where there is none that can be asked."""
    found = _card()
    return None if found is None else str(found[0].nvmlDeviceGetName(found[1]))


def _reader() -> Callable[[], int] | None:
    """Return what reads the bytes that are taken, if anything does."""
    found = _card()
    if found is None:
        return None
    library, card = found
    return lambda: int(library.nvmlDeviceGetMemoryInfo(card).used)


def _card() -> tuple[Any, Any] | None:
    """Return NVIDIA's library and the first card."""
    try:
        import pynvml  # noqa: PLC0415
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        return pynvml, pynvml.nvmlDeviceGetHandleByIndex(0)
    except pynvml.NVMLError:
        return None
