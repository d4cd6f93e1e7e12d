"""The file of a model: what it takes and gives, and how it is handed to the runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy.typing as npt

from facefusion.inference.batching import AS_IT_IS, BATCH, WAYS, make_dynamic
from facefusion.inference.contract import Binding, Contract
from facefusion.inference.execution import Execution
from facefusion.inference.graph import describe, parse
from facefusion.inference.runner import Fallback, Runner, Wish, open_runner
from facefusion.inference.safety import check_start
from facefusion.inference.source import ChangedFile, Source
from facefusion.inference.verdict import Runs, Trial, Verdicts
from facefusion.inference.weights import opened, outline, tensors_of_shape

_WITHIN: Final = 80
"""How many times more bytes the values within a network take than its largest input or output, as a rule of thumb:
GFPGAN holds four arrays of 64 channels for its three."""


def items_in_memory(binding: Binding | None, work: int, item: int = 0) -> int:
    """Return how many items may be computed at once, at least 1.

    Args:
        binding: the tensors of the file, whose sizes count as far as they are said.
        work: bytes that the values within a network may take at one time.
        item: bytes that an item has by its input; counts where that is more.
    """
    tensors = (*binding.inputs.values(), *binding.outputs.values()) if binding else ()
    said = (4 * prod(size for size in each.shape[1:] if isinstance(size, int)) for each in tensors)
    return max(1, work // (_WITHIN * max(1, item, *said)))


class ModelFile:
    """An ONNX file, bound to the contract of its family, and made to take batches where it can be.

    Args:
        weights: returns the file.
        execution: how it will run.
        contract: what its family takes and gives; None for a bundled network, which is taken as it is.
        name: of the model, for messages.
        is_static: whether batches are of one item whatever the file takes.

    Attributes:
        binding: which tensors of the file are meant; None without a contract.
        size: bytes of its weights where they are computed: those of half precision are converted when they are loaded.

    Raises:
        ModelUnsafeError: the file is something that is never loaded.
        ModelUnfitError: it does not fit the contract.
    """

    def __init__(
        self,
        weights: Callable[[], Path | bytes],
        execution: Execution,
        contract: Contract | None,
        name: str,
        *,
        is_static: bool,
    ) -> None:
        self._weights = weights
        self._execution = execution
        self._name = name
        self._changed: bytes | None = None
        self.binding: Binding | None = None
        file = weights()
        self.size = len(file) if isinstance(file, bytes) else file.stat().st_size
        self.takes_batches = contract is None
        if contract is not None:
            self._inspect(file, contract, is_static=is_static)

    @property
    def identity(self) -> Hashable:
        """What tells this file, as it is run, from others: the place and state of a file, or its bytes."""
        file = self._weights()
        if isinstance(file, bytes):
            return hashlib.sha256(file).digest(), self._changed
        state = file.stat()
        return file.resolve(), state.st_size, state.st_mtime_ns, state.st_ino, self._changed

    @property
    def batch_names(self) -> tuple[str, ...]:
        """What the file calls the size of a batch."""
        infos = self.binding.inputs.values() if self.binding else ()
        return tuple(
            dict.fromkeys(str(info.shape[0]) for info in infos if info.shape and isinstance(info.shape[0], str))
        )

    def profile(self, most: int) -> tuple[str, str, str] | None:
        """Return the sizes of the inputs, least, usual and most, as TensorRT wants them; None where they are not said.

        Args:
            most: items in a batch.
        """
        infos = list(self.binding.inputs.values()) if self.binding and self.takes_batches else []
        varying = [info for info in infos if not isinstance(info.shape[0] if info.shape else 1, int) or self._changed]
        if not varying or any(not isinstance(size, int) for info in varying for size in info.shape[1:]):
            return None

        def sizes(count: int) -> str:
            return ",".join(f"{info.name}:{'x'.join(map(str, (count, *info.shape[1:])))}" for info in varying)

        return sizes(1), sizes(most), sizes(most)

    def source(self) -> Source:
        """Return what the runtime loads: the file, or the changed graph around the file's tensors."""
        file = self._weights()
        return file if self._changed is None else ChangedFile(self._changed, file, self._name)

    def _inspect(self, file: Path | bytes, contract: Contract, *, is_static: bool) -> None:
        with opened(file) as content:
            check_start(content, self._name)
            parts = outline(content, self._name)
            self.size += sum(tensor.end - tensor.start for tensor in parts.large if tensor.is_half)
            model = parse(parts.small, self._name)
            large = partial(tensors_of_shape, content, parts.large)
            self.binding = contract.bind(describe(model, self._name, parts.names, large), self._name)
            inputs, outputs = _batched(contract, self.binding)
            if is_static or not inputs or items_in_memory(self.binding, self._execution.work) == 1:
                return

            def change(way: str) -> bytes:
                changed = parse(parts.small, self._name)
                make_dynamic(changed, inputs, outputs, way)
                return bytes(changed.SerializeToString())

            trial = Trial(
                contract,
                self.binding,
                original=lambda: self._runs(file),
                changed=lambda way: self._runs(file if way == AS_IT_IS else ChangedFile(change(way), file, self._name)),
                ways=WAYS if any(isinstance(size, int) for size in inputs.values()) else (AS_IT_IS, *WAYS),
            )
            way = Verdicts(self._execution.cache).way(parts.small, trial)
            self.takes_batches = way is not None
            if way not in (None, AS_IT_IS):
                self._changed = change(str(way))

    def _runs(self, source: Source) -> Runs:
        """Open the file on the CPU, where what comes out does not depend on how it is computed."""
        execution = Execution(threads=self._execution.threads, cache=self._execution.cache)
        runner: Runner = open_runner(source, execution, Fallback(), Wish(self._name))
        binding = self.binding
        assert binding is not None
        outputs = [info.name for info in binding.outputs.values()]

        def run(feeds: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
            return runner.run(outputs, feeds)

        return run


def _batched(contract: Contract, binding: Binding) -> tuple[dict[str, Any], list[str]]:
    """Return the inputs that have a batch, with its size, and the outputs, by the file's names."""
    inputs = {
        binding.inputs[spec.name].name: binding.inputs[spec.name].shape[0]
        for spec in contract.inputs
        if spec.shape[:1] == (BATCH,) and spec.name in binding.inputs and binding.inputs[spec.name].shape
    }
    outputs = [
        binding.outputs[spec.name].name
        for spec in contract.outputs
        if spec.shape[:1] == (BATCH,) and spec.name in binding.outputs
    ]
    return inputs, outputs
