"""Which graphics cards a worker process sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from facefusion.options import Options

_VARIABLE: Final = "CUDA_VISIBLE_DEVICES"


def visible(devices: Sequence[str]) -> Mapping[str, str]:
    """Return the variables by which a process sees some cards alone; none where it sees all.

    Args:
        devices: numbers, UUIDs or MIG identifiers.
    """
    return {_VARIABLE: ",".join(devices)} if devices else {}


def device_shares(devices: Sequence[str], workers: int) -> list[tuple[str, ...]]:
    """Share out graphics cards among workers: each gets one in turn, or several where there are more of them."""
    if not devices:
        return [()] * workers
    if workers >= len(devices):
        return [(devices[number % len(devices)],) for number in range(workers)]
    return [tuple(devices[number::workers]) for number in range(workers)]


def with_devices(options: Options, share: Sequence[str]) -> Options:
    """Return options under which a process that sees some cards alone uses all of them."""
    if len(share) < 2:
        return options
    runtime = options.runtime.model_copy(update={"execution_device_id": tuple(range(len(share)))})
    return options.model_copy(update={"runtime": runtime})
