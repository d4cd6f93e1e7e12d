"""The source model: one face from one picture, or from several."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from facefusion.faces.mesh import mirror_vertices
from facefusion.faces.quality import merit, sharpness
from facefusion.processors.base import KeptFace, SourceFace
from facefusion.processors.face_swapper.mesh.gather import gather_shape
from facefusion.processors.face_swapper.mesh.layout import Layout, hidden_share
from facefusion.processors.face_swapper.mesh.portrait import portrait
from facefusion.processors.face_swapper.mesh.prepare import source_model, views_of
from facefusion.processors.face_swapper.mesh.regions import edge_weights
from facefusion.processors.face_swapper.mesh.saved import EXPECTED, model_state, restored_model
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.texture import fill_from
from facefusion.processors.face_swapper.mesh.view import View
from facefusion.state import StateError
from material import face_of, mesh_at, read, wearing


@pytest.fixture(scope="module")
def turned(analyser, assets):
    """A picture of a head turned by about 36 degrees, and its largest face."""
    image = read(assets / "lfw_subset" / "Paul_Bremer" / "Paul_Bremer_0002.jpg")
    return image, analyser.find(image)[0]


@pytest.fixture(scope="module")
def two_views(analyser, assets):
    """Two pictures of one person, from the front."""
    found = []
    for mood in ("neutral", "smiling"):
        image = read(assets / "pairs" / f"london-017-{mood}.jpg")
        face = analyser.find(image)[0]
        found.append(SourceFace(image, face, sharpness(image, face)))
    return found


def view(source):
    return View.of(source.image, source.face, merit=merit(source.face, source.sharpness))


def test_a_picture_from_the_front_keeps_its_own_layout_pixel_by_pixel(captain, captain_face):
    seen = View.of(captain, captain_face)
    model = SourceModel.build(captain, captain_face)
    assert Layout.of(seen).is_of(seen)
    assert (model.mesh == seen.mesh).all()
    assert (model.origins == np.stack([np.ones(468), np.zeros(468)])).all()


def test_a_turned_head_is_laid_out_straight_and_its_hidden_half_comes_from_the_other(turned):
    seen = View.of(*turned)
    model = SourceModel.build(*turned)
    hidden = (edge_weights() > 0.5) & (seen.normals[:, 2] > 0) & (seen.normals[mirror_vertices(), 2] < -0.7)
    assert hidden_share(seen) > 0.1
    assert hidden.sum() > 5
    assert (model.visibility[hidden] > 0.5).all()
    assert (model.origins[1, hidden] > 0.8).all()
    assert abs(hidden_share(View.of(portrait(model), face_of(model.mesh)))) < 0.05


def test_of_several_pictures_the_best_lends_most_and_others_what_it_hides(two_views, turned):
    first, second = two_views
    model = source_model([second, first])
    order = np.argsort([-view(second).merit, -view(first).merit])
    assert model.origins.shape == (3, 468)
    assert model.origins[order[0]].mean() > 0.8
    assert (model.origins.sum(0) < 1.01).all()


def test_the_order_of_pictures_does_not_matter(two_views):
    one, other = source_model(two_views), source_model(two_views[::-1])
    assert (one.textures[0] == other.textures[0]).all()
    assert (one.origins[[1, 0, 2]] == other.origins).all()


def test_where_a_picture_gives_way_to_another_there_is_no_seam():
    texture, other = np.zeros((64, 64, 3), np.float32), np.full((64, 64, 3), 9, np.float32)
    quality = np.repeat(np.linspace(1, 0, 64, dtype=np.float32)[None], 64, 0)
    filled, _, share = fill_from(texture, quality, other, 1 - quality)
    assert share[0, 0] == 1
    assert share[0, -1] == 0
    assert np.abs(np.diff(filled[32, :, 0])).max() < 0.5


def test_the_shape_is_that_of_pictures_from_the_front(two_views, turned):
    front, side = view(two_views[0]), View.of(*turned, merit=0.1)
    shape = gather_shape([front, side])
    assert np.abs(shape - front.shape).max() < 0.1 * np.abs(shape - side.shape).max()
    assert (gather_shape([front]) == front.shape).all()


def test_a_picture_serves_that_is_frontal_large_sharp_and_at_rest():
    def of(width=300, yaw=0.0, sharp=0.6):
        return merit(face_of(mesh_at(0, 0, width, yaw=yaw)), sharp)

    assert of() > max(of(yaw=40), of(width=60), of(sharp=0.3))
    shut = mesh_at(0, 0, 300)
    shut[159, :2] = shut[145, :2]
    assert merit(face_of(shut), 0.6) < 0.5 * of()


class TestKeeping:
    def test_what_is_kept_is_the_model_bit_for_bit(self, captain, captain_face):
        model = SourceModel.build(captain, captain_face)
        kept = KeptFace("captain", {"mesh": model_state(model)}, np.zeros((1, 128), np.float32))
        assert_same(source_model([kept]), model)

    def test_every_value_of_the_model_has_bounds(self, captain, captain_face):
        state = model_state(SourceModel.build(captain, captain_face))
        assert set(names(state)) == set(EXPECTED)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda state: state.pop("shape"), "the model has other fields"),
            (lambda state: state.update(extra=1.0), "the model has other fields"),
            (lambda state: state["light"].update(beard=2.0), r"light\.beard is out of range"),
            (lambda state: state["light"].update(beard="much"), r"light\.beard is out of range"),
            (lambda state: state.update(mesh=state["mesh"][:467]), "mesh has another shape"),
            (lambda state: state.update(mesh=state["mesh"].astype(np.float64)), "mesh is of another kind"),
            (lambda state: state.update(mesh=state["mesh"] + 500), "the texture does not fit its mesh"),
            (lambda state: state.update(textures=state["textures"][:4]), "the texture does not fit its mesh"),
            (lambda state: state.update(shape=state["shape"] * np.float32(np.nan)), "shape is out of range"),
            (lambda state: state.update(light=3), r"light\. has other fields"),
        ],
    )
    def test_what_can_be_no_model_is_refused(self, captain, captain_face, change, message):
        state = model_state(SourceModel.build(captain, captain_face))
        change(state)
        with pytest.raises(StateError, match=message):
            restored_model(state)


def names(state, before=""):
    for name, value in state.items():
        if isinstance(value, dict):
            yield from names(value, f"{before}{name}.")
        else:
            yield before + name


def assert_same(one, other):
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if is_dataclass(a):
            assert_same(a, b)
        elif isinstance(a, tuple):
            assert all((x == y).all() for x, y in zip(a, b, strict=True))
        else:
            assert np.array_equal(a, b), field.name


def test_glasses_that_one_picture_surely_shows_are_looked_for_more_closely_in_the_others(analyser, assets):
    sources = []
    for path in sorted((assets / "lfw_subset" / "Donald_Rumsfeld").glob("*.jpg")):
        image = read(path)
        face = analyser.find(image)[0]
        sources.append(SourceFace(image, face, sharpness(image, face)))
    alone = [view(source).glasses for source in sources]
    assert any(alone)
    assert not all(alone)
    assert all(each.glasses for each in views_of(sources))


def test_who_takes_glasses_off_for_a_picture_has_none_in_it(analyser, assets, two_views):
    first, bare = two_views
    image, _ = wearing(first.image, first.face)
    views = views_of([SourceFace(image, first.face, first.sharpness), bare])
    assert [each.glasses for each in views] == [True, False]
