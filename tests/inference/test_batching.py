"""Files that fix their batch at 1 take batches where that changes nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from facefusion.errors import ModelUnsafeError
from facefusion.inference import file as file_module
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.execution import Execution
from facefusion.inference.graph import read_graph
from facefusion.inference.session import Session
from facefusion.inference.weights import LARGE, outline, put_together
from generated.builder import NetworkBuilder
from generated.sessions import PICTURES, POINTS, baked_net, grouped_net, mixing_net, picture_net, points_net


@pytest.fixture
def execution(tmp_path):
    return Execution(cache=tmp_path / "cache")


def session_of(model, contract, execution):
    return Session(model.SerializeToString, execution, contract=contract, name="generated")


def pictures(count, size=16):
    return np.random.default_rng(1).random((count, 3, size, size), np.float32)


def one_by_one(session, batch):
    parts = [session.run({"input": batch[i : i + 1]}) for i in range(len(batch))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


NETS = {
    "nothing baked in": (picture_net, PICTURES, True),
    "a Reshape": (points_net, POINTS, True),
    "Reshape, Resize, Slice, Expand and Tile": (baked_net, PICTURES, True),
    "a Reshape, though it says that it takes any": (lambda: points_net(batch="n"), POINTS, True),
    "items see one another": (mixing_net, PICTURES, False),
    "items see one another, though it says that it takes any": (lambda: mixing_net("n"), PICTURES, False),
    "the batch in the channels": (grouped_net, PICTURES, False),
}


@pytest.mark.parametrize("case", NETS)
def test_a_batch_gives_what_its_items_give_alone(case, execution):
    make, contract, takes_batches = NETS[case]
    session = session_of(make(), contract, execution)
    assert (session.best_batch > 1) is takes_batches, "whether it is worked off in one go"
    batch = pictures(7)
    together, alone = session.run({"input": batch}), one_by_one(session, batch)
    for name, values in together.items():
        assert len(values) == 7
        assert np.abs(values - alone[name]).max() <= 1e-5


def test_outputs_that_need_have_no_batch_are_held_against_those_of_items_too(execution):
    net = NetworkBuilder()
    value = net.conv(net.input("input", [1, 3, 16, 16]), 3, 2)
    rows = net.node("Transpose", value, perm=[2, 3, 0, 1])
    flat = net.node("Reshape", rows, net.constant(np.array([1, -1, 1], np.int64)))
    net.output("scores", flat, [1, 512, 1])
    contract = Contract(PICTURES.inputs, (TensorSpec("scores", ("...", "anchors", 1)),))
    session = session_of(net.model(), contract, execution)
    assert session.best_batch == 1, "a Reshape that takes batches would mix up the anchors"
    assert session.run(pictures(3))["scores"].shape == (3, 512, 1)


def test_a_file_that_takes_batches_is_left_as_it_is(execution):
    session = session_of(picture_net(batch="n"), PICTURES, execution)
    assert (session.best_batch > 1, session.inputs["input"].shape[0]) == (True, "n")
    [kept] = (execution.cache / "batching").iterdir()
    assert kept.read_text() == '"as it is"'


def test_a_network_of_which_one_item_fills_memory_is_not_tried_with_three(execution):
    assert session_of(picture_net(size=1024, channels=1), PICTURES, execution).best_batch == 1
    assert not (execution.cache / "batching").exists()


def test_the_trial_is_made_once(execution, monkeypatch):
    session_of(points_net(), POINTS, execution)
    [kept] = (execution.cache / "batching").iterdir()
    assert kept.read_text() == '"all"'
    monkeypatch.setattr(file_module.Trial, "way", lambda self: pytest.fail("tried again"))
    assert session_of(points_net(), POINTS, execution).best_batch > 1


@pytest.mark.parametrize("content", ["", "{", '"sideways"', "[]"])
def test_a_verdict_that_cannot_be_read_is_found_anew(execution, content):
    session_of(points_net(), POINTS, execution)
    [kept] = (execution.cache / "batching").iterdir()
    kept.write_text(content)
    assert session_of(points_net(), POINTS, execution).best_batch > 1
    assert kept.read_text() == '"all"'


def test_a_cache_that_cannot_be_written_costs_time_alone(tmp_path):
    (tmp_path / "file").write_text("in the way")
    session = session_of(points_net(), POINTS, Execution(cache=tmp_path / "file"))
    assert session.best_batch > 1


def test_large_tensors_are_not_read_to_look_into_a_file():
    content = picture_net(channels=1024).SerializeToString()
    parts = outline(content, "net")
    assert len(parts.large) == 2
    assert all(tensor.end - tensor.start > LARGE for tensor in parts.large)
    assert len(parts.small) < len(content) / 50
    assert read_graph(content, "net") == read_graph(parts.small, "net")


def test_the_pieces_of_a_file_make_the_same_network():
    model = picture_net(channels=1024)
    content = model.SerializeToString()
    parts = outline(content, "net")
    again = onnx.load_model_from_string(b"".join(put_together(parts.small, content, parts.large)))
    weights = {tensor.name: tensor.raw_data for tensor in model.graph.initializer}
    assert {tensor.name: tensor.raw_data for tensor in again.graph.initializer} == weights
    assert again.graph.node == model.graph.node


def test_a_file_with_large_tensors_is_changed_too(execution, tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(picture_net(channels=1024).SerializeToString())
    session = Session(lambda: path, execution, contract=PICTURES, name="generated")
    batch = pictures(4)
    assert np.abs(session.run(batch)["output"] - one_by_one(session, batch)["output"]).max() <= 1e-5
    assert [each.name for each in execution.cache.iterdir()] == ["batching"], "no copy stays"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(share):
    content = picture_net(channels=1024).SerializeToString()
    with pytest.raises(ModelUnsafeError, match="net is cut off, or no ONNX file"):
        read_graph(content[: int(share * len(content))], "net")


def test_large_tensors_in_other_files_are_refused():
    model = picture_net(channels=1024)
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, "elsewhere.bin")
    with pytest.raises(ModelUnsafeError, match="net keeps its weights in another file"):
        read_graph(model.SerializeToString(), "net")


def test_an_output_without_a_batch_is_given_once(execution):
    contract = replace(PICTURES, outputs=(*PICTURES.outputs, TensorSpec("scale", (1,))))
    values = session_of(picture_net(scale=True), contract, execution).run(pictures(3))
    assert (values["output"].shape[0], values["scale"].shape) == (3, (1,))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="only Linux tells what a process has taken at most")
@pytest.mark.parametrize("batch", [1, "n"])
def test_a_large_file_is_in_memory_once_and_for_a_moment_little_more_than_twice(tmp_path, batch):
    path = tmp_path / "net.onnx"
    path.write_bytes(points_net(batch, hidden=8_000).SerializeToString())
    size = path.stat().st_size
    command = [sys.executable, "-c", MEASURED, str(path), str(tmp_path / "cache")]
    for _ in range(2):  # the first time, the file is tried as well
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    held, most = (int(number) / size for number in told.split())
    assert held < 1.6
    assert most < 2.8


MEASURED = """
import sys
from pathlib import Path
import onnx
from facefusion.cli.allocator import keep_memory_level
from facefusion.inference.execution import Execution
from facefusion.inference.session import Session
from facefusion.inference.contract import Contract, TensorSpec
keep_memory_level()
def bytes_of(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(name)).split()[1])
before = bytes_of("VmRSS")
contract = Contract((TensorSpec("input", ("batch", 3, "height", "width")),), (TensorSpec("points", ("batch", 8)),))
session = Session(lambda: Path(sys.argv[1]), Execution(cache=Path(sys.argv[2])), contract=contract)
print(bytes_of("VmRSS") - before, bytes_of("VmHWM") - before)
"""
