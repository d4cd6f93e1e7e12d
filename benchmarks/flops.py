"""Counting the multiplications of a network from its graph.

    python -m benchmarks.flops FILE.onnx [NAME=1,3,128,128 ...]

Counted are `Conv`, `ConvTranspose`, `Gemm` and `MatMul`, beside which all else is nothing. A multiplication with its
addition is one MAC, or two FLOPs.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
from onnx import TensorProto

Shape = tuple[int, ...]
_LARGE = 1024
"""Elements from which a constant is a weight: of those only the shape is needed."""


def count_macs(content: bytes, shapes: Mapping[str, Sequence[int]]) -> int:
    """Return how many multiply-accumulates one run of a network takes.

    Args:
        content: the ONNX file.
        shapes: of the inputs.

    Raises:
        ValueError: the shapes within cannot be found out.
    """
    model = onnx.load_model_from_string(without_weights(content))
    for value in model.graph.input:
        if value.name in shapes:
            _fix(value, shapes[value.name])
    # What the file notes of values within may have another batch than the one asked for.
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    known = {value.name: _shape(value) for value in [*inferred.input, *inferred.value_info, *inferred.output]}
    known |= {tensor.name: tuple(tensor.dims) for tensor in inferred.initializer}
    return sum(_macs(node, known) for node in inferred.node)


def without_weights(content: bytes) -> bytes:
    """Return an ONNX file whose large constants are inputs of the same shape: all that counting needs, in kilobytes."""
    model = onnx.load_model_from_string(content)
    own = {value.name for value in model.graph.input}
    kept = []
    for tensor in model.graph.initializer:
        if math.prod(tensor.dims) < _LARGE:
            kept.append(tensor)
        elif tensor.name not in own:
            model.graph.input.append(
                onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type or TensorProto.FLOAT, tensor.dims)
            )
    kept = [onnx.TensorProto.FromString(tensor.SerializeToString()) for tensor in kept]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    return bytes(model.SerializeToString())


def _fix(value: onnx.ValueInfoProto, shape: Sequence[int]) -> None:
    value.type.tensor_type.ClearField("shape")
    for size in shape:
        value.type.tensor_type.shape.dim.add().dim_value = size


def _shape(value: onnx.ValueInfoProto) -> Shape | None:
    kind = value.type.tensor_type
    sizes = tuple(dim.dim_value for dim in kind.shape.dim)
    return sizes if kind.HasField("shape") and all(sizes) else None


def _macs(node: onnx.NodeProto, known: Mapping[str, Shape | None]) -> int:
    if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
        return 0
    first, second, result = (known.get(name) for name in (*node.input[:2], node.output[0]))
    if first is None or second is None or result is None:
        raise ValueError(f"The sizes of {node.op_type} {node.name or node.output[0]} cannot be found out")
    if node.op_type == "Conv":
        return math.prod(result) * math.prod(second[1:])
    if node.op_type == "ConvTranspose":
        return math.prod(first) * math.prod(second[1:])
    is_turned = any(each.name == "transA" and each.i for each in node.attribute)
    return math.prod(result) * first[-2 if is_turned else -1]


def main(arguments: Sequence[str]) -> int:
    """Print what one run of a file takes."""
    shapes = dict(each.split("=", 1) for each in arguments[1:])
    sizes = {name: [int(size) for size in text.split(",")] for name, text in shapes.items()}
    print(f"{count_macs(Path(arguments[0]).read_bytes(), sizes) / 1e9:.3f} GMAC")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
