"""Networks of the size and shape of public ones, with seeded random weights, to measure what they cost."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import helper, numpy_helper

OPSET = 17
IDENTITY = 512
"""Numbers of an identity vector."""
_TINT = 0.1
"""Share of what identity swappers paint: the frame still looks, and encodes, like one."""


def swapper(channels: int, batch: int | str = "batch", blocks: int = 6) -> bytes:
    """Return an ONNX file with the body of a face swapper: a picture of 128² pixels in and out, -1 to 1.

    Two strides, residual blocks at 32², one resize; with 1024 channels and 6 blocks it has as many weights as
    inswapper_128, half a gigabyte.

    Args:
        channels: of the residual blocks.
        batch: size of the batch, or its name.
        blocks: number of residual blocks.
    """
    net = _Network()
    target = net.input("target", [batch, 3, 128, 128])
    value = _stem(net, target, channels, channels // 2)
    for _ in range(blocks):
        inner = net.conv(net.conv(value, channels, channels, 3), channels, channels, 3, is_linear=True)
        value = net.add("Add", value, inner)
    net.output("output", _painted(net, value, channels), [batch, 3, 128, 128])
    return net.file()


def identity_swapper(channels: int, blocks: int = 6) -> bytes:
    """Return an ONNX file of the inswapper family: a picture of 128² pixels, 0 to 1, and an identity vector.

    The same body, where each convolution of a block is normalised and then scaled and moved by what the identity says,
    as in inswapper_128; with 1024 channels and 6 blocks it costs as much, 121 GMAC. What comes out is the picture
    with a tenth of something painted over it.

    Args:
        channels: of the residual blocks.
        blocks: number of residual blocks.
    """
    net = _Network()
    target, source = net.input("target", ["batch", 3, 128, 128]), net.input("source", ["batch", IDENTITY])
    value = _stem(net, target, channels, channels // 4)
    for _ in range(blocks):
        inner = net.add("Relu", _styled(net, value, source, channels))
        value = net.add("Add", value, _styled(net, inner, source, channels))
    narrow = net.conv(value, channels, channels // 8, 3)
    tint = net.add("Mul", _painted(net, narrow, channels // 8), net.constant(np.float32(_TINT)))
    mixed = net.add("Add", target, tint)
    bounds = [net.constant(np.float32(bound)) for bound in (0, 1)]
    net.output("output", net.add("Clip", mixed, *bounds), ["batch", 3, 128, 128])
    net.constant(net.random.standard_normal((IDENTITY, IDENTITY), np.float32) / np.float32(np.sqrt(IDENTITY)))
    return net.file()


def recogniser() -> bytes:
    """Return an ONNX file of the ArcFace family, a small one: 112² pixels in, an identity vector out."""
    net = _Network()
    value = net.input("input", ["batch", 3, 112, 112])
    for inside, outside in ((3, 8), (8, 16), (16, 32)):
        value = net.conv(value, inside, outside, 3, stride=2)
    value = net.add("Flatten", net.add("AveragePool", value, kernel_shape=[7, 7], strides=[7, 7]), axis=1)
    net.output("output", net.dense(value, 32 * 4, IDENTITY), ["batch", IDENTITY])
    return net.file()


def multiplier(channels: int, layers: int, *, side: int, kernel: int) -> bytes:
    """Return an ONNX file that does nothing but multiply: convolutions in a row, from pictures to pictures.

    Args:
        channels: of all but the first and the last.
        layers: number of convolutions between these.
        side: of the pictures in pixels.
        kernel: side of the kernels; 1 makes them products of matrices.
    """
    net = _Network()
    shape: list[int | str] = ["batch", 3, side, side]
    value = net.conv(net.input("target", shape), 3, channels, 1, is_linear=True)
    for _ in range(layers):
        value = net.conv(value, channels, channels, kernel, is_linear=True)
    net.output("output", net.conv(value, channels, 3, 1, is_linear=True), shape)
    return net.file()


def _stem(net: _Network, target: str, channels: int, between: int) -> str:
    value = net.conv(target, 3, channels // 8, 7)
    value = net.conv(value, channels // 8, between, 3, stride=2)
    return net.conv(value, between, channels, 3, stride=2)


def _painted(net: _Network, value: str, channels: int) -> str:
    """Return a picture of 128² pixels, -1 to 1, of values at 32²."""
    value = net.add("Resize", value, "", net.constant(np.array([1, 1, 4, 4], np.float32)), mode="linear")
    return net.add("Tanh", net.conv(net.conv(value, channels, 32, 1), 32, 3, 7, is_linear=True))


def _styled(net: _Network, value: str, source: str, channels: int) -> str:
    """Return a convolution of the values, normalised, with the scale and the mean that the identity asks for."""
    inner = net.conv(value, channels, channels, 3, is_linear=True)
    ones, zeros = net.constant(np.ones(channels, np.float32)), net.constant(np.zeros(channels, np.float32))
    inner = net.add("InstanceNormalization", inner, ones, zeros, epsilon=1e-5)
    shape = net.constant(np.array([0, channels, 1, 1], np.int64))
    scale, mean = (net.add("Reshape", net.dense(source, IDENTITY, channels), shape) for _ in range(2))
    return net.add("Add", net.add("Mul", inner, scale), mean)


@dataclass(eq=False)
class _Network:
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list)

    def input(self, name: str, shape: list[int | str]) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
        return name

    def output(self, name: str, value: str, shape: list[int | str]) -> None:
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))

    def constant(self, values: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(values), f"constant{len(self.constants)}"))
        return self.constants[-1].name

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"value{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def dense(self, value: str, inside: int, outside: int) -> str:
        weights = self.random.standard_normal((inside, outside), np.float32)
        return self.add("MatMul", value, self.constant(weights * np.float32(1 / np.sqrt(inside))))

    def conv(
        self, value: str, inside: int, outside: int, kernel: int, *, stride: int = 1, is_linear: bool = False
    ) -> str:
        weights = self.random.standard_normal((outside, inside, kernel, kernel), np.float32)
        scaled = self.constant(weights * np.float32(1 / np.sqrt(inside * kernel * kernel)))
        sizes = {"kernel_shape": [kernel] * 2, "pads": [kernel // 2] * 4, "strides": [stride] * 2}
        value = self.add("Conv", value, scaled, **sizes)
        return value if is_linear else self.add("Relu", value)

    def file(self) -> bytes:
        graph = helper.make_graph(self.nodes, "generated", self.inputs, self.outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        return bytes(model.SerializeToString())
