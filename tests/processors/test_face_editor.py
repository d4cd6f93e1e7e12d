"""The face editor: sliders that move brows, eyes, mouth and head."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from facefusion.errors import OptionsError
from facefusion.faces.crops import FaceCrop
from facefusion.faces.templates import template_points
from facefusion.media.frame import Frame
from facefusion.options import FaceEditorOptions, Options
from facefusion.processors.base import FaceFrame, ProcessorContext
from facefusion.processors.face_editor import SPEC
from facefusion.processors.face_editor.processor import wide_crop
from facefusion.processors.face_editor.ratios import eye_ratios, lip_ratios
from facefusion.processors.face_editor.sliders import OFFSETS, edited_expression, edited_rotation
from facefusion.processors.live_portrait.geometry import Motion
from facefusion.processors.registry import installed_processors
from generated import live_portrait as generated
from generated.builder import Shelf
from material import face_of, mesh_at
from reference import live_portrait as reference

SLIDERS = [name.removeprefix("face_editor_") for name in FaceEditorOptions.model_fields if name != "face_editor_model"]
USUAL = (1, 2, 3, 7, 11, 13, 14, 15, 16, 17, 19, 20)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return generated.put_editor(Shelf(tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="module")
def sessions(shelf):
    return shelf.sessions()


def points68(mesh):
    """Those of the 68 landmarks that ratios are made of, where the mesh shows them."""
    points = np.zeros((68, 2))
    points[36:48] = mesh[[33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380], :2]
    points[[48, 54, 62, 66]] = mesh[[61, 291, 13, 14], :2]
    return points


def sliders(**values):
    return FaceEditorOptions(**{f"face_editor_{name}": value for name, value in values.items()})


def editor(sessions, **values):
    options = Options.parse({f"face_editor_{name}": value for name, value in values.items()})
    return SPEC.create(ProcessorContext(options, (), sessions))


def frame(image, face, number=0):
    return FaceFrame(Frame(number, number, 1, Fraction(1, 25), image), (face,))


def motion(**angles):
    values = [np.float32([angles.get(name, 0)]) for name in ("pitch", "yaw", "roll")]
    rest = np.zeros((1, 21, 3), np.float32)
    return Motion(*values, np.ones(1, np.float32), np.zeros((1, 3), np.float32), rest, rest)


def test_it_is_installed():
    assert installed_processors()["face_editor"] is SPEC
    assert not SPEC.needs_source


def test_with_all_sliders_at_0_frames_stay_the_same_objects(sessions, astronaut, astronaut_face):
    item = frame(astronaut, astronaut_face)
    [after] = editor(sessions).process([item])
    assert after is item


@pytest.mark.parametrize("value", [-1.0, 1.0])
@pytest.mark.parametrize("name", SLIDERS)
def test_every_slider_changes_the_face_and_nothing_far_from_it(sessions, astronaut, astronaut_face, name, value):
    item = frame(astronaut, astronaut_face)
    [after] = editor(sessions, **{name: value}).process([item])
    changed = (after.frame.image != item.frame.image).any(axis=2)
    inside = wide_crop(astronaut, astronaut_face, 512).inside(np.argwhere(changed)[:, ::-1].astype(np.float32))
    assert changed.mean() > 0.01
    assert inside.min() > -8
    assert inside.max() < 520


@pytest.mark.parametrize("name", SLIDERS)
def test_sliders_reach_from_minus_1_to_1(name):
    with pytest.raises(OptionsError, match=name.replace("_", "-")):
        Options.parse({f"face_editor_{name}": 1.1})


@pytest.mark.parametrize("name", OFFSETS)
@pytest.mark.parametrize("value", [-1.0, -0.5, 0.3, 1.0])
def test_a_slider_adds_small_offsets_to_single_key_points(name, value):
    added = edited_expression(np.zeros((1, 21, 3), np.float32), sliders(**{name: value}))[0]
    assert 0 < np.abs(added).max() <= 0.06 * abs(value) + 1e-6
    assert set(np.flatnonzero(added.any(axis=1))) <= set(USUAL)


@pytest.mark.parametrize("name", OFFSETS)
def test_both_ends_of_a_slider_are_opposed(name):
    rest = np.zeros((1, 21, 3), np.float32)
    low, high = (edited_expression(rest, sliders(**{name: value})) for value in (-1, 1))
    assert (low * high).max() <= 0
    assert not np.array_equal(low, high)


def test_sliders_add_up():
    rest = np.zeros((1, 21, 3), np.float32)
    smile, tight = edited_expression(rest, sliders(mouth_smile=0.4)), edited_expression(rest, sliders(mouth_grim=0.7))
    assert np.allclose(edited_expression(rest, sliders(mouth_smile=0.4, mouth_grim=0.7)), smile + tight, atol=1e-7)


@pytest.mark.parametrize(
    ("angles", "turns"),
    [
        ({"pitch": 5, "yaw": -10, "roll": 3}, {"pitch": 0.5, "yaw": 0.25, "roll": -1}),
        ({"pitch": 25, "yaw": 50, "roll": 15}, {"pitch": -1, "yaw": -1, "roll": 1}),
        ({"pitch": 40, "yaw": -70, "roll": 30}, {"pitch": -1, "yaw": 1, "roll": 1}),
        ({"pitch": 40, "yaw": -70, "roll": 30}, {"pitch": 1, "yaw": -1, "roll": -1}),
    ],
)
def test_a_head_is_turned_no_further_than_a_neck_allows(angles, turns):
    [found] = edited_rotation(motion(**angles), sliders(**{f"head_{axis}": value for axis, value in turns.items()}))
    assert np.allclose(found, reference.head(angles, **turns), atol=1e-5)


def test_ratios_are_those_of_the_68_points(astronaut_face):
    [(left, right)], [(lips,)] = eye_ratios([astronaut_face]), lip_ratios([astronaut_face])
    points = points68(astronaut_face.mesh)
    assert lips == pytest.approx(reference.distance_ratio(points, 62, 66, 54, 48), abs=1e-5)
    for found, first in ((left, 36), (right, 42)):
        assert found == pytest.approx(reference.eye_ratio(points, first), abs=1e-5)
        # Crosswise from lid to lid, as it is also measured, even a closed eye would have a height.
        assert 0.15 < found < reference.distance_ratio(points, first + 1, first + 4, first + 3, first)


def test_eyes_and_lips_are_on_their_sides():
    mesh = mesh_at(100, 100, 80)
    points = points68(mesh)
    assert points[36][0] < points[39][0] < points[42][0] < points[45][0]
    assert points[48][0] < points[62][0] < points[54][0]
    assert all(points[upper][1] < points[lower][1] for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)))
    assert points[62][1] <= points[66][1]


def test_a_closed_eye_has_the_ratio_0():
    mesh = mesh_at(100, 100, 80)
    for lower, upper in ((160, 144), (158, 153)):
        mesh[upper] = mesh[lower]
    [(left, right)] = eye_ratios([face_of(mesh)])
    assert left == pytest.approx(0, abs=1e-6)
    assert right > 0.1


def test_the_crop_is_half_as_wide_again(astronaut, astronaut_face):
    wide = wide_crop(astronaut, astronaut_face, 512)
    plain = FaceCrop.cut(astronaut, astronaut_face, "ffhq_512", 512)
    assert np.linalg.norm(wide.affine[:, 0]) == pytest.approx(np.linalg.norm(plain.affine[:, 0]) / 1.5, rel=1e-4)
    nose = template_points("ffhq_512", 512)[2]
    assert np.abs(wide.inside(astronaut_face.landmarks5[2:3])[0] - nose).max() < 25


@pytest.mark.parametrize(
    "values",
    [
        {"mouth_smile": 0.6, "head_yaw": -0.3},
        {"eye_open_ratio": 0.7, "head_pitch": 0.2},
        {"eye_open_ratio": -1.0, "lip_open_ratio": 0.4, "eyebrow_direction": -0.5},
        {"lip_open_ratio": -0.8},
    ],
)
def test_faces_come_out_as_by_the_reference(sessions, shelf, captain, captain_face, values):
    nets, crop = reference.Nets(shelf.folder), wide_crop(captain, captain_face, 512)
    options, now = sliders(**values), nets.motion(crop.image)
    given = reference.points(now, now["expression"])
    expression = edited_expression(now["expression"][None].astype(np.float32), options)[0]
    turn = reference.head(now, *(values.get(f"head_{axis}", 0) for axis in ("pitch", "yaw", "roll")))
    moved = reference.points(now, expression, turn)
    for name, net, ratios, opened in (
        ("eye_open_ratio", generated.EYES, eye_ratios([captain_face]), 0.6),
        ("lip_open_ratio", generated.LIPS, lip_ratios([captain_face]), 1.0),
    ):
        value = values.get(name, 0)
        told = np.concatenate([given.ravel(), ratios[0], [opened if value > 0 else 0.0]])
        moved = moved + nets.run(net, input=told[None])[0].reshape(21, 3) * abs(value)
    [stitched] = nets.run(generated.EDITOR, source=moved[None], target=given[None])
    wanted = nets.shown(crop.image, stitched[0], given)
    [found] = editor(sessions, **values)._edited([crop])
    assert np.abs(found - wanted).max() < 1


@pytest.mark.parametrize("batch", [1, "n"])
def test_faces_of_a_batch_come_out_as_each_alone(tmp_path, astronaut, astronaut_face, captain, captain_face, batch):  # noqa: PLR0917
    sessions = generated.put_editor(Shelf(tmp_path), batch=batch).sessions()
    processor = editor(sessions, eye_open_ratio=0.5, lip_open_ratio=-0.5, head_roll=0.4, mouth_pout=0.2)
    items = [frame(astronaut, astronaut_face), frame(captain, captain_face, 1)]
    together = processor.process(items)
    for item, after in zip(items, together, strict=True):
        [alone] = processor.process([item])
        assert np.abs(alone.frame.image.astype(int) - after.frame.image).max() <= 1


def test_nothing_is_remembered(sessions):
    assert editor(sessions, mouth_smile=1).state() == {}
