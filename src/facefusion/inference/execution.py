"""How networks shall run: devices, precision, threads and where what was compiled is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import platformdirs

from facefusion.errors import ProviderError
from facefusion.inference.device_memory import device_memory
from facefusion.inference.machine import GIB, has_bf16, usable_cores
from facefusion.inference.provider_options import Request
from facefusion.inference.providers import CPU, Device, resolve_providers
from facefusion.options import Precision, RuntimeOptions


def cache_folder() -> Path:
    """Return the folder for what can be made again; it need not be there."""
    return platformdirs.user_cache_path("facefusion", appauthor=False)


@dataclass(frozen=True, slots=True)
class Execution:
    """How networks shall run.

    Attributes:
        devices: in order of preference, the CPU last.
        beside: such devices of further cards, which work side by side with the first.
        memory: bytes of memory that a job may take of every card; None where there is no card, or it is not known.
        limit: the same, where the options set it, which cards are then held to.
        may_fall_back: whether the CPU takes over where another device fails: it was left to us, or the CPU was named.
        precision: as the options have it.
        threads: threads of a network on the CPU.
        cache: folder for verdicts, engines and the like.
    """

    devices: tuple[Device, ...] = (CPU,)
    may_fall_back: bool = True
    precision: Precision = "auto"
    threads: int = 1
    cache: Path = field(default_factory=cache_folder)
    beside: tuple[tuple[Device, ...], ...] = ()
    memory: int | None = None
    limit: int | None = None

    @classmethod
    def of(cls, options: RuntimeOptions) -> Self:
        """Return what the options ask for.

        Raises:
            ProviderError: a provider is not there, or cannot compute in the precision asked for.
        """
        names = options.execution_providers
        devices, *beside = _chains(names, options.execution_device_id)
        _check_precision(devices[0], options.execution_precision)
        limit = None if options.max_device_memory is None else int(options.max_device_memory * GIB)
        return cls(
            devices=devices,
            may_fall_back=bool({"auto", "cpu"} & set(names)),
            precision=options.execution_precision,
            threads=options.execution_thread_count or usable_cores(),
            cache=cache_folder(),
            beside=tuple(beside),
            memory=_least_memory([chain[0] for chain in (devices, *beside)], limit),
            limit=limit if devices[0].provider.memory == "cuda" else None,
        )

    @property
    def lanes(self) -> tuple[Execution, ...]:
        """How networks run on each of several cards; one where there is one."""
        return tuple(replace(self, devices=devices, beside=()) for devices in (self.devices, *self.beside))

    @property
    def work(self) -> int:
        """Bytes that the values within a network may take at one time: a quarter of a card, or 1 GiB."""
        return GIB if self.memory is None else max(GIB // 4, self.memory // 4)

    @property
    def frames_at_once(self) -> int:
        """How many frames it is best to work on together.

        On the CPU a batch saves little more than calls. A card has room for one to a GiB, from 4 on; beyond 16 there is
        little to gain, and the frames that wait take memory.
        """
        if not gains_by_batches(self.devices[0]):
            return 2
        each = 4 if self.memory is None else min(16, max(4, self.memory // GIB))
        return each * len(self.lanes)

    def room(self, device: Device) -> int:
        """Return how many networks may compute on a device at a time: on the CPU, as many as find cores."""
        return max(1, usable_cores() // self.threads) if device == CPU else 1

    def request(
        self, device: Device, *, is_exact: bool, threads: int, profile: tuple[str, str, str] | None = None
    ) -> Request:
        """Return how a network shall run on one of the devices.

        Args:
            device: the device.
            is_exact: whether the network measures, so that it is computed in fp32.
            threads: threads on the CPU.
            profile: see `Request`.
        """
        precision = "fp32" if is_exact else _precision(device, self.precision)
        return Request(precision, is_exact or self.precision == "fp32", threads, self.cache, profile, self.limit)


def _chains(names: Sequence[str], numbers: Sequence[int]) -> list[tuple[Device, ...]]:
    """Return the devices, in order of preference, for each number of a card; once where they are the same."""
    return list(dict.fromkeys(tuple(resolve_providers(names, number)) for number in numbers))


def gains_by_batches(device: Device) -> bool:
    """Whether a device computes items faster in batches of several jobs: a processor saves little more than calls."""
    return not (_is_processor(device) or device.provider.is_static)


def _is_processor(device: Device) -> bool:
    """Whether a device is the CPU, whoever computes on it."""
    return device == CPU or (device.provider.name == "openvino" and device.id == "cpu")


def _least_memory(devices: Sequence[Device], limit: int | None) -> int | None:
    """Return the bytes of memory that each of some devices may give; None where that is not known of all."""
    known = [device_memory(device) for device in devices]
    if limit is not None and all(device.provider.memory == "cuda" for device in devices):
        known = [limit if size is None else min(size, limit) for size in known]
    sizes = [size for size in known if size is not None]
    return min(sizes) if len(sizes) == len(known) else None


def _precision(device: Device, wanted: Precision) -> str:
    can = device.provider.precisions
    if wanted != "auto":
        return wanted if wanted in can else "fp32"
    if _is_processor(device) and "bf16" in can:
        return "bf16" if has_bf16() else "fp32"
    return "fp16" if "fp16" in can and device.provider.name != "migraphx" else "fp32"


def _check_precision(device: Device, wanted: Precision) -> None:
    """Make sure that the device that comes first computes in the precision that was asked for.

    Raises:
        ProviderError: it does not.
    """
    can = device.provider.precisions
    if _is_processor(device) and "bf16" in can:
        can = ("fp32", "bf16") if has_bf16() else ("fp32",)
    if wanted not in ("auto", *can):
        raise ProviderError(
            f"Execution provider {str(device)!r} does not compute in {wanted} here",
            f"Use --execution-precision {' or '.join(('auto', *can))}",
        )
