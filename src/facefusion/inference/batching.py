"""Files that fix their batch at 1, made to take any: the graph is changed, and the result held against the original.

Exporters bake the batch in at three places: in the shapes of inputs and outputs, in those noted for values in between,
and in the constants of `Reshape`, `Resize` and `Slice`. `Expand` and `Tile` keep a batch as they are: to them a 1 means
"as it comes". Whatever else depends on the batch shows when the result is run (`verdict.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

BATCH: Final = "batch"
WAYS: Final = ("all", "reshape")
"""What is changed beside the shapes: every constant that may hold a batch, or those of `Reshape` alone. A `Slice` of
the first axis may mean something else, so that the second way is tried where the first fails."""

_END: Final = np.iinfo(np.int64).max
_RESIZE_SIZES = 3


def make_dynamic(model: Any, inputs: Collection[str], outputs: Collection[str], way: str) -> None:
    """Change an `onnx.ModelProto` so that it takes a batch of any size.

    Args:
        model: without its large tensors; changed in place.
        inputs: names of the inputs that have a batch, which comes first.
        outputs: of the outputs.
        way: one of `WAYS`.
    """
    graph = model.graph
    for value in (*graph.input, *graph.output):
        shape = value.type.tensor_type.shape
        if value.name in (*inputs, *outputs) and shape.dim:
            shape.dim[0].Clear()
            shape.dim[0].dim_param = BATCH
    del graph.value_info[:]
    _Patch(model).apply(_dependent(graph, inputs), way)


class _Patch:
    """Changes constants of a graph; one that several nodes share is changed for the node alone."""

    def __init__(self, model: Any) -> None:
        self._graph = model.graph
        self._constants = dict(_constants(model.graph))
        self._added: list[tuple[int, Any]] = []

    def apply(self, dependent: Collection[str], way: str) -> None:
        kinds = {"Reshape": self._reshape}
        if way == "all":
            kinds |= {"Resize": self._resize, "Slice": self._slice}
        for place, node in enumerate(self._graph.node):
            if node.op_type in kinds and node.input[0] in dependent:
                kinds[node.op_type](node, place)
        self._insert()

    def _reshape(self, node: Any, place: int) -> None:
        shape = self._constants.get(node.input[1])
        if shape is None or not shape.size or shape[0] != 1:
            return
        # 0 copies the size that comes in; -1 also serves where batch and something else came in as one.
        changed = shape.copy()
        changed[0] = 0 if -1 in shape else -1
        node.input[1] = self._constant(changed)

    def _resize(self, node: Any, place: int) -> None:
        sizes = self._constants.get(node.input[_RESIZE_SIZES]) if len(node.input) > _RESIZE_SIZES else None
        if sizes is None or not sizes.size or sizes[0] != 1:
            return
        from onnx import helper  # noqa: PLC0415

        at = f"facefusion_batch_at_{place}"
        first = self._constant(np.zeros(1, np.int64))
        rest = self._constant(sizes[1:])
        self._added += [
            (place, helper.make_node("Shape", [node.input[0]], [f"{at}_shape"])),
            (place, helper.make_node("Gather", [f"{at}_shape", first], [f"{at}_batch"], axis=0)),
            (place, helper.make_node("Concat", [f"{at}_batch", rest], [f"{at}_sizes"], axis=0)),
        ]
        node.input[_RESIZE_SIZES] = f"{at}_sizes"

    def _slice(self, node: Any, place: int) -> None:
        if len(node.input) < 3:
            return
        starts, ends = self._constants.get(node.input[1]), self._constants.get(node.input[2])
        axes = self._constants.get(node.input[3]) if len(node.input) > 3 and node.input[3] else None
        if starts is None or ends is None:
            return
        axes = np.arange(len(starts)) if axes is None else axes
        changed = np.where((axes == 0) & (starts == 0) & (ends == 1), _END, ends.astype(np.int64))
        if (changed != ends).any():
            node.input[2] = self._constant(changed)
            node.input[1] = self._constant(starts.astype(np.int64))
            for further in range(3, len(node.input)):
                values = self._constants.get(node.input[further])
                if values is not None:
                    node.input[further] = self._constant(values.astype(np.int64))

    def _constant(self, values: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper  # noqa: PLC0415

        name = f"facefusion_batch_{len(self._graph.initializer)}"
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def _insert(self) -> None:
        """Put new nodes before those that use them: a graph is in the order in which it is computed."""
        if not self._added:
            return
        nodes = []
        for place, node in enumerate(self._graph.node):
            nodes += [new for user, new in self._added if user == place]
            nodes.append(node)
        copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
        del self._graph.node[:]
        self._graph.node.extend(copies)


def _constants(graph: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield the small constants of whole numbers."""
    from onnx import TensorProto, numpy_helper  # noqa: PLC0415

    whole = (TensorProto.INT64, TensorProto.INT32)
    for tensor in graph.initializer:
        if tensor.data_type in whole:
            yield tensor.name, np.atleast_1d(numpy_helper.to_array(tensor))
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value" and attribute.t.data_type in whole:
                yield node.output[0], np.atleast_1d(numpy_helper.to_array(attribute.t))


def _dependent(graph: Any, inputs: Collection[str]) -> set[str]:
    """Return the values that are computed from inputs that have a batch."""
    dependent = set(inputs)
    for node in graph.node:
        if dependent.intersection(node.input):
            dependent.update(node.output)
    return dependent
