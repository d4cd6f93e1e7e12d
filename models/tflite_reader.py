"""Reading a TensorFlow Lite flatbuffer into plain tensors and operators."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import tflite  # type: ignore[import-untyped]
from numpy.typing import NDArray

_OPERATOR_NAMES = MappingProxyType(
    {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
)
_OPTION_CLASSES = MappingProxyType(
    {
        "CONV_2D": tflite.Conv2DOptions,
        "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
        "MAX_POOL_2D": tflite.Pool2DOptions,
        "ADD": tflite.AddOptions,
        "CONCATENATION": tflite.ConcatenationOptions,
        "RESIZE_BILINEAR": tflite.ResizeBilinearOptions,
    }
)
_DTYPES = MappingProxyType(
    {
        tflite.TensorType.FLOAT32: np.dtype("<f4"),
        tflite.TensorType.FLOAT16: np.dtype("<f2"),
        tflite.TensorType.INT32: np.dtype("<i4"),
    }
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of the graph: its shape (NHWC for feature maps) and, for a constant, its data."""

    name: str
    shape: tuple[int, ...]
    data: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: its TensorFlow Lite name, tensor indices, and its options table where it has one."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any


@dataclass(frozen=True, slots=True)
class TfliteGraph:
    """The only subgraph of a model, operators in execution order."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_tflite(content: bytes) -> TfliteGraph:
    """Parse the bytes of a `.tflite` file.

    Raises:
        ValueError: the file is not a TensorFlow Lite model, has several subgraphs, or holds sparse or quantised
            weights, none of which this reader supports.
    """
    if content[4:8] != b"TFL3":
        raise ValueError("not a TensorFlow Lite model: the TFL3 identifier is missing")
    model = tflite.Model.GetRootAs(content, 0)
    if model.SubgraphsLength() != 1:
        raise ValueError(f"expected one subgraph, found {model.SubgraphsLength()}")
    graph = model.Subgraphs(0)
    return TfliteGraph(
        tensors=tuple(_read_tensor(model, graph.Tensors(i)) for i in range(graph.TensorsLength())),
        operators=tuple(_read_operator(model, graph.Operators(i)) for i in range(graph.OperatorsLength())),
        inputs=_indices(graph.InputsAsNumpy()),
        outputs=_indices(graph.OutputsAsNumpy()),
    )


def _read_tensor(model: Any, tensor: Any) -> Tensor:
    name = tensor.Name().decode()
    quantization = tensor.Quantization()
    if tensor.Sparsity() or (quantization and quantization.ScaleLength()):
        raise ValueError(f"tensor {name!r} is sparse or quantised")
    shape = _indices(tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
    buffer = model.Buffers(tensor.Buffer())
    if not buffer.DataLength():
        return Tensor(name, shape, None)
    return Tensor(name, shape, buffer.DataAsNumpy().view(_DTYPES[tensor.Type()]).reshape(shape))


def _read_operator(model: Any, operator: Any) -> Operator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Old files keep the code in a byte-sized field, new ones in a wider field; the unused one is zero.
    kind = _OPERATOR_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    options = None
    if kind in _OPTION_CLASSES:
        table = operator.BuiltinOptions()
        options = _OPTION_CLASSES[kind]()
        options.Init(table.Bytes, table.Pos)
    return Operator(kind, _indices(operator.InputsAsNumpy()), _indices(operator.OutputsAsNumpy()), options)


def _indices(values: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
