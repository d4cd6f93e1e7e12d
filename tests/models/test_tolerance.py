"""The converted models compute what the originals compute in the runtimes they were made for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

pytest.importorskip("onnx", reason="onnx is not installed (requirements/models.txt)")
pytest.importorskip("tflite", reason="tflite is not installed (requirements/models.txt)")

import onnxruntime
from models.recipes import RECIPES, Recipe

# Largest absolute difference allowed per output, in its own unit: input pixels for points and boxes, logits for scores.
TOLERANCES = {
    "blazeface_short_range": {"boxes": 5e-4, "scores": 5e-4},
    "blazeface_full_range": {"boxes": 5e-4, "scores": 1e-4},
    "face_mesh": {"landmarks": 1e-3, "presence": 1e-4},
    "iris": {"eye": 5e-4, "iris": 5e-4},
}
RANGES = {"blazeface_short_range": (-1, 1), "blazeface_full_range": (-1, 1), "face_mesh": (0, 1), "iris": (0, 1)}
DLIB_TOLERANCE = 2e-6
DLIB_MEAN = np.array([122.782, 117.001, 104.298], np.float32)


def recipe_of(name: str) -> Recipe:
    return next(recipe for recipe in RECIPES if recipe.name == name)


def open_session(inference: Path, name: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(inference / "pack" / f"{name}.onnx"), providers=["CPUExecutionProvider"])


def noise(size: int) -> list[NDArray[np.uint8]]:
    return list(np.random.default_rng(7).integers(0, 256, (3, size, size, 3), np.uint8))


def read_pictures(paths: list[Path], size: int) -> list[NDArray[np.uint8]]:
    return [np.asarray(Image.open(path).convert("RGB").resize((size, size))) for path in paths]


def run_tflite(content: bytes, values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
    interpreter = litert.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def compare_with_tflite(name: str, inference: Path, archives: Path, pictures: list[NDArray[np.uint8]]) -> None:
    content = recipe_of(name).source(archives)
    session = open_session(inference, name)
    low, high = RANGES[name]
    for picture in pictures:
        values = (picture[None].astype(np.float32) / 255 * (high - low) + low).astype(np.float32)
        found = session.run(None, {"input": values.transpose(0, 3, 1, 2)})
        for (output, tolerance), ours, theirs in zip(
            TOLERANCES[name].items(), found, run_tflite(content, values), strict=True
        ):
            difference = np.abs(ours - theirs.reshape(ours.shape)).max()
            assert difference <= tolerance, f"{output} differs by {difference}"


def side(inference: Path, name: str) -> int:
    size: int = open_session(inference, name).get_inputs()[0].shape[2]
    return size


@pytest.mark.parametrize("name", sorted(TOLERANCES))
def test_mediapipe_models_agree_with_litert_on_noise(name: str, inference: Path, archives: Path):
    compare_with_tflite(name, inference, archives, noise(side(inference, name)))


@pytest.mark.parametrize("name", sorted(TOLERANCES))
def test_mediapipe_models_agree_with_litert_on_portraits(
    name: str, inference: Path, archives: Path, portraits: list[Path]
):
    compare_with_tflite(name, inference, archives, read_pictures(portraits, side(inference, name)))


@pytest.fixture(scope="module")
def dlib_recogniser(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    dlib = pytest.importorskip("dlib", reason="dlib is not installed (dlib-bin in requirements/models.txt)")
    path = tmp_path_factory.mktemp("dlib") / "resnet.dat"
    path.write_bytes(recipe_of("dlib_resnet").source(archives))
    return dlib.face_recognition_model_v1(str(path))


def compare_with_dlib(recogniser: Any, inference: Path, chips: list[NDArray[np.uint8]]) -> None:
    session = open_session(inference, "dlib_resnet")
    for chip in chips:
        values = ((chip.astype(np.float32) - DLIB_MEAN) / 256).transpose(2, 0, 1)[None]
        (embedding,) = session.run(None, {"input": values})
        expected = np.array(recogniser.compute_face_descriptor(np.ascontiguousarray(chip), 0))
        assert np.abs(embedding[0] - expected).max() <= DLIB_TOLERANCE


def test_identity_agrees_with_dlib_on_noise(dlib_recogniser: Any, inference: Path):
    compare_with_dlib(dlib_recogniser, inference, noise(150))


def test_identity_agrees_with_dlib_on_portraits(dlib_recogniser: Any, inference: Path, portraits: list[Path]):
    compare_with_dlib(dlib_recogniser, inference, read_pictures(portraits, 150))
