"""Networks of the size and shape of public ones, with seeded random weights, to measure what they cost."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET = 17


def swapper(channels: int, batch: int | str = "batch", blocks: int = 6) -> bytes:
    """Return an ONNX file with the body of a face swapper: a picture of 128² pixels in and out, -1 to 1.

    Two strides, residual blocks at 32², one resize; with 1024 channels and 6 blocks it has the weights of inswapper_128,
    half a gigabyte.

    Args:
        channels: of the residual blocks.
        batch: size of the batch, or its name.
        blocks: number of residual blocks.
    """
    net = _Network()
    value = net.conv("target", 3, channels // 8, 7)
    value = net.conv(value, channels // 8, channels // 2, 3, stride=2)
    value = net.conv(value, channels // 2, channels, 3, stride=2)
    for _ in range(blocks):
        inner = net.conv(net.conv(value, channels, channels, 3), channels, channels, 3, is_linear=True)
        value = net.add("Add", value, inner)
    value = net.add("Resize", value, "", net.constant(np.array([1, 1, 4, 4], np.float32)), mode="linear")
    value = net.conv(net.conv(value, channels, 32, 1), 32, 3, 7, is_linear=True)
    net.nodes.append(helper.make_node("Tanh", [value], ["output"]))
    return net.file(batch)


class _Network:
    def __init__(self) -> None:
        self.random = np.random.default_rng(0)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(values, f"constant{len(self.constants)}"))
        return self.constants[-1].name

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def conv(self, value: str, inside: int, outside: int, kernel: int, stride: int = 1, is_linear: bool = False) -> str:
        weights = self.random.standard_normal((outside, inside, kernel, kernel), np.float32)
        scaled = self.constant(weights * np.float32(1 / np.sqrt(inside * kernel * kernel)))
        sizes = {"kernel_shape": [kernel] * 2, "pads": [kernel // 2] * 4, "strides": [stride] * 2}
        value = self.add("Conv", value, scaled, **sizes)
        return value if is_linear else self.add("Relu", value)

    def file(self, batch: int | str) -> bytes:
        shape = [batch, 3, 128, 128]
        values = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("target", "output")]
        graph = helper.make_graph(self.nodes, "generated", values[:1], values[1:], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        return bytes(model.SerializeToString())
