"""Contracts: what a family of networks takes and gives, and which tensors of a file are meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from facefusion.errors import ModelUnfitError
from facefusion.inference.graph import Dimension, Graph, TensorInfo

BATCH: Final = "batch"
OF_A_BATCH: Final = ((BATCH,), ("...",))
"""How the shapes of outputs begin that hold something of each item."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A tensor that a family takes or gives.

    Attributes:
        name: how the family's adapter calls it.
        shape: a size, or the name of one that may be any; one name is one size throughout the contract. `batch` is the
            number of things that are worked on at once; `...` stands for any number of sizes, also none.
        aliases: names that files give it, beside `name`.
        dtype: NumPy's name of the element type that the adapter uses; a file may have another floating type.
        is_optional: whether there are files without it.
    """

    name: str
    shape: tuple[int | str, ...]
    aliases: tuple[str, ...] = ()
    dtype: str = "float32"
    is_optional: bool = False

    def __str__(self) -> str:
        """Name and shape, as messages show them."""
        return f"{self.name} [{','.join(map(str, self.shape))}]"


@dataclass(frozen=True, slots=True)
class Contract:
    """What the networks of a family take and give.

    Attributes:
        inputs: in the order in which files have them.
        outputs: in the order in which files have them; a file may have more.
        constants: tensors within the file that the adapter works with itself; of several of one shape the last.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    constants: tuple[TensorSpec, ...] = ()

    def bind(self, graph: Graph, name: str) -> Binding:
        """Find the tensors of a file: by name where the name is there, else by position and shape.

        Args:
            graph: what the file takes and gives.
            name: of the model, for messages.

        Raises:
            ModelUnfitError: the file has no such tensor, or one too many; the message says what it has.
        """
        inputs = _match(self.inputs, graph.inputs, name, "input")
        outputs = _match(self.outputs, graph.outputs, name, "output")
        left = [tensor for tensor in graph.inputs if tensor not in inputs.values()]
        if left:
            raise ModelUnfitError(
                f"Model {name} has an input that its family does not know: {left[0]}", _knows(self.inputs)
            )
        return Binding(inputs, outputs, {spec.name: _constant(spec, graph, name) for spec in self.constants})

    def check_output(self, name: str, shape: tuple[int, ...], model: str, count: int | None = None) -> None:
        """Make sure that an output has the sizes that the family wants; not every file says them beforehand.

        Args:
            name: of the output, as the adapter calls it.
            shape: its sizes.
            model: its name, for messages.
            count: how many items went in; None where no input has a batch.

        Raises:
            ModelUnfitError: it has others.
        """
        spec = next(spec for spec in self.outputs if spec.name == name)
        is_number = not shape and "..." in spec.shape
        is_short = spec.shape[:1] == (BATCH,) and count is not None and shape[:1] != (count,)
        if not is_number and (is_short or not _fits_sizes(spec.shape, shape)):
            raise ModelUnfitError(
                f"Model {model} gave {name} [{','.join(map(str, shape))}], where its family wants {spec}",
                "It is of another family, or its entry has the wrong settings",
            )


@dataclass(frozen=True, slots=True)
class Binding:
    """Which tensors of a file are meant.

    Attributes:
        inputs: tensors of the file by the name that the adapter uses.
        outputs: likewise.
        constants: tensors within the file by the name that the adapter uses; floating ones as float32.
    """

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    constants: Mapping[str, npt.NDArray[Any]]


def _constant(spec: TensorSpec, graph: Graph, name: str) -> npt.NDArray[Any]:
    found = graph.constants(tuple(side for side in spec.shape if isinstance(side, int)))
    if not found:
        raise ModelUnfitError(f"Model {name} holds no tensor {spec}", "It is of another family, or was cut down")
    return np.ascontiguousarray(found[-1], np.float32 if found[-1].dtype.kind == "f" else None)


def _match(specs: Sequence[TensorSpec], tensors: Sequence[TensorInfo], name: str, side: str) -> dict[str, TensorInfo]:
    found: dict[str, TensorInfo] = {}
    for spec in specs:
        named = [tensor for tensor in tensors if tensor.name in (spec.name, *spec.aliases)]
        if named:
            if not _fits(spec, named[0]):
                raise ModelUnfitError(f"Model {name}: {side} {named[0]} does not fit", f"Its family wants {spec}")
            found[spec.name] = named[0]
    for spec in specs:
        rest = [tensor for tensor in tensors if tensor not in found.values() and _fits(spec, tensor)]
        if spec.name not in found and rest:
            found[spec.name] = rest[0]
        if spec.name not in found and not spec.is_optional:
            has = "; ".join(map(str, tensors)) or "none"
            raise ModelUnfitError(f"Model {name} has no {side} {spec}; it has {has}", "It is of another family")
    return {spec.name: found[spec.name] for spec in specs if spec.name in found}


def _fits(spec: TensorSpec, tensor: TensorInfo) -> bool:
    is_floating = spec.dtype.startswith("float")
    if tensor.dtype != spec.dtype and not (is_floating and tensor.dtype.startswith("float")):
        return False
    if not tensor.shape:  # an output of which the file does not say
        return True
    return _fits_sizes(spec.shape, tensor.shape)


def _fits_sizes(wanted: Sequence[int | str], there: Sequence[Dimension]) -> bool:
    if "..." in wanted:
        cut = wanted.index("...")
        head, tail = wanted[:cut], wanted[cut + 1 :]
        long_enough = len(there) >= len(head) + len(tail)
        ends = there[len(there) - len(tail) :]
        return long_enough and all(map(_same, head, there)) and all(map(_same, tail, ends))
    return len(wanted) == len(there) and all(map(_same, wanted, there))


def _same(wanted: int | str, there: Dimension) -> bool:
    return not isinstance(wanted, int) or not isinstance(there, int) or wanted == there


def _knows(specs: Sequence[TensorSpec]) -> str:
    return f"It knows {', '.join(map(str, specs))}"
