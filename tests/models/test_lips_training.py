"""The lip network's making: mouths varied truly, parameters folded exactly, and the ONNX file what they give."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="onnx is not installed (requirements/models.txt)")

import onnx
import onnxruntime
from models.lips_augmentation import MIRRORED, gap, normalised, opened, plain, varied
from models.lips_model import STRIDES, convert_lips
from models.lips_table import errors

CHANNELS = (3, 16, 24, 32, 32, 48, 48, 64)
TOLERANCE = 1e-5
SIDE = 112


def a_mouth(opening: float = 0.08) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A drawn mouth and its lips, as open as is wanted, in shares of the crop."""
    along = np.linspace(-1, 1, 11)
    arch = 1 - along**2
    rims = []
    for width, height in ((0.22, opening), (0.27, opening + 0.08)):
        lower = np.stack([0.5 + width * along, 0.5 + height / 2 * arch], 1)
        upper = np.stack([0.5 + width * along, 0.5 - height / 2 * arch], 1)[-2:0:-1]
        rims.append(np.concatenate([lower, upper]))
    picture = np.full((SIDE, SIDE, 3), 190, np.uint8)
    for rim, colour in ((rims[1], (170, 70, 70)), (rims[0], (20, 0, 0))):
        cv2.fillPoly(picture, [np.round(rim * SIDE).astype(np.int32)], colour)
    return picture, np.concatenate(rims).astype(np.float32)


def random_parameters() -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(4)
    shapes = [(after, before, 3, 3) for before, after in pairwise(CHANNELS)]
    shapes += [(128, 1024), (80, 128)]
    kernels = [rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape) for shape in shapes]
    made = {f"kernel_{number}": kernel for number, kernel in enumerate(kernels)}
    made |= {f"bias_{number}": rng.normal(0, 0.1, kernel.shape[0]) for number, kernel in enumerate(kernels)}
    return {name: values.astype(np.float32) for name, values in made.items()}


def archived(parameters: dict[str, NDArray[np.float32]]) -> bytes:
    content = io.BytesIO()
    np.savez(content, **parameters)
    return content.getvalue()


def run(model: bytes, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {"input": pictures})[0]


def by_hand(parameters: dict[str, NDArray[np.float32]], picture: NDArray[np.float32]) -> NDArray[np.float64]:
    """The network, written out: picture (64, 64, 3), RGB 0 to 255."""
    value = normalised(picture).astype(np.float64)
    for number, stride in enumerate(STRIDES):
        windows = sliding_window_view(np.pad(value, ((0, 0), (1, 1), (1, 1))), (3, 3), (1, 2))[:, ::stride, ::stride]
        value = np.einsum("oiyx,ihwyx->ohw", parameters[f"kernel_{number}"], windows)
        value = np.maximum(value + parameters[f"bias_{number}"][:, None, None], 0)
    hidden = np.maximum(parameters["kernel_7"] @ value.ravel() + parameters["bias_7"], 0)
    return (parameters["kernel_8"] @ hidden + parameters["bias_8"]).reshape(40, 2)


# The file


def test_the_onnx_file_computes_what_the_parameters_say():
    parameters = random_parameters()
    pictures = np.random.default_rng(5).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    model = convert_lips(archived(parameters)).SerializeToString()
    found = run(model, pictures.transpose(0, 3, 1, 2) / np.float32(255))
    np.testing.assert_allclose(found, [by_hand(parameters, picture) for picture in pictures], atol=TOLERANCE)


def test_the_file_of_the_pack_is_what_its_parameters_give(inference: Path):
    content = (inference / "pack" / "lips.onnx").read_bytes()
    # Between the least contrast and the shape of the answer: kernel and bias of each layer.
    tensors = [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load_from_string(content).graph.initializer][1:-1]
    parameters = {f"kernel_{number}": values for number, values in enumerate(tensors[::2])}
    parameters |= {f"bias_{number}": values for number, values in enumerate(tensors[1::2])}
    assert convert_lips(archived(parameters)).SerializeToString(deterministic=True) == content


