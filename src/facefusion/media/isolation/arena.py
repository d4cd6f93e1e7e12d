"""Memory that two processes share, for samples that are too many for messages."""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_SAMPLE_BYTES: Final = 16  # of a pixel at most: four components of 32 bits
_ROOM: Final = 1 << 20  # for the padding of lines
_DIMENSIONS: Final = 3


class Arena:
    """A piece of shared memory, in slots of one size.

    It is reserved for the largest frames that are allowed, and takes as much as is written to it. Neither side can
    make it smaller, which would end the other one with an access error.

    Args:
        descriptor: of the memory; closed with this.
        slots: how many parts it has.

    Attributes:
        descriptor: for the other process.
        slots: as given.
        size: of all, in bytes.
    """

    def __init__(self, descriptor: int, slots: int) -> None:
        self.descriptor = descriptor
        self.slots = slots
        self.size = os.fstat(descriptor).st_size
        self._map = mmap.mmap(descriptor, self.size)

    @classmethod
    def make(cls, max_pixels: int, slots: int) -> Self:
        """Reserve memory for frames of up to so many pixels."""
        import fcntl  # noqa: PLC0415 - there is none on Windows, where nothing comes this far

        descriptor = os.memfd_create("samples", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, slots * (max_pixels * _SAMPLE_BYTES + _ROOM))
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        return cls(descriptor, slots)

    def slot(self, number: int) -> Bytes:
        """Return the bytes of one slot, writable."""
        size = self.size // self.slots
        return np.frombuffer(self._map, np.uint8, size, number * size)

    def put(self, arrays: Mapping[str, npt.NDArray[Any] | None]) -> dict[str, list[int]]:
        """Write arrays of uint8 or uint16 into the first slot, one after the other.

        Returns:
            bytes of a value and shape of each; those that are None are not there.

        Raises:
            ValueError: they do not fit.
        """
        slot, position, told = self.slot(0), 0, {}
        for name, values in arrays.items():
            if values is None:
                continue
            end = position + values.nbytes
            if end > slot.size:
                raise ValueError("the samples are too many")
            slot[position:end] = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
            told[name] = [values.itemsize, *values.shape]
            position = end
        return told

    def take(self, told: Mapping[str, Sequence[int]]) -> dict[str, npt.NDArray[Any]]:
        """Return copies of what `put` wrote.

        Raises:
            ValueError: there can be no such arrays.
        """
        slot, position, arrays = self.slot(0), 0, {}
        for name, (size, *shape) in told.items():
            if (
                size not in (1, 2)
                or not 1 <= len(shape) <= _DIMENSIONS
                or not all(1 <= side <= slot.size for side in shape)
            ):
                raise ValueError("no samples")
            end = position + size * math.prod(shape)
            if end > slot.size:
                raise ValueError("no samples")
            arrays[name] = slot[position:end].copy().view(f"u{size}").reshape(shape)
            position = end
        return arrays

    def close(self) -> None:
        """Let go of the memory; arrays on it stay valid."""
        os.close(self.descriptor)
