"""A small family with its networks and entries."""

from __future__ import annotations

import hashlib

import numpy as np
from tests.generated.builder import NetworkBuilder

from facefusion.inference.catalogue import ModelCard

FAMILY = """
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings

class ToySettings(FamilySettings):
    size: int = 8

def contract(settings):
    image = ("batch", 3, settings.size, settings.size)
    return Contract((TensorSpec("input", image),), (TensorSpec("output", image),))

def create(model):
    return lambda pixels: model.session.run(pixels)["output"]

FAMILY = Family("toy", "toy_task", ToySettings, contract, create)
"""
HUB = "https://hub.example"
"""Where the public models of these tests are published."""
PLUG_IN_ENTRIES = """
[[model]]
name = "toy_public"
task = "toy_task"
family = "toy"
file = "toy_public.onnx"
urls = ["https://hub.example/toy_public.onnx", "https://mirror.example/toy_public.onnx"]
licence = "MIT"
commercial = true

[[model]]
name = "toy_research"
task = "toy_task"
family = "toy"
file = "toy_research.onnx"
urls = ["https://hub.example/toy_research.onnx"]
licence = "LicenseRef-Research"
commercial = false

[[model]]
name = "toy_pair"
task = "toy_task"
family = "toy"
file = "toy_pair.onnx"
urls = ["https://hub.example/toy_pair.onnx"]
licence = "MIT"
commercial = true
requires = ["toy_public"]
"""


def toy_network(gain=2.0, size=8):
    """A network that multiplies a picture."""
    net = NetworkBuilder()
    value = net.input("input", ["batch", 3, size, size])
    net.output("output", net.node("Mul", value, net.constant(np.float32([gain]))), ["batch", 3, size, size])
    return net.model().SerializeToString()


def toy_card(name="toy_public", content: bytes | None = None, **fields):
    """An entry; with digest and size where the content is given."""
    known = {} if content is None else {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    facts = {"task": "toy_task", "family": "toy", "licence": "MIT", "commercial": True}
    return ModelCard(name=name, file=f"{name}.onnx", **{**facts, **known, **fields})
