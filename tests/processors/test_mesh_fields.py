"""Named dense fields, and the connected pieces that are found in them."""

from __future__ import annotations

import numpy as np
import pytest

from facefusion.faces.mesh import vertex_normals
from facefusion.processors.face_swapper.mesh.canonical import canonical_layout, read_zones
from facefusion.processors.face_swapper.mesh.fields import Zones, spread
from facefusion.processors.face_swapper.mesh.filters import reduced, within
from facefusion.processors.face_swapper.mesh.memory import Memories
from facefusion.processors.face_swapper.mesh.pieces import pieces_reaching
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from facefusion.processors.face_swapper.mesh.regions import foreign_zones
from material import mesh_at


@pytest.fixture(scope="module")
def mesh():
    return mesh_at(60, 60, 90)


@pytest.fixture(scope="module")
def raster(mesh):
    return MeshRaster.draw(mesh, vertex_normals(mesh), (120, 110))


def test_fields_come_back_by_name_and_in_their_own_shape(mesh, raster):
    fields = spread(raster, place=mesh[:, :2], depth=mesh[:, 2], one=np.ones((468, 1)))
    assert {name: field.shape for name, field in fields.items()} == {
        "place": (120, 110, 2),
        "depth": (120, 110),
        "one": (120, 110, 1),
    }
    assert all(field.dtype == np.float32 and field.flags.c_contiguous for field in fields.values())
    together = raster.interpolate(np.column_stack([mesh, np.ones(468)]).astype(np.float32))
    assert (np.dstack(list(fields.values())) == together).all()


def test_zones_go_in_and_come_out_by_name(raster):
    at_vertices = foreign_zones()
    zones = Zones.among(spread(raster, other=np.zeros(468), **at_vertices.by_name()))
    for name, field in zones.by_name().items():
        expected = spread(raster, alone=getattr(at_vertices, name))["alone"]
        assert (field == expected).all(), name


def pieces(*rows):
    return np.array([[character == "#" for character in row] for row in rows])


def test_only_whole_pieces_that_reach_in_from_the_rim_are_kept():
    mask = pieces("##..##", "..#...", "......", "#..##.")
    rim = pieces("#.....", "......", "......", ".#..#.")
    assert (pieces_reaching(mask, rim) == pieces("##....", "..#...", "......", "...##.")).all()
    core = pieces("......", "..#..#", "......", "......")
    assert (pieces_reaching(mask, rim, core=core) == pieces("##....", "..#...", "......", "......")).all()
    assert (pieces_reaching(mask, rim, least_area=2) == pieces("##....", "..#...", "......", "......")).all()


@pytest.mark.parametrize("filled", [True, False])
def test_no_pieces_and_no_rim_are_no_problem(filled):
    everywhere = np.ones((4, 5), bool)
    assert (pieces_reaching(everywhere == filled, everywhere) == filled).all()
    assert not pieces_reaching(everywhere, ~everywhere).any()


def test_each_followed_face_has_a_memory_of_its_own_until_it_left():
    memories = Memories()
    first, second = memories.of(1), memories.of(2)
    assert first is not second
    assert memories.of(1) is first
    assert memories.of(None) is None, "a face that is not followed is not remembered"
    for number in range(3, 3 + 22):
        memories.of(number)
    assert memories.of(99) is None, "there is no room, and all of these are in the picture"
    assert all(memories.of(1) is first for _ in range(8 * 24))
    assert memories.of(99) is not None, "one of the others has left"
    assert all(memories.of(1) is first for _ in range(8 * 24 * 24))
    assert memories.of(2) not in (None, second), "it was forgotten, and begins anew"


def test_a_face_that_was_lost_for_some_frames_is_still_remembered():
    memories = Memories()
    remembered = [memories.of(number) for number in range(5)]
    for _ in range(6):
        assert [memories.of(number) for number in range(4)] == remembered[:4]
    assert memories.of(4) is remembered[4]


def test_of_more_faces_than_can_be_remembered_the_first_keep_their_memories():
    memories = Memories()
    frames = [[memories.of(number) for number in range(40)] for _ in range(3)]
    kept = [[number for number, memory in enumerate(frame) if memory is not None] for frame in frames]
    assert kept[0] == kept[1] == kept[2] == list(range(24))
    assert frames[0][5] is frames[2][5]


def test_zones_read_from_the_canonical_face_are_those_that_would_be_drawn(raster):
    layout = spread(raster, layout=canonical_layout()[:, :2])["layout"]
    read, drawn = read_zones(layout), spread(raster, **foreign_zones().by_name())
    assert {"below_eyes", "plain", "smile_zone", "expression_zone"} < read.keys()
    for name, zone in drawn.items():
        assert np.abs(read[name] - zone)[raster.numbers >= 0].mean() < 0.02
        assert not read[name][raster.near() == 0].any()


def test_a_picture_made_smaller_keeps_its_means():
    picture = np.random.default_rng(0).integers(0, 256, (231, 173, 3), np.uint8)
    for size in ((231, 173), (200, 150), (90, 70), (20, 15)):
        small = reduced(picture, size)
        assert small.shape == (*size, 3)
        assert small.mean() == pytest.approx(picture.mean(), abs=2)


@pytest.mark.parametrize("shape", [(3,), (2, 2), (40, 30), (4, 5, 3)])
def test_values_are_held_within_limits_whatever_their_shape(shape):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    assert (within(values, -0.5, 0.5) == np.clip(values, -0.5, 0.5)).all()
