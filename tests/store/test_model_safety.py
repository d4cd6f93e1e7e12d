"""Files that are never loaded, each refused by name before a session is made of it."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile

import onnx
import pytest
from onnx import TensorProto, helper
from store_toys import toy_network

from facefusion.errors import ModelUnsafeError
from facefusion.inference.graph import read_graph
from facefusion.inference.store import ModelStore


def network(*, nodes=None, initializers=(), functions=(), domains=("",), inputs=(1,)):
    """A network of given nodes, serialised; nothing checks that it makes sense."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, list(inputs))
    nodes = nodes or [helper.make_node("Identity", ["x"], ["y"])]
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph(nodes, "made", [value], [result], list(initializers))
    opsets = [helper.make_opsetid(domain, 17) for domain in domains]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions)).SerializeToString()


def nested(node):
    """The node within the branch of a condition within a loop's body."""
    inner = helper.make_graph([node], "inner", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])])
    choice = helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner)
    body = helper.make_graph([choice], "body", [], [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1])])
    return helper.make_node("Loop", ["n", "c"], ["y"], body=body)


def external(name="weights"):
    tensor = onnx.TensorProto(name=name, dims=[4], data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data.pkl", b"x")
    return buffer.getvalue()


def function(domain, node, preset=()):
    made = helper.make_function(domain, "Mine", ["a"], ["y"], [node], [helper.make_opsetid("", 17)])
    made.attribute_proto.extend(preset)
    return made


def custom(domain="evil", kind="Run"):
    return helper.make_node(kind, ["x"], ["y"], domain=domain)


IDENTITY = helper.make_node("Identity", ["a"], ["y"])
SHAPE = helper.make_tensor("shape", TensorProto.INT64, [2], [2**20, 2**20])
DISGUISES = {
    "empty": (b"", "is empty"),
    "pickle": (pickle.dumps({"a": 1}), "a Python pickle"),
    "zip": (zipped(), "a ZIP archive"),
    "gzip": (gzip.compress(toy_network()), "a gzip archive"),
    "web page": (b"\n <!DOCTYPE html><html>404</html>", "a web page"),
    "web page with a mark": (b"\xef\xbb\xbf<html>", "a web page"),
    "json": (b'{"error": "not found"}', "JSON"),
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer"),
    "runtime form": (b"\x10\0\0\0ORTM" + bytes(40), "ONNX Runtime's own form"),
    "lite": (b"\x1c\0\0\0TFL3" + bytes(40), "a TensorFlow Lite model"),
    "program": (b"\x7fELF" + bytes(40), "a program"),
    "text": (b"hello, this is no network", "cut off, or no ONNX file"),
    "zeros": (bytes(100), "cut off, or no ONNX file"),
}
NETWORKS = {
    "external data": (network(initializers=[external()]), "keeps its weights in another file"),
    "external data in a constant": (
        network(nodes=[helper.make_node("Constant", [], ["y"], value=external())]),
        "keeps its weights in another file",
    ),
    "external data in an inner graph": (
        network(nodes=[nested(helper.make_node("Constant", [], ["y"], value=external()))]),
        "keeps its weights in another file",
    ),
    "external data in a function": (
        network(functions=[function("ai.onnx", helper.make_node("Constant", [], ["y"], value=external()))]),
        "keeps its weights in another file",
    ),
    "external data of a sparse tensor": (
        network(
            nodes=[
                helper.make_node(
                    "Constant", [], ["y"], sparse_value=onnx.SparseTensorProto(values=external(), dims=[9])
                )
            ]
        ),
        "keeps its weights in another file",
    ),
    "operator set": (network(domains=("", "evil")), "needs operators of evil"),
    "operator": (network(nodes=[custom()]), "needs operators of evil"),
    "operator of a set that is often named": (network(nodes=[custom("org.pytorch.aten", "ATen")]), "org.pytorch.aten"),
    "operator in an inner graph": (network(nodes=[nested(custom())]), "needs operators of evil"),
    "function": (network(functions=[function("mine", IDENTITY)]), "needs operators of mine"),
    "operator in a function": (network(functions=[function("ai.onnx", custom())]), "needs operators of evil"),
    "operator in what a function takes": (
        network(functions=[function("ai.onnx", IDENTITY, preset=[nested(custom()).attribute[0]])]),
        "needs operators of evil",
    ),
    "data elsewhere in what a function takes": (
        network(functions=[function("ai.onnx", IDENTITY, preset=[helper.make_attribute("value", external())])]),
        "keeps its weights in another file",
    ),
    "device program": (
        network(nodes=[custom("com.microsoft", "EPContext")], domains=("", "com.microsoft")),
        "EPContext, which loads programs",
    ),
    "python": (network(nodes=[nested(custom("com.microsoft", "PythonOp"))]), "PythonOp, which loads programs"),
    "huge tensor": (
        network(initializers=[onnx.TensorProto(name="w", dims=[2**40], data_type=TensorProto.FLOAT)]),
        "w has a size that cannot be",
    ),
    "negative tensor": (
        network(initializers=[onnx.TensorProto(name="w", dims=[-4], data_type=TensorProto.FLOAT)]),
        "w has a size that cannot be",
    ),
    "half a tensor": (
        network(initializers=[onnx.TensorProto(name="w", dims=[4], data_type=TensorProto.FLOAT, raw_data=b"12345678")]),
        "w has more or fewer values",
    ),
    "huge constant": (
        network(nodes=[helper.make_node("ConstantOfShape", ["shape"], ["y"])], initializers=[SHAPE]),
        "y has a size that cannot be",
    ),
    "huge input": (network(inputs=(2**20, 2**20)), "x has a size that cannot be"),
    "no operator set": (network(domains=()), "cut off"),
}


@pytest.mark.parametrize(("content", "reason"), (DISGUISES | NETWORKS).values(), ids=[*DISGUISES, *NETWORKS])
def test_is_refused_by_name(content, reason):
    with pytest.raises(ModelUnsafeError, match=rf"^bad\.onnx\b.*{reason}") as caught:
        read_graph(content, "bad.onnx")
    assert caught.value.exit_code == 47
    assert caught.value.hint


def test_a_network_cut_anywhere_is_refused():
    content = toy_network()
    for length in range(len(content)):
        with pytest.raises(ModelUnsafeError):
            read_graph(content[:length], "cut.onnx")


def test_a_harmless_network_is_read():
    graph = read_graph(toy_network(), "toy.onnx")
    assert list(map(str, graph.inputs)) == ["input [batch,3,8,8] float32"]
    assert list(map(str, graph.outputs)) == ["output [batch,3,8,8] float32"]


def test_harmless_things_are_no_reason_to_refuse():
    half = helper.make_tensor("half", TensorProto.FLOAT16, [3], [1.0, 2.0, 3.0])
    packed = onnx.TensorProto(name="raw", dims=[2, 2], data_type=TensorProto.INT8, raw_data=b"1234")
    scalar = onnx.TensorProto(name="one", data_type=TensorProto.FLOAT, raw_data=bytes(4))
    inner = nested(helper.make_node("Constant", [], ["y"], value=scalar))
    content = network(nodes=[inner], initializers=[half, packed, scalar], functions=[function("ai.onnx", IDENTITY)])
    assert read_graph(content, "fine.onnx").outputs
    saved_by_the_runtime = network(
        domains=("", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc", "org.pytorch.aten")
    )
    assert read_graph(saved_by_the_runtime, "fine.onnx").outputs


def test_every_bundled_network_is_harmless():
    for path in ModelStore().folder.glob("*.onnx"):
        assert read_graph(path.read_bytes(), path.name).inputs
