"""Whether a file takes batches, or can be made to: tried once, and remembered."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from facefusion.errors import ModelUnfitError
from facefusion.inference.batching import AS_IT_IS, WAYS
from facefusion.inference.contract import BATCH, OF_A_BATCH, Binding, Contract
from facefusion.inference.graph import TensorInfo
from facefusion.inference.runner import DeviceFullError, RunFailedError
from facefusion.inference.runtime import onnxruntime

ITEMS: Final = 3
"""Size of the batch that is tried."""
TOLERANCE: Final = 1e-3
"""How far an item of a batch may be from the same item alone, as a share of the largest value of the output, or of 1
where that is smaller."""
_VERSION = 2
_UNSAID = 128
"""Size in place of one that is given at run time."""
_NO_WAY = "none"
_CANNOT = (ModelUnfitError, RunFailedError)

Tensors = Mapping[str, npt.NDArray[Any]]
Runs = Callable[[Tensors], list[npt.NDArray[Any]]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial is made with.

    Attributes:
        contract: what the family takes and gives.
        binding: which tensors of the file are meant.
        original: opens the file as it is.
        changed: opens it, changed in one of the ways, or as it is.
        ways: those that are tried, in this order.
    """

    contract: Contract
    binding: Binding
    original: Callable[[], Runs]
    changed: Callable[[str], Runs]
    ways: tuple[str, ...] = WAYS

    def way(self) -> str | None:
        """Return the first way in which each item of a batch comes out as it does alone; None where there is none."""
        feeds = seeded(self.contract, self.binding)
        try:
            original = self.original()
            alone = [original(_item(self.contract, self.binding, feeds, at)) for at in range(ITEMS)]
            del original
        except _CANNOT:  # it does not run with such values: nothing can be said
            return None
        return next((way for way in self.ways if self._agrees(way, feeds, alone)), None)

    def _agrees(self, way: str, feeds: Tensors, alone: list[list[npt.NDArray[Any]]]) -> bool:
        try:
            together = self.changed(way)(feeds)
        except _CANNOT:
            return False
        specs = {spec.name: spec for spec in self.contract.outputs}
        for place, name in enumerate(self.binding.outputs):
            begin, values = specs[name].shape[:1], np.atleast_1d(together[place])
            if begin not in OF_A_BATCH:
                continue
            if begin == (BATCH,) and len(values) != ITEMS:
                return False
            expected = np.concatenate([np.atleast_1d(item[place]) for item in alone])
            if expected.shape != values.shape or not _is_near(expected, values):
                return False
        return True


class Verdicts:
    """Remembers in which way a file takes batches.

    Args:
        folder: where; nothing is kept where it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "batching"

    def way(self, small: bytes, trial: Trial) -> str | None:
        """Return the way for a file: what is remembered, else what a trial shows.

        Args:
            small: the file without its large tensors, by which it is known: what they hold decides nothing here.
            trial: how it is tried.
        """
        text = f"{_VERSION} {onnxruntime.__version__} {TOLERANCE}".encode()
        path = self._folder / f"{hashlib.sha256(text + small).hexdigest()}.json"
        with suppress(OSError, ValueError):
            way = json.loads(path.read_text("utf-8"))
            if way in (AS_IT_IS, *WAYS, _NO_WAY):
                return None if way == _NO_WAY else str(way)
        try:
            found = trial.way()
        except DeviceFullError:  # which says nothing of the file
            return None
        with suppress(OSError):
            _write(path, json.dumps(found or _NO_WAY))
        return found


def seeded(contract: Contract, binding: Binding) -> dict[str, npt.NDArray[Any]]:
    """Return a batch of seeded random values for the inputs of a file, by its own names."""
    random = np.random.default_rng(0)
    has_batch = {spec.name for spec in contract.inputs if spec.shape[:1] == (BATCH,)}
    return {info.name: _values(random, info, is_batched=name in has_batch) for name, info in binding.inputs.items()}


def _values(random: np.random.Generator, info: TensorInfo, *, is_batched: bool) -> npt.NDArray[Any]:
    shape = [size if isinstance(size, int) else _UNSAID for size in info.shape]
    if is_batched:
        shape[0] = ITEMS
    values = random.random(shape)  # nosec B311 - no secret
    return (values if info.dtype.startswith("float") else values > 0.5).astype(info.dtype)


def _item(contract: Contract, binding: Binding, feeds: Tensors, at: int) -> dict[str, npt.NDArray[Any]]:
    has_batch = {
        binding.inputs[spec.name].name
        for spec in contract.inputs
        if spec.name in binding.inputs and spec.shape[:1] == (BATCH,)
    }
    return {name: value[at : at + 1] if name in has_batch else value for name, value in feeds.items()}


def _is_near(expected: npt.NDArray[Any], values: npt.NDArray[Any]) -> bool:
    if expected.dtype.kind != "f":
        return bool((expected == values).all())
    scale = max(1.0, float(np.abs(expected.astype(np.float64)).max(initial=0)))
    with np.errstate(invalid="ignore"):  # infinite values are near to none; running the network tells of them
        return bool(np.abs(expected.astype(np.float64) - values).max(initial=0) <= TOLERANCE * scale)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(path)
