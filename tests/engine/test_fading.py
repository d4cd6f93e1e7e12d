"""New faces come and go over a fifth of a second, and are whole at once where a scene begins."""

from __future__ import annotations

import pytest

from facefusion.engine.fading import Fades
from facefusion.state import pack, unpack
from material import face_of, mesh_at

SHAPE = (400, 600)


def face(track=1, x=300.0, presence=1.0):
    return face_of(mesh_at(x, 200, 100), track_id=track, presence=presence)


class Film:
    """Frames of 25 a second."""

    def __init__(self, fades=None):
        self.fades, self.frame = fades or Fades(), 0

    def show(self, *cast, cut=False):
        """The next frame's faces, by track: role and share."""
        shown = self.fades.update(cast, SHAPE, self.frame / 25, begins_scene=cut)
        self.frame += 1
        return {each.track_id: (each.role, pytest.approx(each.share)) for each in shown}


def test_whole_at_once_in_the_first_frame_and_after_a_cut():
    film = Film()
    assert film.show((face(), 0), cut=True) == {1: (0, 1.0)}
    assert film.show((face(), 0)) == {1: (0, 1.0)}
    assert film.show((face(2), 0), cut=True) == {2: (0, 1.0)}


def test_a_face_that_comes_later_fades_in():
    film = Film()
    film.show(cut=True)
    assert [film.show((face(), 0)) for _ in range(6)] == [{1: (0, share)} for share in (0.2, 0.4, 0.6, 0.8, 1, 1)]


def test_a_face_that_is_to_be_left_as_it_is_fades_out():
    film = Film()
    film.show((face(), 0), cut=True)
    shares = [film.show((face(), None)) for _ in range(6)]
    assert shares == [{1: (0, 0.8)}, {1: (0, 0.6)}, {1: (0, 0.4)}, {1: (0, 0.2)}, {}, {}]


def test_one_role_goes_before_another_comes():
    film = Film()
    film.show((face(), 0), cut=True)
    roles = [film.show((face(), 2)).get(1, ("none", 0))[0] for _ in range(9)]
    assert roles == [0, 0, 0, 0, "none", 2, 2, 2, 2]


def test_a_face_that_leaves_the_frame_or_is_hardly_seen_fades():
    film = Film()
    film.show((face(), 0), cut=True)
    for _ in range(8):
        gone = film.show((face(x=603), 0))
    assert gone[1][1] == pytest.approx(0.3, abs=0.3)
    film = Film()
    film.show((face(), 0), cut=True)
    for _ in range(8):
        gone = film.show((face(presence=0.5), 0))
    assert gone == {}


def test_a_face_not_found_for_a_moment_comes_back_nearly_whole():
    film = Film()
    film.show((face(), 0), cut=True)
    film.show()
    assert film.show((face(), 0)) == {1: (0, 1.0)}
    for _ in range(3):
        film.show()
    assert film.show((face(), 0)) == {1: (0, pytest.approx(0.6, abs=0.01))}


def test_a_face_that_goes_on_in_its_place_under_another_number_does_not_begin_again():
    film = Film()
    film.show((face(1), 0), cut=True)
    assert film.show((face(2), 0)) == {2: (0, 1.0)}
    assert film.show((face(3), 1)) == {3: (1, 0.2)}, "but with another role"


def test_faces_of_pictures_are_whole():
    film = Film()
    film.show(cut=True)
    assert film.show((face_of(mesh_at(300, 200, 100)), 0)) == {None: (0, 1.0)}


def test_a_fade_goes_on_from_its_state():
    film = Film()
    film.show(cut=True)
    film.show((face(), 0))
    other = Fades()
    other.restore(unpack(pack(film.fades.state())))
    again = Film(other)
    again.frame = film.frame
    assert again.show((face(), 0)) == film.show((face(), 0)) == {1: (0, 0.4)}
