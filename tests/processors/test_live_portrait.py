"""LivePortrait's networks: key points as the paper has them, and files in the forms that there are."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.errors import CatalogueError, ModelUnfitError, ModelUnknownError
from facefusion.faces.crops import FaceCrop
from facefusion.inference.catalogue import Catalogue
from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.graph import Graph, TensorInfo
from facefusion.processors.live_portrait.expressions import FARTHEST, approached, bounded, in_areas, moved_along
from facefusion.processors.live_portrait.geometry import Motion, rotation_matrices
from generated import live_portrait as generated
from generated.builder import NetworkBuilder, Shelf
from reference import live_portrait as reference

BOTH = ("upper-face", "lower-face")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return generated.put_editor(Shelf(tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="module")
def animator(shelf):
    return shelf.sessions().load("live_portrait", "expression_restorer")


@pytest.fixture
def crops(astronaut, astronaut_face, captain, captain_face):
    pairs = ((astronaut, astronaut_face), (captain, captain_face))
    return [FaceCrop.cut(image, face, "arcface_128", 512).image for image, face in pairs]


def some_motion(count=3, seed=0):
    random = np.random.default_rng(seed)
    angles = random.uniform(-40, 40, (3, count)).astype(np.float32)
    rest = [random.normal(size=shape).astype(np.float32) for shape in ((count,), (count, 3))]
    return Motion(*angles, *rest, *(random.normal(size=(2, count, 21, 3)) * 0.1).astype(np.float32))


def as_reference(motion, at):
    names = ("pitch", "yaw", "roll", "scale", "translation", "expression")
    return {name: getattr(motion, name)[at] for name in names} | {"motion_points": motion.canonical[at]}


def test_a_head_is_turned_about_fixed_axes_one_after_the_other():
    pitch, yaw, roll = np.float32([[10, -20], [30, 5], [-7, 40]])
    for turn, *angles in zip(rotation_matrices(pitch, yaw, roll), pitch, yaw, roll, strict=True):
        assert np.allclose(turn, reference.rotation(*angles), atol=1e-6)


def test_a_nod_alone_leaves_x_where_it_is():
    [turn] = rotation_matrices(np.float32([90]), np.float32([0]), np.float32([0]))
    assert np.allclose(turn @ [1, 0, 0], [1, 0, 0], atol=1e-6)
    assert np.allclose(turn @ [0, 1, 0], [0, 0, 1], atol=1e-6)


def test_key_points_are_scaled_after_expression_and_turn():
    motion = some_motion()
    for at, found in enumerate(motion.points()):
        assert np.allclose(found, reference.points(as_reference(motion, at), motion.expression[at]), atol=1e-5)


def test_motions_can_be_taken_apart():
    motion = some_motion()
    assert len(motion[1:]) == 2
    assert np.array_equal(motion[1:].points(), motion.points()[1:])


@pytest.mark.parametrize("areas", [BOTH, ("upper-face",), ("lower-face",)])
@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0])
def test_expressions_are_mixed_in_the_areas_chosen(areas, factor):
    now, wanted = (np.random.default_rng(5).uniform(-0.1, 0.1, (2, 2, 21, 3))).astype(np.float32)
    found = approached(now, wanted, factor, areas)
    for at in range(2):
        assert np.allclose(found[at], reference.mixed(now[at], wanted[at], factor, areas), atol=1e-6)


def test_head_and_neck_have_no_expression():
    assert np.flatnonzero(~in_areas(BOTH)).tolist() == [0, 4, 5, 8, 9]


def test_a_movement_is_added_to_what_a_face_does():
    now, movement = np.full((1, 21, 3), 0.02, np.float32), np.full((1, 21, 3), 0.05, np.float32)
    found = moved_along(now, movement, 0.5, ("lower-face",))
    assert np.allclose(found[0, 19], 0.05)
    assert np.allclose(found[0, 11], 0.02)


def test_no_expression_goes_beyond_a_real_faces_unless_it_was_there():
    now = np.float32([0.1, 0.5, -0.3, 0.0])
    assert np.allclose(bounded(np.float32([0.9, 0.9, -0.9, -0.1]), now), [FARTHEST, 0.5, -0.3, -0.1])


def test_motion_is_what_the_network_says(animator, shelf, crops):
    found, nets = animator.motion(crops), reference.Nets(shelf.folder)
    for at, crop in enumerate(crops):
        wanted = nets.motion(crop)
        assert found.pitch[at] == pytest.approx(float(wanted["pitch"]), abs=0.05)
        assert np.allclose(found.expression[at], wanted["expression"], atol=1e-3)
        assert np.allclose(found.points()[at], reference.points(wanted, wanted["expression"]), atol=2e-3)


def test_faces_of_a_batch_come_out_as_each_alone(animator, crops):
    crops = crops * 3  # more than go through the generator at once
    motion = animator.motion(crops)
    wanted = motion.points(motion.expression[::-1])
    together = animator.animate(crops, motion.points(), wanted)
    for at, crop in enumerate(crops):
        one = animator.motion([crop])
        [alone] = animator.animate([crop], one.points(), wanted[at : at + 1])
        assert np.abs(alone - together[at]).max() < 0.1


def test_a_file_that_takes_batches_gives_the_same(animator, crops, tmp_path):
    other = generated.put_restorer(Shelf(tmp_path), batch="n").sessions().load("live_portrait", "expression_restorer")
    one, all_at_once = animator.motion(crops), other.motion(crops)
    assert np.allclose(one.points(), all_at_once.points(), atol=1e-5)
    wanted = one.points(one.expression[::-1])
    pairs = [each.animate(crops, one.points(), wanted) for each in (animator, other)]
    assert np.abs(np.stack(pairs[0]) - np.stack(pairs[1])).max() < 0.1


def test_retargeters_are_loaded_when_they_are_asked_for(tmp_path):
    shelf = generated.put_editor(Shelf(tmp_path))
    (tmp_path / f"{generated.EYES}.onnx").unlink()
    editor = shelf.sessions().load("live_portrait_editor", "face_editor")
    assert editor.lips.retarget(np.zeros((2, 21, 3), np.float32), np.zeros((2, 1), np.float32), 1).shape == (2, 21, 3)
    with pytest.raises(Exception, match="live_portrait_eye_retargeter"):
        _ = editor.eyes


def test_an_entry_that_does_not_require_what_it_needs_is_refused(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.put("live_portrait", "expression_restorer", "live_portrait", generated.generator())
    with pytest.raises(CatalogueError, match=r"needs the model live_portrait_feature_extractor.*requires"):
        shelf.sessions().load("live_portrait", "expression_restorer")


def test_a_network_that_gives_other_numbers_is_refused(tmp_path, crops):
    net = NetworkBuilder(0)
    pooled = net.pooled(net.input("input", [1, 3, 256, 256]))
    for name in ("pitch", "yaw", "roll"):
        net.output(name, net.dense(pooled, 3, 66), [1, 66])
    net.output("scale", net.dense(pooled, 3, 1), [1, 1])
    net.output("translation", net.dense(pooled, 3, 3), [1, 3])
    for name in ("expression", "motion_points"):
        shape = net.constant(np.array([-1, 21, 3], np.int64))
        net.output(name, net.node("Reshape", net.dense(pooled, 3, 63), shape), [1, 21, 3])
    shelf = Shelf(tmp_path)
    shelf.put("raw", "portrait_motion", generated.MOTION, net.model())
    extractor = shelf.sessions().load("raw", "portrait_motion")
    with pytest.raises(ModelUnfitError, match=r"gives pitch as \[2, 66\], not \[2\]"):
        extractor.extract(crops)


def test_a_model_of_another_task_is_refused(shelf):
    with pytest.raises(ModelUnknownError, match="is a face_editor, not a expression_restorer"):
        shelf.sessions().load("live_portrait_editor", "expression_restorer")


def test_the_public_entries_name_one_another():
    catalogue = Catalogue.known()
    names = {"live_portrait_editor"}
    for _ in range(3):
        names |= {required for name in names for required in catalogue[name].requires}
    stems = ("feature_extractor", "motion_extractor", "generator", "eye_retargeter", "lip_retargeter", "stitcher")
    assert {catalogue[name].file for name in names} == {f"live_portrait_{stem}.onnx" for stem in stems}
    assert all(catalogue[name].licence == "MIT" for name in names)


def test_the_public_entries_fit_their_families(tmp_path):
    """The generated networks have the public files' inputs and outputs; here they take their places."""
    from facefusion.inference.session import SessionFactory
    from facefusion.inference.store import ModelStore

    shelf = generated.put_editor(Shelf(tmp_path))
    cards = {card.name: card for card in shelf.cards}
    public = Catalogue.known()
    mine = [public[name].model_copy(update={"file": card.file, "sha256": card.sha256}) for name, card in cards.items()]
    sessions = SessionFactory(("cpu",), catalogue=Catalogue(mine), store=ModelStore(tmp_path))
    editor = sessions.load("live_portrait_editor", "face_editor")
    assert editor.eyes is not editor.lips
    assert editor.animator is sessions.load("live_portrait", "expression_restorer")


@pytest.mark.parametrize("shape", [(), ("n",), ("n", 1), (1, 1, 1)])
def test_files_give_single_numbers_in_any_number_of_dimensions(shape):
    graph = Graph((), (TensorInfo("x", "float32", shape),))
    contract = Contract((), (TensorSpec("scale", ("batch", "...")),))
    assert contract.bind(graph, "toy").outputs["scale"].name == "x"


def test_what_comes_before_the_rest_of_a_shape_must_fit():
    graph = Graph((), (TensorInfo("x", "float32", (4, 7, 1)),))
    with pytest.raises(ModelUnfitError, match=r"no output scale \[batch,5,\.\.\.\]; it has x \[4,7,1\]"):
        Contract((), (TensorSpec("scale", ("batch", 5, "...")),)).bind(graph, "toy")
