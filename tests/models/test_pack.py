"""The bundled pack: every file is what the catalogue says and keeps its contract."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

CONTRACTS = {
    "blazeface_short_range": ([3, 128, 128], {"boxes": [896, 16], "scores": [896]}),
    "blazeface_full_range": ([3, 192, 192], {"boxes": [2304, 16], "scores": [2304]}),
    "face_mesh": ([3, 192, 192], {"landmarks": [468, 3], "presence": []}),
    "iris": ([3, 64, 64], {"eye": [71, 3], "iris": [5, 3]}),
    "front": ([3, 96, 96], {"front": [1, 96, 96]}),
    "lips": ([3, 64, 64], {"lips": [40, 2]}),
    "dlib_resnet": ([3, 150, 150], {"embedding": [128]}),
}
NAMES = sorted(CONTRACTS)


def open_session(inference: Path, name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(inference / "pack" / f"{name}.onnx"), options, providers=["CPUExecutionProvider"]
    )


def read_entry(inference: Path, name: str) -> dict[str, object]:
    return tomllib.loads((inference / "catalogue" / "bundled" / f"{name}.toml").read_text("utf-8"))


def test_pack_catalogue_and_cards_list_the_same_models(inference: Path):
    assert sorted(path.stem for path in (inference / "pack").glob("*.onnx")) == NAMES
    assert sorted(path.stem for path in (inference / "catalogue" / "bundled").glob("*.toml")) == NAMES
    assert sorted(path.stem for path in (inference / "pack" / "cards").glob("*.md")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_file_is_the_catalogued_one(inference: Path, name: str):
    entry = read_entry(inference, name)
    content = (inference / "pack" / str(entry["file"])).read_bytes()
    assert len(content) == entry["bytes"]
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("name", NAMES)
def test_licence_allows_commercial_use_and_its_text_is_beside_the_weights(inference: Path, name: str):
    entry = read_entry(inference, name)
    assert entry["commercial"] is True
    licences = inference / "pack" / "licences"
    assert (licences / f"{entry['licence']}.txt").is_file()
    assert f"{name}.onnx" in (licences / "COPYRIGHT.txt").read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_inputs_and_outputs_are_the_documented_ones(inference: Path, name: str):
    session = open_session(inference, name)
    input_shape, output_shapes = CONTRACTS[name]
    (only_input,) = session.get_inputs()
    assert (only_input.name, only_input.type, only_input.shape) == ("input", "tensor(float)", ["batch", *input_shape])
    assert {output.name: output.shape for output in session.get_outputs()} == {
        output: ["batch", *shape] for output, shape in output_shapes.items()
    }
    assert read_entry(inference, name)["input_size"] == input_shape[1:]


@pytest.mark.parametrize("batch", [2, 5])
@pytest.mark.parametrize("name", NAMES)
def test_a_batch_gives_what_its_members_give_one_by_one(inference: Path, name: str, batch: int):
    session = open_session(inference, name)
    values = np.random.default_rng(1).uniform(0, 1, (batch, *CONTRACTS[name][0])).astype(np.float32)
    together = session.run(None, {"input": values})
    apart = [session.run(None, {"input": values[i : i + 1]}) for i in range(batch)]
    for position, output in enumerate(together):
        expected = np.concatenate([outputs[position] for outputs in apart])
        np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("name", NAMES)
def test_only_standard_operators_and_no_data_outside_the_file(inference: Path, name: str):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed (requirements/models.txt)")
    model = onnx.load(inference / "pack" / f"{name}.onnx", load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert [opset.domain for opset in model.opset_import] == [""]
    assert {node.domain for node in model.graph.node} == {""}
    assert not model.functions
    assert not any(onnx.external_data_helper.uses_external_data(tensor) for tensor in model.graph.initializer)
