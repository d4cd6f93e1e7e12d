"""The file of a model: what it takes and gives, and how it is handed to the runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt

from facefusion.inference.batching import BATCH, make_dynamic
from facefusion.inference.contract import Binding, Contract
from facefusion.inference.execution import Execution
from facefusion.inference.graph import describe, parse
from facefusion.inference.runner import Fallback, Runner, Source, Wish, open_runner
from facefusion.inference.safety import check_start
from facefusion.inference.verdict import Runs, Trial, Verdicts
from facefusion.inference.weights import Outline, opened, outline, put_together, tensors_of_shape


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
        size: its bytes.

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

    @contextmanager
    def source(self) -> Iterator[Source]:
        """Give what the runtime loads: the file, or the changed graph around the file's tensors."""
        file = self._weights()
        if self._changed is None:
            yield file
            return
        with opened(file) as content:
            yield _Pieces(self._changed, content, outline(content, self._name))

    def _inspect(self, file: Path | bytes, contract: Contract, *, is_static: bool) -> None:
        with opened(file) as content:
            check_start(content, self._name)
            parts = outline(content, self._name)
            model = parse(parts.small, self._name)
            large = partial(tensors_of_shape, content, parts.large)
            self.binding = contract.bind(describe(model, self._name, parts.names, large), self._name)
            inputs, outputs = _batched(contract, self.binding)
            self.takes_batches = bool(inputs) and not any(inputs[name] == 1 for name in inputs) and not is_static
            if is_static or self.takes_batches or not inputs:
                return

            def change(way: str) -> bytes:
                changed = parse(parts.small, self._name)
                make_dynamic(changed, inputs, outputs, way)
                return bytes(changed.SerializeToString())

            trial = Trial(
                contract,
                self.binding,
                original=lambda: self._runs(file),
                changed=lambda way: self._runs(_Pieces(change(way), content, parts)),
            )
            way = Verdicts(self._execution.cache).way(parts.small, trial)
            if way is not None:
                self._changed = change(way)
                self.takes_batches = True

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


class _Pieces:
    """The pieces of a changed file, as often as they are wanted."""

    def __init__(self, small: bytes, content: Any, parts: Outline) -> None:
        self._small, self._content, self._parts = small, content, parts

    def __iter__(self) -> Iterator[bytes]:
        return put_together(self._small, self._content, self._parts.large)


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
