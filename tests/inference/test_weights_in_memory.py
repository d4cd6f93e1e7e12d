"""Weights are in memory once: the runtime is handed a graph that refers to them where they lie."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pytest

from facefusion.inference import runner as runner_module
from facefusion.inference import source as source_module
from facefusion.inference.execution import Execution
from facefusion.inference.session import Session
from facefusion.inference.source import ChangedFile, references
from facefusion.inference.weights import outline
from generated.builder import NetworkBuilder
from generated.sessions import PICTURES, picture_net


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "weights, of süd.onnx"
    path.write_bytes(picture_net(channels=1024).SerializeToString())
    return path


@pytest.fixture
def all_worth(monkeypatch):
    monkeypatch.setattr(source_module, "WORTH", 0)


def test_what_is_handed_over_has_the_same_graph_and_no_large_tensor(net, all_worth):
    content, folder = references(net)
    assert folder == net.parent
    assert len(content) < net.stat().st_size / 20
    small, full = onnx.load_model_from_string(content), onnx.load(net)
    assert small.graph.node == full.graph.node
    onnx.external_data_helper.load_external_data_for_model(small, str(folder))
    again = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in small.graph.initializer}
    for tensor in full.graph.initializer:
        assert np.array_equal(again[tensor.name], onnx.numpy_helper.to_array(tensor))


def test_small_files_and_bytes_are_handed_over_as_they_are(net):
    assert references(net) is None
    assert references(net.read_bytes()) is None


def test_a_link_leads_to_where_the_weights_are(net, tmp_path, all_worth):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.onnx"
    link.symlink_to(net)
    assert references(link)[1] == net.parent
    inputs = np.random.default_rng(0).random((2, 3, 16, 16), np.float32)
    results = [Session(lambda file=file: file, contract=PICTURES).run(inputs)["output"] for file in (net, link)]
    assert np.array_equal(*results)


def test_a_changed_graph_refers_to_the_same_weights(net, all_worth):
    content = net.read_bytes()
    parts = outline(content, "net")
    changed = onnx.load_model_from_string(parts.small)
    changed.graph.name = "changed"
    small, _ = references(ChangedFile(changed.SerializeToString(), net, "net"))
    assert onnx.load_model_from_string(small).graph.name == "changed"
    assert {each.name for each in onnx.load_model_from_string(small).graph.initializer} >= parts.names


@pytest.mark.parametrize("batch", [1, "n"])
def test_the_result_is_the_same(tmp_path, monkeypatch, batch):
    path = tmp_path / "net.onnx"
    path.write_bytes(picture_net(channels=1024, batch=batch).SerializeToString())
    inputs = np.random.default_rng(0).random((3, 3, 16, 16), np.float32)
    plain = Session(lambda: path, Execution(cache=tmp_path / "a"), contract=PICTURES).run(inputs)
    monkeypatch.setattr(source_module, "WORTH", 0)
    mapped = Session(lambda: path, Execution(cache=tmp_path / "b"), contract=PICTURES).run(inputs)
    assert np.array_equal(plain["output"], mapped["output"])


def test_where_the_runtime_does_not_take_it_the_file_is_loaded_whole(net, monkeypatch, all_worth):
    monkeypatch.setattr(runner_module, "references", lambda source: (b"no network", net.parent))
    assert Session(lambda: net, contract=PICTURES).run(np.zeros((1, 3, 16, 16), np.float32))["output"].shape[0] == 1


MEMORY = """
import sys
from pathlib import Path
from facefusion.inference.runner import Fallback, Wish, open_runner
from facefusion.inference.execution import Execution

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) * 1024

before = peak()
runner = open_runner(Path(sys.argv[1]), Execution(), Fallback(), Wish("net"))
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read as Linux tells it")
def test_loading_takes_hardly_more_than_the_weights(tmp_path):
    path = tmp_path / "net.onnx"
    net = NetworkBuilder()
    value = net.pooled(net.conv(net.input("input", ["n", 3, 16, 16]), 3, 1024))
    for _ in range(40):
        value = net.dense(value, 1024, 1024)
    net.output("output", value, ["n", 1024])
    path.write_bytes(net.model().SerializeToString())
    size = path.stat().st_size
    done = subprocess.run([sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1.6 * size, "read with the graph, they are there twice"
