"""Turned heads: nothing is stretched, and nothing is painted over what is behind them."""

from __future__ import annotations

import numpy as np

from facefusion.faces.mesh import canonical_vertices, vertex_normals
from facefusion.processors.face_swapper.mesh.fitting import calm
from facefusion.processors.face_swapper.mesh.turned import beyond_outline, cosines, unstretched


def turned(degrees):
    """The canonical face, turned so that its nose points to the right of the picture when the angle is positive."""
    yaw = np.radians(degrees)
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    return (canonical_vertices() @ about_y.T * 130 + np.array([240, 240, 0])).astype(np.float32)


def test_what_is_not_stretched_stays_and_what_would_smear_fades():
    facing = cosines(turned(0))
    assert unstretched(calm(vertex_normals(turned(0))), facing).min() == 1
    grazing = (facing < 0.12) & (canonical_vertices()[:, 0] < 0)
    assert unstretched(calm(vertex_normals(turned(70))), facing)[grazing].max() < 0.05
    assert unstretched(calm(vertex_normals(turned(70))), facing)[facing > 0.5].min() > 0.95


def picture(reach):
    """A dark face before a light wall, whose drawn outline reaches some pixels past it on both sides, Lab."""
    lab, silhouette = np.full((80, 80, 3), 200, np.float32), np.zeros((80, 80), np.float32)
    lab[:, 20:60] = (110, 145, 145)
    silhouette[5:75, 20 - reach : 60 + reach] = 1
    return lab, silhouette


def test_background_beside_a_turned_face_is_not_painted_over():
    lab, silhouette = picture(reach=3)
    beyond = beyond_outline(lab, silhouette, yaw=45.0)
    assert beyond[20:60, 60:62].min() > 0.9  # at the far side, to which the nose points
    assert beyond[20:60, 22:57].max() < 0.1
    assert beyond[20:60, 17:20].max() == 0  # the near side is the mask's
    assert np.allclose(beyond_outline(lab, silhouette, yaw=-45.0), beyond[:, ::-1])


def test_a_face_that_looks_into_the_camera_has_no_far_side():
    assert beyond_outline(*picture(reach=3), yaw=5.0) is None
