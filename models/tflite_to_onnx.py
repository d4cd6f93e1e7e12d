"""Translation of TensorFlow Lite operators (NHWC) into ONNX operators (NCHW) that ONNX Runtime executes fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.onnx_graph import GraphBuilder
from models.tflite_reader import Operator, TfliteGraph

HEAD_OPERATORS = ("RESHAPE", "CONCATENATION")
_SAME_PADDING = 0
_CHANNEL_BLOCK = 16
_WIDEST_IDENTITY = 128


class TfliteTranslator:
    """Adds the body of a TensorFlow Lite network to an ONNX graph, everything in NCHW.

    Feature maps keep their meaning and only change their layout, so no transposition is needed between operators. The
    heads (reshape, concatenation) are left to the caller: they are where layout and the batch dimension become visible.

    Inner feature maps are widened with zero channels to a multiple of 16. That is the block of ONNX Runtime's fast
    convolutions, which otherwise fall back to slow ones or rearrange the maps at every step. All operators here map
    zero channels to zero channels, so results do not change.
    """

    def __init__(self, graph: TfliteGraph, builder: GraphBuilder) -> None:
        self._graph = graph
        self._builder = builder
        self._values: dict[int, str] = {}
        self._constants = {i: tensor.data for i, tensor in enumerate(graph.tensors) if tensor.data is not None}
        self._visible = {*graph.inputs, *graph.outputs}.union(
            *(operator.inputs for operator in graph.operators if operator.kind in HEAD_OPERATORS)
        )

    def translate(self, input_name: str) -> dict[str, str]:
        """Translate all operators but the heads and map TensorFlow Lite tensor names to ONNX value names.

        Raises:
            ValueError: an operator, or a use of one, that no supported network contains.
        """
        self._values[self._graph.inputs[0]] = input_name
        for operator in self._graph.operators:
            if operator.kind == "DEQUANTIZE":
                self._constants[operator.outputs[0]] = self._constant(operator, 0).astype(np.float32)
            elif operator.kind not in HEAD_OPERATORS:
                self._values[operator.outputs[0]] = self._translate(operator)
        return {self._graph.tensors[index].name: value for index, value in self._values.items()}

    def _translate(self, operator: Operator) -> str:
        translators: dict[str, Callable[[Operator], str]] = {
            "CONV_2D": self._convolution,
            "DEPTHWISE_CONV_2D": self._depthwise_convolution,
            "ADD": lambda add: self._builder.node("Add", [self._values[index] for index in add.inputs]),
            "RELU": lambda relu: self._builder.node("Relu", [self._input(relu)]),
            "PRELU": self._prelu,
            "PAD": self._pad_channels,
            "MAX_POOL_2D": self._max_pool,
            "RESIZE_BILINEAR": self._resize,
        }
        if operator.kind not in translators:
            raise ValueError(f"operator {operator.kind} is not supported")
        _refuse_fused_activation(operator)
        return translators[operator.kind](operator)

    def _convolution(self, operator: Operator) -> str:
        kernel = self._constant(operator, 1).transpose(0, 3, 1, 2)
        kernel = _widen(kernel, self._width(operator.outputs[0]), axis=0)
        kernel = _widen(kernel, self._width(operator.inputs[0]), axis=1)
        return self._strided_convolution(operator, kernel, group=1)

    def _depthwise_convolution(self, operator: Operator) -> str:
        if operator.options.DepthMultiplier() != 1:
            raise ValueError("a depth multiplier other than one is not supported")
        kernel = self._constant(operator, 1).transpose(3, 0, 1, 2)
        kernel = _widen(kernel, self._width(operator.outputs[0]), axis=0)
        return self._strided_convolution(operator, kernel, group=kernel.shape[0])

    def _strided_convolution(self, operator: Operator, kernel: NDArray[Any], *, group: int) -> str:
        options = operator.options
        if (options.DilationHFactor(), options.DilationWFactor()) != (1, 1):
            raise ValueError("dilated convolutions are not supported")
        return self._builder.convolution(
            self._input(operator),
            kernel,
            _widen(self._constant(operator, 2), kernel.shape[0], axis=0),
            group=group,
            pads=self._pads(operator, kernel.shape[2:]),
            strides=(options.StrideH(), options.StrideW()),
        )

    def _prelu(self, operator: Operator) -> str:
        """PReLU as x + (1 - s) * relu(-x), with the two products as depthwise 1x1 convolutions.

        ONNX Runtime fuses each pair (product and rectifier, product and sum) into one pass over the blocked layout,
        whereas its own PRelu leaves that layout and takes most of the time of these networks.
        """
        value = self._input(operator)
        slope = self._constant(operator, 1).reshape(-1, 1, 1, 1)
        slope = _widen(slope, self._width(operator.inputs[0]), axis=0)
        negated = self._builder.convolution(value, np.full_like(slope, -1), group=slope.shape[0])
        scaled = self._builder.convolution(self._builder.node("Relu", [negated]), 1 - slope, group=slope.shape[0])
        return self._builder.node("Add", [scaled, value])

    def _pad_channels(self, operator: Operator) -> str:
        """Append zero channels: nothing to do where the widened map has them already, else an identity convolution.

        The convolution stays in ONNX Runtime's blocked layout and takes up the sum that follows. Pad does neither and
        wins only where maps are small and channels many.
        """
        if np.any(self._constant(operator, 1)[:3]) or self._constant(operator, 1)[3, 0]:
            raise ValueError("only padding behind the last channel is supported")
        before, after = self._width(operator.inputs[0]), self._width(operator.outputs[0])
        if before == after:
            return self._input(operator)
        if after > _WIDEST_IDENTITY:
            return self._builder.pad(self._input(operator), channels=after - before)
        identity = np.eye(after, before, dtype=np.float32).reshape(after, before, 1, 1)
        return self._builder.convolution(self._input(operator), identity)

    def _max_pool(self, operator: Operator) -> str:
        options = operator.options
        extent = (options.FilterHeight(), options.FilterWidth())
        return self._builder.node(
            "MaxPool",
            [self._input(operator)],
            kernel_shape=extent,
            pads=self._pads(operator, extent),
            strides=(options.StrideH(), options.StrideW()),
        )

    def _resize(self, operator: Operator) -> str:
        if operator.options.AlignCorners() or not operator.options.HalfPixelCenters():
            raise ValueError("only bilinear resizing with half-pixel centres is supported")
        before, after = (self._graph.tensors[i].shape[1:3] for i in (operator.inputs[0], operator.outputs[0]))
        scales = np.array([1, 1, after[0] / before[0], after[1] / before[1]], np.float32)
        return self._builder.node(
            "Resize",
            [self._input(operator), "", self._builder.constant(scales)],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    def _input(self, operator: Operator) -> str:
        return self._values[operator.inputs[0]]

    def _constant(self, operator: Operator, position: int) -> NDArray[Any]:
        return self._constants[operator.inputs[position]]

    def _width(self, index: int) -> int:
        channels = self._graph.tensors[index].shape[3]
        return channels if index in self._visible else -(-channels // _CHANNEL_BLOCK) * _CHANNEL_BLOCK

    def _pads(self, operator: Operator, extent: tuple[int, ...]) -> tuple[int, ...]:
        """Padding (top, left, bottom, right); TensorFlow's SAME puts an odd row below and an odd column right."""
        options = operator.options
        if options.Padding() != _SAME_PADDING:
            return (0, 0, 0, 0)
        lengths = self._graph.tensors[operator.inputs[0]].shape[1:3]
        totals = [
            max((-(-length // stride) - 1) * stride + size - length, 0)
            for length, size, stride in zip(lengths, extent, (options.StrideH(), options.StrideW()), strict=True)
        ]
        return (*(total // 2 for total in totals), *(total - total // 2 for total in totals))


def _refuse_fused_activation(operator: Operator) -> None:
    activation = getattr(operator.options, "FusedActivationFunction", None)
    if activation is not None and activation():
        raise ValueError(f"{operator.kind} with a fused activation is not supported")


def _widen(array: NDArray[Any], size: int, *, axis: int) -> NDArray[Any]:
    padding = [(0, 0)] * array.ndim
    padding[axis] = (0, size - array.shape[axis])
    return np.pad(array, padding)