# Mouths as they might also have been seen


def test_a_mouth_opens_wider_and_its_lips_are_where_they_are_seen():
    picture, lips = a_mouth()
    wider, moved = opened(picture, lips, 2.0)
    assert gap(moved) == pytest.approx(2 * gap(lips), rel=0.05)
    assert (wider < 30).sum() == pytest.approx(2 * (picture < 30).sum(), rel=0.15)
    np.testing.assert_allclose(moved[11:20], lips[11:20], atol=1e-6, err_msg="the upper lip stays")


def test_a_mouth_can_be_shut():
    picture, lips = a_mouth()
    shut, moved = opened(picture, lips, 0.0)
    assert gap(moved) < 0.01
    assert (shut < 30).sum() < 0.2 * (picture < 30).sum()


def test_mirroring_twice_changes_nothing_and_swaps_the_corners():
    np.testing.assert_array_equal(MIRRORED[MIRRORED], np.arange(40))
    assert (MIRRORED[0], MIRRORED[20]) == (10, 30)
    assert MIRRORED[5] == 5, "the middle of the lower lip"


def test_a_crop_as_it_is_keeps_its_lips():
    picture, lips = a_mouth()
    seen, placed = plain(picture, lips)
    assert seen.shape == (3, 64, 64)
    assert (seen.mean(), seen.std()) == (pytest.approx(0, abs=1e-3), pytest.approx(1, abs=0.3))
    np.testing.assert_allclose(placed, lips, atol=0.01)


def test_a_varied_mouth_is_still_where_its_lips_say():
    rng = np.random.default_rng(6)
    picture, lips = a_mouth()
    for _ in range(40):
        seen, placed = varied(picture, lips, rng)
        middle = placed[:20].mean(0) * 64
        beside = placed[35] * 64 - [0, 8]  # on the skin above the outline
        inside, outside = (seen[:, *np.clip(np.round(at[::-1]), 0, 63).astype(int)].mean() for at in (middle, beside))
        assert inside < outside or gap(placed) < 0.03
        assert (placed[0, 0] < placed[10, 0]) and np.isfinite(seen).all()


def test_errors_are_in_per_cent_of_the_crop():
    _, lips = a_mouth()
    assert errors(lips[None], lips[None]) == (0, 0, 0)
    lower = lips.copy()
    lower[1:10, 1] += 0.02
    rim, outline, opening = errors(lower[None], lips[None])
    assert (rim, outline, opening) == (pytest.approx(0.9, abs=0.01), 0, pytest.approx(2.0, abs=0.01))


# Training; needs PyTorch


def test_training_learns_and_leaves_parameters_that_give_the_same_network():
    pytest.importorskip("torch", reason="PyTorch is not installed (requirements/training.txt)")
    from models.lips_training import Mouths, evaluate, train

    crops, lips = zip(*(a_mouth(opening) for opening in np.linspace(0, 0.2, 12)), strict=True)
    parts = np.array(["training"] * 11 + ["held out"])
    mouths = Mouths(np.array(crops), np.array(lips), np.array(lips), parts)
    network = train(mouths.of("training"), steps=40, seed=0)
    parameters = dict(network.parameters_folded())
    pictures = np.random.default_rng(5).uniform(0, 255, (3, 64, 64, 3)).astype(np.float32)
    theirs = network.lips(np.array([normalised(picture) for picture in pictures]))
    ours = run(convert_lips(archived(parameters)).SerializeToString(), pictures.transpose(0, 3, 1, 2) / np.float32(255))
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)
    assert len(evaluate(network, mouths)) == 2
    again = train(mouths.of("training"), steps=40, seed=0).parameters_folded()
    assert all(np.array_equal(values, again[name]) for name, values in parameters.items()), "drawn from the seed alone"
