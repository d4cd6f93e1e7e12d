"""The front network's making: what is drawn is where its labels say, and the ONNX file is what the parameters give."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("onnx", reason="onnx is not installed (requirements/models.txt)")

import onnx
import onnxruntime
from models.front_data import scene
from models.front_model import SIDE, convert_front
from models.front_things import Faces, Scene, hand, thing, wearing_glasses
from onnx import numpy_helper

from facefusion.faces.align import apply_affine, crop
from facefusion.faces.landmarkers.face_mesh import region_of_mesh

INPUTS = (3, 16, 16, 32, 32, 48, 48, 64, 64, 112, 80, 48, 16)
OUTPUTS = (16, 16, 32, 32, 48, 48, 64, 64, 64, 48, 32, 16, 4)


@pytest.fixture(scope="module")
def faces(astronaut, astronaut_face):
    affine = region_of_mesh(astronaut_face.mesh).to_crop(160)
    mesh = apply_affine(affine, astronaut_face.mesh[:, :2])
    return Faces(crop(astronaut, affine, 160)[None], np.asarray(mesh, np.float32)[None])


def archived(parameters: dict[str, NDArray[np.float32]]) -> bytes:
    content = io.BytesIO()
    np.savez(content, **parameters)
    return content.getvalue()


def test_the_pack_holds_what_its_parameters_give(inference: Path):
    content = (inference / "pack" / "front.onnx").read_bytes()
    weights = {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(content).graph.initializer}
    convolutions = [node for node in onnx.load_from_string(content).graph.node if node.op_type == "Conv"]
    assert [weights[node.input[1]].shape[:2] for node in convolutions] == list(zip(OUTPUTS, INPUTS, strict=True))
    parameters = {}
    for number, node in enumerate(convolutions):
        parameters[f"kernel_{number}"], parameters[f"bias_{number}"] = (weights[name] for name in node.input[1:])
    assert convert_front(archived(parameters)).SerializeToString(deterministic=True) == content


def test_light_and_skin_tone_do_not_matter(inference: Path):
    session = onnxruntime.InferenceSession(
        (inference / "pack" / "front.onnx").read_bytes(), providers=["CPUExecutionProvider"]
    )
    picture = np.random.default_rng(0).random((1, 3, SIDE, SIDE), np.float32)
    tinted = picture * 0.5 + np.array([0.1, 0.0, 0.2], np.float32)[None, :, None, None]
    answers = [session.run(None, {"input": each})[0] for each in (picture, tinted)]
    assert answers[0].shape == (1, 1, SIDE, SIDE)
    assert np.abs(answers[0] - answers[1]).max() < 0.25


def test_a_scene_shows_something_in_front_where_its_label_says(faces):
    rng = np.random.default_rng(1)
    made = [scene(rng, faces) for _ in range(24)]
    shares = [front[face > 0].mean() / 255 for _, front, face in made]
    assert all(
        picture.shape == (SIDE, SIDE, 3) and front.shape == face.shape == (SIDE, SIDE) for picture, front, face in made
    )
    assert 4 < sum(share == 0 for share in shares) < 20, "some faces are bare"
    assert max(shares) > 0.1


@pytest.mark.parametrize("draw", [hand, thing])
def test_things_reach_the_face(draw, faces):
    rng = np.random.default_rng(2)
    outline = np.array([[60, 40], [130, 40], [140, 110], [95, 160], [50, 110]], float)
    drawn = Scene(192, outline, np.array([200.0, 150, 130]), faces)
    reached = 0
    for _ in range(12):
        share, colour = draw(rng, drawn)
        assert share.shape == (192, 192)
        assert colour.shape == (192, 192, 3)
        assert 0 <= share.min() <= share.max() <= 1.001
        reached += share[40:160, 50:140].sum() > 10
    assert reached >= 9


def test_glasses_are_drawn_around_the_eyes(faces):
    mesh = faces.meshes[0]
    image = faces.crops[0].astype(float)
    worn = wearing_glasses(np.random.default_rng(3), image, mesh)
    changed = np.abs(worn - image).max(2) > 10
    assert changed.sum() > 50
    assert not changed[int(mesh[13, 1]) :].any()


# Training; needs PyTorch


def squares() -> tuple[NDArray[np.uint8], ...]:
    """Grey pictures, a green square in front of each second one, and faces that fill them: 424 of each."""
    rng = np.random.default_rng(4)
    pictures = rng.integers(90, 130, (424, SIDE, SIDE, 3), np.uint8)
    front, face = np.zeros((424, SIDE, SIDE), np.uint8), np.full((424, SIDE, SIDE), 255, np.uint8)
    for picture, share in zip(pictures[::2], front[::2], strict=True):
        x, y = rng.integers(0, SIDE - 40, 2)
        picture[y : y + 40, x : x + 40], share[y : y + 40, x : x + 40] = (40, 200, 60), 255
    return pictures, front, face


def test_training_learns_and_leaves_parameters_that_give_the_same_network():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (requirements/training.txt)")
    from models.front_training import evaluate, train

    made = squares()
    network = train(made, steps=40, seed=0)
    parameters = dict(network.parameters_folded())
    overlap = float(evaluate(network, made).split(",")[0].removeprefix("overlap "))
    assert overlap > 0.5
    network.eval()
    picture = (made[0][:2].transpose(0, 3, 1, 2) / 255).astype(np.float32)
    with torch.no_grad():
        theirs = torch.sigmoid(network(torch.from_numpy(picture))).numpy()
    model = convert_front(archived(parameters)).SerializeToString()
    ours = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"input": picture})[0]
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    again = train(made, steps=40, seed=0).parameters_folded()
    assert all(np.array_equal(values, again[name]) for name, values in parameters.items()), "drawn from the seed alone"
