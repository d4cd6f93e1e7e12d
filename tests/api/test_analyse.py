"""Finding faces by a plain call."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from facefusion import Face, analyse
from facefusion.errors import InputMissingError, InputTypeError
from facefusion.face_analyser import get_many_faces, get_one_face
from material import ASTRONAUT, CAPTAIN, read


def test_faces_come_with_their_embeddings_largest_first(assets):
    faces = analyse(assets / "pictures" / "usgov" / "two_people_obama_biden.jpg")
    assert len(faces) == 2
    assert all(isinstance(face, Face) and face.embedding.shape == (128,) for face in faces)
    assert faces[0].width * faces[0].height >= faces[1].width * faces[1].height


def test_faces_without_embeddings():
    [face] = get_many_faces(CAPTAIN)
    assert face.embedding is None


def test_a_path_a_text_and_an_array_are_the_same():
    boxes = [analyse(picture)[0].box.tolist() for picture in (ASTRONAUT, str(ASTRONAUT), read(ASTRONAUT))]
    assert boxes[0] == boxes[1] == boxes[2]


def test_a_read_only_or_sliced_array_will_do(captain):
    frozen = captain.copy()
    frozen.flags.writeable = False
    assert len(analyse(frozen)) == 1
    assert len(analyse(captain[:, ::-1])) == 1
    assert len(analyse(np.asfortranarray(captain))) == 1


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((9, 9, 3), np.float32),
        np.zeros((1, 9, 9, 3), np.uint8),
        np.zeros(0, np.uint8),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_what_is_no_picture_is_refused(array):
    with pytest.raises(ValueError, match=r"a picture is RGB uint8 \(height, width, 3\), not"):
        analyse(array)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 5, 3), (5, 0, 3)])
def test_an_empty_picture_is_refused(shape):
    with pytest.raises(ValueError, match="a picture is RGB uint8"):
        analyse(np.zeros(shape, np.uint8))


def test_files_that_cannot_be_read_are_input_errors(tmp_path, moving_portrait):
    with pytest.raises(InputMissingError):
        analyse(tmp_path / "nobody.jpg")
    with pytest.raises(InputTypeError):
        analyse(tmp_path)
    with pytest.raises(InputTypeError, match="is a video"):
        analyse(moving_portrait)


def test_positions_count_from_the_largest(assets):
    picture = assets / "pictures" / "usgov" / "two_people_obama_biden.jpg"
    faces = get_many_faces(picture)
    assert [get_one_face(picture, position).box.tolist() for position in (0, 1)] == [f.box.tolist() for f in faces]
    assert get_one_face(picture, 2) is None


def test_a_negative_position_is_no_position(captain):
    with pytest.raises(ValueError, match="position"):
        get_one_face(captain, -1)


def test_several_threads_at_once(captain):
    barrier = threading.Barrier(3)

    def look(_):
        barrier.wait()
        return analyse(captain)[0].box.tolist()

    with ThreadPoolExecutor(3) as pool:
        boxes = list(pool.map(look, range(3)))
    assert boxes[0] == boxes[1] == boxes[2]
