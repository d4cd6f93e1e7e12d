"""From values at vertices to values at pixels: facts that hold for any mesh."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facefusion.faces.mesh import INNER_LIPS, LEFT_EYE, RIGHT_EYE, triangles, vertex_normals
from facefusion.processors.face_swapper.mesh.raster import MeshRaster
from material import face_of, mesh_at, outline_mask, polygon_mask

SIZE = (300, 300)


def draw(mesh, grow=2):
    return MeshRaster.draw(mesh, vertex_normals(mesh), SIZE, grow=grow)


@pytest.fixture(scope="module", params=[{}, {"yaw": 35}, {"pitch": -20, "roll": 40}], ids=str)
def mesh(request):
    return mesh_at(150, 150, 200, **request.param)


def test_what_is_linear_in_the_picture_is_interpolated_exactly(mesh):
    raster = draw(mesh)
    x, y = mesh[:, 0], mesh[:, 1]
    values = np.stack([x, y, 3 * x - 2 * y + 7, np.full_like(x, 5)], 1)
    fields = raster.interpolate(values.astype(np.float32))
    inside = raster.numbers >= 0
    rows, columns = np.nonzero(inside)
    expected = np.stack([columns, rows, 3 * columns - 2 * rows + 7, np.full_like(rows, 5)], 1)
    # Slivers take one value, that of their middle; they are few.
    close = np.abs(fields[inside] - expected).max(1) < 0.05
    assert close.mean() > 0.97
    assert np.abs(fields[inside] - expected).max() < 15


def test_each_triangle_interpolates_its_own_corners(mesh):
    raster = draw(mesh)
    values = np.random.default_rng(0).random((468, 1)).astype(np.float32)
    field = raster.interpolate(values)[..., 0]
    for number in (0, 100, 400, 851):
        rows, columns = np.nonzero(raster.numbers == number)
        corners = mesh[triangles()[number], :2].astype(float)
        if len(rows) < 4 or abs(np.linalg.det(np.column_stack([corners, np.ones(3)]))) < 2:
            continue
        shares = np.linalg.solve(
            np.column_stack([corners, np.ones(3)]).T, np.stack([columns, rows, np.ones(len(rows))])
        )
        assert field[rows, columns] == pytest.approx(values[triangles()[number], 0] @ shares, abs=1e-3)


def test_values_stay_within_those_of_the_vertices(mesh):
    values = np.random.default_rng(1).random((468, 2)).astype(np.float32)
    fields = draw(mesh).interpolate(values)
    covered = draw(mesh).numbers >= 0
    low, high = np.percentile(fields[covered], [0.5, 99.5])
    assert low > -0.05
    assert high < 1.05


def test_the_face_is_covered_without_holes_but_for_eyes_and_mouth():
    mesh = mesh_at(150, 150, 200)
    raster = draw(mesh)
    face = outline_mask(face_of(mesh), SIZE, 0.97)
    for rim in (LEFT_EYE, RIGHT_EYE, INNER_LIPS):
        face &= ~polygon_mask(mesh[list(rim), :2], SIZE)
    assert (raster.numbers[face] >= 0).mean() > 0.995
    assert (raster.numbers[~outline_mask(face_of(mesh), SIZE, 1.04)] == -1).all()


def test_the_eyes_stay_open():
    mesh = mesh_at(150, 150, 200)
    for rim in (LEFT_EYE, RIGHT_EYE):
        x, y = mesh[list(rim), :2].mean(0).round().astype(int)
        assert draw(mesh).numbers[y, x] == -1


def test_triangles_that_face_away_are_culled():
    def shown(**turn):
        numbers = draw(mesh_at(150, 150, 200, **turn)).numbers
        return {int(number) for number in np.unique(numbers) if number >= 0}

    frontal, turned = shown(), shown(yaw=60)
    assert len(frontal) > 750
    assert len(turned) < 0.8 * len(frontal)
    assert len(shown(yaw=180)) < 0.2 * len(frontal)


def test_the_nearer_triangle_covers_the_farther():
    mesh = mesh_at(150, 150, 200, yaw=45)
    raster = draw(mesh)
    depth = raster.interpolate(mesh[:, 2:].astype(np.float32))[..., 0]
    x, y = mesh[1, :2].round().astype(int)
    assert depth[y, x] == pytest.approx(mesh[1, 2], abs=4), "nothing lies over the tip of the nose"


def test_values_go_on_a_few_pixels_past_the_edge_and_then_end():
    mesh = mesh_at(150, 150, 200)
    for grow in (1, 3):
        raster = draw(mesh, grow)
        field = raster.interpolate(np.ones((468, 1), np.float32))[..., 0]
        assert field[raster.numbers >= 0] == pytest.approx(1, abs=1e-4)
        beyond = field[(raster.numbers < 0) & (field > 0)]
        assert beyond == pytest.approx(1, abs=1e-3)
        rows = np.nonzero(raster.numbers[:, 150] >= 0)[0]
        assert field[rows[0] - grow, 150] > 0
        assert field[rows[0] - grow - 2, 150] == 0


@pytest.mark.parametrize("place", [(-500, -500), (1000, 150), (150, 300), (0, 0)])
def test_a_mesh_partly_or_wholly_outside_is_no_problem(place):
    raster = draw(mesh_at(*place, 200))
    assert np.isfinite(raster.interpolate(np.ones((468, 1), np.float32))).all()


def test_a_mesh_of_no_size_is_no_problem():
    mesh = np.full((468, 3), 150, np.float32)
    assert np.isfinite(draw(mesh).interpolate(np.ones((468, 1), np.float32))).all()


def test_what_changes_slowly_is_spread_at_half_the_size_with_the_same_result(mesh):
    raster = draw(mesh, grow=4)
    x, y = mesh[:, 0], mesh[:, 1]
    values = np.stack([x, y, x + y, np.ones_like(x)], 1).astype(np.float32)
    (four,) = raster.smoothly(values)
    assert four.shape == (*SIZE, 4)
    inside = cv2.erode((raster.numbers >= 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    apart = np.abs(four - raster.interpolate(values))[inside]
    assert np.percentile(apart, 97) < 0.3
    assert not four[raster.near() == 0][:, 3].any() or four[raster.near() == 0][:, 3].mean() < 0.05


def test_growing_further_changes_nothing_on_the_face(mesh):
    raster, values = draw(mesh), mesh[:, :2].astype(np.float32)
    wider = raster.growing(5)
    assert (wider.interpolate(values)[raster.numbers >= 0] == raster.interpolate(values)[raster.numbers >= 0]).all()
    assert (wider.near() > 0).sum() > (raster.near() > 0).sum()
