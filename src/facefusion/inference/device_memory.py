"""The memory of devices, where their driver tells it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from facefusion.inference.providers import Device


def device_memory(device: Device) -> int | None:
    """Return the bytes of memory that a device has of its own; None where it has none, or its driver does not tell."""
    return cuda_memory(int(device.id or 0)) if device.provider.memory == "cuda" else None


@cache
def cuda_memory(number: int, load: Callable[[str], Any] = ctypes.CDLL) -> int | None:
    """Ask NVIDIA's driver for the memory of a card, in bytes; None where there is no driver or no such card.

    Source: NVIDIA, "CUDA Driver API", device management.

    Args:
        number: of the card, as CUDA counts.
        load: loads a library by its name.
    """
    try:
        driver = load("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    card, size = ctypes.c_int(), ctypes.c_size_t()
    has_failed = (
        driver.cuInit(0)
        or driver.cuDeviceGet(ctypes.byref(card), number)
        or driver.cuDeviceTotalMem_v2(ctypes.byref(size), card)
    )
    return None if has_failed else size.value
