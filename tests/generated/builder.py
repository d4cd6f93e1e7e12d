"""A builder of small ONNX networks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from facefusion.inference.catalogue import Catalogue, ModelCard
from facefusion.inference.session import SessionFactory
from facefusion.inference.store import ModelStore

OPSET = 17
_TYPES = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "float64": TensorProto.DOUBLE,
    "int64": TensorProto.INT64,
}


class NetworkBuilder:
    """Collects nodes; every method that adds one returns the name of its output.

    Args:
        seed: of the weights.
    """

    def __init__(self, seed=0):
        self.random = np.random.default_rng(seed)
        self._nodes, self._inputs, self._outputs, self._constants = [], [], [], []

    def input(self, name, shape, dtype="float32"):
        """Add an input; a text or None in the shape is a size that is given at run time."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[dtype], list(shape)))
        return name

    def output(self, name, value, shape, dtype="float32"):
        """Make a value an output."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, _TYPES[dtype], list(shape)))

    def constant(self, values, name=None):
        """Add an initializer."""
        name = name or f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, kind, *inputs, **attributes):
        """Add an operator."""
        name = f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def conv(self, value, channels_in, channels_out, kernel=3, scale=None, **attributes):
        """Add a convolution that keeps the size, with seeded weights; `strides` and others as the operator has them."""
        spread = scale if scale is not None else 1 / np.sqrt(channels_in * kernel * kernel)
        weights = self.random.normal(0, spread, (channels_out, channels_in, kernel, kernel)).astype(np.float32)
        pads = [kernel // 2] * 4
        return self.node("Conv", value, self.constant(weights), pads=pads, kernel_shape=[kernel, kernel], **attributes)

    def dense(self, value, size_in, size_out):
        """Add a matrix product with seeded weights, of values [batch, size_in]."""
        weights = self.random.normal(0, 1 / np.sqrt(size_in), (size_in, size_out)).astype(np.float32)
        return self.node("MatMul", value, self.constant(weights))

    def pooled(self, value):
        """Add the mean of each channel, [batch, channels]."""
        return self.node("Flatten", self.node("GlobalAveragePool", value), axis=1)

    def resized(self, value, factor, mode="linear"):
        """Add a resize of images by a factor."""
        scales = self.constant(np.array([1, 1, factor, factor], np.float32))
        return self.node("Resize", value, "", scales, mode=mode)

    def model(self):
        """Return the network as an `onnx.ModelProto`."""
        graph = helper.make_graph(self._nodes, "generated", self._inputs, self._outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        onnx.checker.check_model(model)
        return model


class Shelf:
    """A folder of generated weights with a catalogue of its own.

    Args:
        folder: empty.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.cards = []

    def put(self, name, task, family, model, *, settings=None, requires=(), **fields):
        """Save a network and enter it; return its card."""
        content = model.SerializeToString()
        (self.folder / f"{name}.onnx").write_bytes(content)
        card = ModelCard(
            name=name,
            task=task,
            family=family,
            file=f"{name}.onnx",
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            licence="CC0-1.0",
            commercial=True,
            requires=requires,
            settings=settings or {},
            **fields,
        )
        self.cards.append(card)
        return card

    def sessions(self, providers=("cpu",)):
        """Return a factory that knows these models."""
        return SessionFactory(providers, catalogue=Catalogue(self.cards), store=ModelStore(self.folder))
