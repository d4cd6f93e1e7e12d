"""What is never loaded: files that only pretend to be networks, and networks that reach beyond themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

from facefusion.errors import ModelUnsafeError
from facefusion.inference.weights import Buffer

DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operator sets that ONNX Runtime brings along."""
_ONLY_NAMED: Final = frozenset(
    (
        *("ai.onnx.training", "ai.onnx.preview.training", "org.pytorch.aten", "com.ms.internal.nhwc"),
        *("com.microsoft.experimental", "com.microsoft.nchwc", "com.microsoft.dml", "com.microsoft.mlfeaturizers"),
    )
)
"""Operator sets that ONNX Runtime names in every file that it saves, whether an operator of them is there or not."""
_LOADERS: Final = frozenset({"EPContext", "PythonOp", "PythonOpGrad"})
"""Operators of these sets that load programs of a device, or run Python."""
_STARTS: Final = {
    b"\x80": "a Python pickle",
    b"PK": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"\x89HDF": "an HDF5 file",
    b"\x89PNG": "a picture",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"version https://git-lfs": "a Git LFS pointer, not the file that it points to",
    b"{": "JSON",
}
_FOURTH_BYTE: Final = {b"ORTM": "a model in ONNX Runtime's own form", b"TFL3": "a TensorFlow Lite model"}
_LOOKED_AT: Final = 256
_MOST_VALUES: Final = 2**31
_AGAIN: Final = "Get the file again from where it was published"
_BITS: Final = {
    **dict.fromkeys(("DOUBLE", "INT64", "UINT64"), 64),
    **dict.fromkeys(("FLOAT", "INT32", "UINT32"), 32),
    **dict.fromkeys(("FLOAT16", "BFLOAT16", "INT16", "UINT16"), 16),
    **dict.fromkeys(("INT8", "UINT8", "BOOL"), 8),
}


def check_start(content: Buffer, name: str) -> None:
    """Make sure that a file does not begin like something else.

    Args:
        content: the file.
        name: how messages call it.

    Raises:
        ModelUnsafeError: it does.
    """
    start = content[:_LOOKED_AT]
    if not start:
        raise ModelUnsafeError(f"{name} is empty", _AGAIN)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise ModelUnsafeError(f"{name} is a web page, not an ONNX file", _AGAIN)
    found = [what for sign, what in _STARTS.items() if start.startswith(sign)]
    found += [what for sign, what in _FOURTH_BYTE.items() if start[4:8] == sign]
    if found:
        raise ModelUnsafeError(f"{name} is {found[0]}, not an ONNX file", _AGAIN)


def check_model(model: Any, name: str) -> None:
    """Make sure that a network is whole and reaches for nothing beyond itself.

    Args:
        model: an `onnx.ModelProto`, without external data.
        name: how messages call it.

    Raises:
        ModelUnsafeError: it is cut off; keeps data in other files; has operators that ONNX Runtime does not bring
            along, or that load programs; or has sizes that cannot be.
    """
    if not (model.graph.node and model.graph.output and model.opset_import):
        raise ModelUnsafeError(f"{name} is cut off, or no ONNX file", _AGAIN)
    imported = [*model.opset_import, *(entry for function in model.functions for entry in function.opset_import)]
    nodes = list(_nodes(model))
    used = {each.domain for each in (*nodes, *model.functions)}
    foreign = (used | ({entry.domain for entry in imported} - _ONLY_NAMED)) - DOMAINS
    if foreign:
        raise ModelUnsafeError(f"{name} needs operators of {', '.join(sorted(foreign))}", "Export it without them")
    for node in nodes:
        if node.op_type in _LOADERS:
            raise ModelUnsafeError(f"{name} has the operator {node.op_type}, which loads programs", "Export it without")
    for tensor in _tensors(model, nodes):
        _check_tensor(tensor, name)
    _check_made(model.graph, nodes, name)
    for value in (*model.graph.input, *model.graph.output):
        if math.prod(max(size.dim_value, 1) for size in value.type.tensor_type.shape.dim) > _MOST_VALUES:
            raise ModelUnsafeError(f"{name}: {value.name} has a size that cannot be", _AGAIN)


def _nodes(model: Any) -> Iterator[Any]:
    """Yield all nodes, those within others and of local functions included."""
    waiting = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    waiting += [node for graph in _graphs(_preset(model)) for node in graph.node]
    while waiting:
        node = waiting.pop()
        yield node
        for graph in _graphs(node.attribute):
            waiting.extend(graph.node)


def _preset(model: Any) -> list[Any]:
    """Return the values that local functions have for attributes which a call does not give."""
    return [attribute for function in model.functions for attribute in function.attribute_proto]


def _graphs(attributes: Iterable[Any]) -> Iterator[Any]:
    for attribute in attributes:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _tensors(model: Any, nodes: list[Any]) -> Iterator[Any]:
    """Yield all tensors: initializers of all graphs, and values of attributes."""
    attributes = [*_preset(model), *(attribute for node in nodes for attribute in node.attribute)]
    for graph in (model.graph, *_graphs(attributes)):
        yield from graph.initializer
        yield from (part for sparse in graph.sparse_initializer for part in (sparse.values, sparse.indices))
    for attribute in attributes:
        yield from (attribute.t, *attribute.tensors) if attribute.HasField("t") else attribute.tensors
        single = (attribute.sparse_tensor,) if attribute.HasField("sparse_tensor") else ()
        yield from (part for sparse in (*single, *attribute.sparse_tensors) for part in (sparse.values, sparse.indices))


def _check_tensor(tensor: Any, name: str) -> None:
    import onnx  # noqa: PLC0415 - a third of a second that the bundled models do not need

    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise ModelUnsafeError(f"{name} keeps its weights in another file", "Save it as one file")
    if any(size < 0 for size in tensor.dims) or math.prod(tensor.dims) > _MOST_VALUES:
        raise ModelUnsafeError(f"{name}: {tensor.name or 'a constant'} has a size that cannot be", _AGAIN)
    bits = {onnx.TensorProto.DataType.Value(kind): bits for kind, bits in _BITS.items()}.get(tensor.data_type)
    if tensor.HasField("raw_data") and bits and len(tensor.raw_data) != math.ceil(math.prod(tensor.dims) * bits / 8):
        raise ModelUnsafeError(f"{name}: {tensor.name or 'a constant'} has more or fewer values than it should", _AGAIN)


def _check_made(graph: Any, nodes: list[Any], name: str) -> None:
    """Look at tensors that are made as large as a constant says, which ONNX Runtime does when it loads them."""
    import onnx  # noqa: PLC0415

    shapes = {tensor.name: tensor for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.INT64}
    for node in nodes:
        if node.op_type == "ConstantOfShape" and node.input and node.input[0] in shapes:
            sizes = onnx.numpy_helper.to_array(shapes[node.input[0]]).reshape(-1).tolist()
            if math.prod(sizes) > _MOST_VALUES:
                raise ModelUnsafeError(f"{name}: {node.output[0]} has a size that cannot be", _AGAIN)
