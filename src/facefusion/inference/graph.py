"""What an ONNX file says of itself, read without running it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy.typing as npt

from facefusion.errors import ModelUnsafeError
from facefusion.inference.safety import check_model, check_start
from facefusion.inference.weights import Buffer, outline, tensors_of_shape

Dimension = int | str | None
"""A size, the name of one that is given at run time, or one that is not said."""

_HINT: Final = "Get the file again from where it was published"


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """An input or an output.

    Attributes:
        name: as the file has it.
        dtype: NumPy's name of the element type, such as `float32`.
        shape: its dimensions.
    """

    name: str
    dtype: str
    shape: tuple[Dimension, ...]

    def __str__(self) -> str:
        """Name and shape, as messages show them."""
        return f"{self.name} [{','.join('?' if size is None else str(size) for size in self.shape)}] {self.dtype}"


@dataclass(frozen=True, slots=True)
class Graph:
    """What goes into a network and comes out.

    Attributes:
        inputs: in the file's order, without those that have a value of their own.
        outputs: in the file's order.
        constants: returns the tensors within the file of a shape, in the file's order; only while the file is open.
    """

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    constants: Callable[[tuple[int, ...]], list[npt.NDArray[Any]]] = field(default=lambda shape: [], compare=False)


def read_graph(content: Buffer, name: str) -> Graph:
    """Read what goes into a network and comes out, and make sure that the file is whole and harmless.

    Its large tensors are not read.

    Args:
        content: the ONNX file.
        name: how messages call it.

    Raises:
        ModelUnsafeError: it is something else, is cut off, keeps data in other files, or has operators that ONNX
            Runtime does not bring along.
    """
    check_start(content, name)
    parts = outline(content, name)
    return describe(parse(parts.small, name), name, parts.names, partial(tensors_of_shape, content, parts.large))


def parse(content: bytes, name: str) -> Any:
    """Return the file as an `onnx.ModelProto`, without external data.

    Raises:
        ModelUnsafeError: see `read_graph`.
    """
    check_start(content, name)
    import onnx  # noqa: PLC0415 - a third of a second that the bundled models do not need
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelUnsafeError(f"{name} is cut off, or no ONNX file", _HINT) from error
    check_model(model, name)
    return model


def describe(
    model: Any,
    name: str,
    given: Collection[str] = (),
    large: Callable[[tuple[int, ...]], Iterable[bytes]] = lambda shape: (),
) -> Graph:
    """Return what goes into an `onnx.ModelProto` and comes out.

    Args:
        model: the file.
        name: how messages call it.
        given: further tensors that have a value of their own.
        large: returns those of a shape, as messages.

    Raises:
        ModelUnsafeError: it takes or gives something other than tensors.
    """
    given = {each.name for each in model.graph.initializer} | set(given)
    return Graph(
        tuple(_tensor(value, name) for value in model.graph.input if value.name not in given),
        tuple(_tensor(value, name) for value in model.graph.output),
        lambda shape: [*_constants(model.graph, shape), *_read(large(shape))],
    )


def _constants(graph: Any, shape: tuple[int, ...]) -> list[npt.NDArray[Any]]:
    import onnx  # noqa: PLC0415

    return [onnx.numpy_helper.to_array(each) for each in graph.initializer if tuple(each.dims) == shape]


def _read(messages: Iterable[bytes]) -> Iterator[npt.NDArray[Any]]:
    import onnx  # noqa: PLC0415

    for message in messages:
        yield onnx.numpy_helper.to_array(onnx.TensorProto.FromString(message))


def _tensor(value: Any, name: str) -> TensorInfo:
    import onnx  # noqa: PLC0415

    if not value.type.HasField("tensor_type"):
        raise ModelUnsafeError(f"{name}: {value.name} is no tensor", "Export it with tensors alone")
    tensor = value.type.tensor_type
    shape = tuple(_dimension(each) for each in tensor.shape.dim)
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
    except KeyError as error:
        raise ModelUnsafeError(f"{name}: {value.name} has no element type that is known", _HINT) from error
    return TensorInfo(value.name, dtype, shape)


def _dimension(dimension: Any) -> Dimension:
    if dimension.HasField("dim_value") and dimension.dim_value > 0:
        return int(dimension.dim_value)
    return str(dimension.dim_param) or None
