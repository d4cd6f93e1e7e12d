"""A small builder for ONNX graphs whose bytes depend on nothing but what was added to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
PRODUCER = "facefusion-models"

Shape = Sequence[int | str]


class GraphBuilder:
    """Collects nodes and constants in order and closes them into a checked model.

    Values are named after the operator that makes them and its position, so that the same sequence of calls gives the
    same bytes.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def constant(self, values: NDArray[np.generic]) -> str:
        """Store an array in the model and return the name to refer to it by."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str | None = None, **attributes: Any) -> str:
        """Append one operator of the default domain with a single output and return that output's name."""
        name = output or f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name=f"make_{name}", **attributes))
        return name

    def convolution(
        self,
        value: str,
        kernel: NDArray[np.float32],
        bias: NDArray[np.float32] | None = None,
        *,
        group: int = 1,
        pads: Sequence[int] = (0, 0, 0, 0),
        strides: Sequence[int] = (1, 1),
    ) -> str:
        """Append a 2-D convolution of a kernel [out, in / group, height, width]; pads are top, left, bottom, right."""
        parameters = [kernel] if bias is None else [kernel, bias]
        return self.node(
            "Conv",
            [value, *(self.constant(array) for array in parameters)],
            group=group,
            kernel_shape=kernel.shape[2:],
            pads=pads,
            strides=strides,
        )

    def pad(self, value: str, *, channels: int, rows: int = 0, columns: int = 0) -> str:
        """Append zeros behind the last channel, row and column of a feature map."""
        return self.node("Pad", [value, self.constant(np.array([0, 0, 0, 0, 0, channels, rows, columns], np.int64))])

    def model(self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> ModelProto:
        """Close the graph over float32 inputs and outputs; a string in a shape is a dynamic dimension.

        Raises:
            onnx.checker.ValidationError: the graph is not a valid model or a declared shape contradicts the nodes.
        """
        graph = helper.make_graph(
            self._nodes,
            self._name,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
            self._constants,
        )
        model = helper.make_model(
            graph, producer_name=PRODUCER, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
        )
        checker.check_model(model, full_check=True)
        return model
