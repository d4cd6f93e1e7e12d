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


def _reader() -> Callable[[], int] | None:
    """Return what reads the bytes that are taken, if anything does."""
    try:
        import pynvml  # noqa: PLC0415
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        card: Any = pynvml.nvmlDeviceGetHandleByIndex(0)
    except pynvml.NVMLError:
        return None
    return lambda: int(pynvml.nvmlDeviceGetMemoryInfo(card).used)
