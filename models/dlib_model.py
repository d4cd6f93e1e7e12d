"""dlib's face recognition network (a ResNet of 29 convolutions) rebuilt as an ONNX graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onnx import ModelProto

from models.dlib_reader import Layer, read_layers
from models.onnx_graph import GraphBuilder

_SIZE = 150
_BLOCKS = 14


@dataclass(frozen=True, slots=True)
class _Map:
    """A feature map in the graph: its value name, number of channels, and height (equal to its width)."""

    value: str
    channels: int
    size: int


def convert_dlib_resnet(content: bytes) -> ModelProto:
    """Identity: `input` [N, 3, 150, 150] to `embedding` [N, 128], not normalised, as dlib gives it.

    Raises:
        ValueError: the file does not hold the layers of this network.
    """
    builder = GraphBuilder("dlib_resnet")
    layers = read_layers(content)
    stem = _relu(builder, _convolution(builder, layers, _Map("input", 3, _SIZE)))
    maps = _pool(builder, "MaxPool", stem, extent=3)
    for _ in range(_BLOCKS):
        maps = _block(builder, layers, maps)
    flat = builder.node("Flatten", [builder.node("GlobalAveragePool", [maps.value])])
    weights = _expect(next(layers), "fc_2").parameters.reshape(maps.channels, -1)
    builder.node("MatMul", [flat, builder.constant(weights)], "embedding")
    return builder.model({"input": ("batch", 3, _SIZE, _SIZE)}, {"embedding": ("batch", weights.shape[1])})


def _block(builder: GraphBuilder, layers: Iterator[Layer], maps: _Map) -> _Map:
    """Two convolutions and a shortcut, which is average-pooled where the first convolution halves the map."""
    first = _convolution(builder, layers, maps)
    second = _convolution(builder, layers, _relu(builder, first))
    shortcut = maps if first.size == maps.size else _pool(builder, "AveragePool", maps, extent=2)
    channels, size = max(second.channels, shortcut.channels), max(second.size, shortcut.size)
    total = builder.node("Add", [_grow(builder, branch, channels, size).value for branch in (second, shortcut)])
    return _relu(builder, _Map(total, channels, size))


def _convolution(builder: GraphBuilder, layers: Iterator[Layer], maps: _Map) -> _Map:
    """A convolution with its per-channel affine layer folded into weights and bias."""
    layer = _expect(next(layers), "con_4")
    count, height, width, stride, _, padding, _ = layer.integers
    gamma, beta = _expect(next(layers), "affine_").parameters.reshape(2, count)
    kernel = layer.parameters[:-count].reshape(count, maps.channels, height, width)
    bias = layer.parameters[-count:]
    value = builder.convolution(
        maps.value,
        kernel * gamma.reshape(-1, 1, 1, 1),
        bias * gamma + beta,
        pads=[padding] * 4,
        strides=[stride] * 2,
    )
    return _Map(value, count, (maps.size + 2 * padding - height) // stride + 1)


def _relu(builder: GraphBuilder, maps: _Map) -> _Map:
    return _Map(builder.node("Relu", [maps.value]), maps.channels, maps.size)


def _pool(builder: GraphBuilder, operator: str, maps: _Map, *, extent: int) -> _Map:
    value = builder.node(operator, [maps.value], kernel_shape=[extent] * 2, strides=[2, 2])
    return _Map(value, maps.channels, (maps.size - extent) // 2 + 1)


def _grow(builder: GraphBuilder, maps: _Map, channels: int, size: int) -> _Map:
    """Zeros behind the last channel, row and column: dlib's sum treats what a smaller operand lacks as zero."""
    if (maps.channels, maps.size) == (channels, size):
        return maps
    missing = size - maps.size
    value = builder.pad(maps.value, channels=channels - maps.channels, rows=missing, columns=missing)
    return _Map(value, channels, size)


def _expect(layer: Layer, tag: str) -> Layer:
    if layer.tag != tag:
        raise ValueError(f"expected layer {tag}, found {layer.tag}")
    return layer
