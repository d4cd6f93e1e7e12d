"""Sources: pictures, clips and face files of one person."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facefusion.engine.clip_source import MOST_VIEWS, choose_views
from facefusion.engine.facefile.build import build_face
from facefusion.engine.sources import load_sources
from facefusion.errors import (
    DifferentPeopleError,
    FaceTooSmallError,
    InputMissingError,
    NoFaceError,
    OptionsError,
    SeveralFacesError,
)
from facefusion.options import Options
from facefusion.processors.base import KeptFace, SourceFace
from material import ASTRONAUT, CAPTAIN, face_of, mesh_at, write_clip


@pytest.fixture
def load(analyser, tmp_path):
    def call(*paths, **values):
        options = Options.parse({"source_paths": paths, **values})
        return load_sources(analyser, options, tmp_path / "output.png")

    return call


def test_one_picture_is_taken_whole_and_nobody_is_recognised(load, captain):
    [source] = load(CAPTAIN)
    assert source.image.shape == captain.shape
    assert source.face.embedding is None
    assert source.name == str(CAPTAIN)


def test_several_pictures_of_one_person(load, assets):
    paths = sorted((assets / "pairs").glob("london-005-*.jpg"))
    views = load(*paths)
    assert [view.path for view in views] == paths
    assert all(view.face.embedding is not None for view in views)


def test_pictures_of_different_people_are_refused_by_name(load):
    with pytest.raises(DifferentPeopleError, match=f"{CAPTAIN} shows another person than {ASTRONAUT}") as caught:
        load(ASTRONAUT, CAPTAIN)
    assert "--source-face-max-distance" in caught.value.hint
    assert caught.value.exit_code == 26
    assert len(load(ASTRONAUT, CAPTAIN, source_face_max_distance=2)) == 2


class TestClips:
    def test_a_clip_gives_the_best_of_its_frames(self, load, moving_portrait):
        views = load(moving_portrait)
        assert 1 < len(views) <= MOST_VIEWS
        assert [view.time for view in views] == sorted(view.time for view in views)
        assert all(view.name == f"{moving_portrait} at {view.time:.2f} s" for view in views)

    def test_no_more_of_a_frame_is_kept_than_the_face(self, load, moving_portrait):
        for view in load(moving_portrait):
            assert view.image.shape[1] < 192
            inside = (view.face.mesh[:, :2] > 0) & (view.face.mesh[:, :2] < view.image.shape[1::-1])
            assert inside.all()

    def test_differently_turned_views_are_preferred(self, captain):
        def source(yaw):
            return SourceFace(captain, face_of(mesh_at(0, 0, 300, yaw=yaw)), 0.6)

        frontal = [source(float(yaw) / 10) for yaw in range(20)]
        turned = [source(-30.0), source(30.0)]
        assert {view.face.pose.yaw for view in turned} <= {
            view.face.pose.yaw for view in choose_views([*frontal, *turned], 4)
        }

    def test_a_frame_with_several_people_says_so(self, load, tmp_path, heads):
        clip = two_people(tmp_path, heads)
        with pytest.raises(SeveralFacesError, match=r"2 faces were found in .* at 0\.00 s, one was wanted"):
            load(clip)

    def test_a_position_chooses_the_person_of_the_first_frame_throughout(
        self, load, tmp_path, heads, captain_embedding
    ):
        clip = two_people(tmp_path, heads)
        for view in load(clip, source_face_position=1, face_selector_order="left-right"):
            assert np.linalg.norm(view.face.embedding - captain_embedding) < 0.4

    def test_a_clip_that_cuts_to_another_person_says_so(self, load, tmp_path, heads):
        clip = write_clip(tmp_path / "cut.mp4", [heads[0]] * 10 + [heads[1]] * 10)
        # So small and compressed these two are just as far apart as the usual distance.
        with pytest.raises(DifferentPeopleError, match=r"cut\.mp4 at .* shows another person than .*cut\.mp4 at"):
            load(clip, source_face_max_distance=0.6)

    def test_a_clip_without_faces_says_so(self, load, tmp_path):
        clip = write_clip(tmp_path / "grey.mp4", [np.full((96, 96, 3), 128, np.uint8)] * 3)
        with pytest.raises(NoFaceError, match=r"No face was found in .*grey\.mp4"):
            load(clip)

    def test_a_clip_whose_faces_cannot_be_used_says_why(self, load, moving_portrait):
        with pytest.raises(FaceTooSmallError, match=r"The face in .* at 0\.00 s is \d+ pixels wide"):
            load(moving_portrait, source_face_min_size=400)


def test_a_face_file_stands_alone(load, tmp_path):
    path = tmp_path / "captain.face"
    build_face(Options.parse({"source_paths": CAPTAIN, "output_path": path}))
    [kept] = load(path)
    assert isinstance(kept, KeptFace)
    assert kept.name == "captain"
    with pytest.raises(OptionsError, match=r"captain\.face holds all that is known of a face"):
        load(path, CAPTAIN)


def test_a_source_that_is_not_there(load, tmp_path):
    with pytest.raises(InputMissingError, match="There is no file"):
        load(tmp_path / "nobody.face")


@pytest.fixture
def heads(astronaut, astronaut_face, captain, captain_face):
    """Two heads, each in a picture of 240 pixels square."""
    return [head(astronaut, astronaut_face), head(captain, captain_face)]


@pytest.fixture
def captain_embedding(analyser, captain, captain_face):
    return analyser.embed(captain, [captain_face])[0].embedding


def head(image, face):
    x, y = face.mesh[:, :2].mean(0)
    affine = cv2.getRotationMatrix2D((float(x), float(y)), 0, 110 / face.width)
    affine[:, 2] += 120 - np.array([x, y])
    return cv2.warpAffine(image, affine, (240, 240), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def two_people(folder, heads):
    return write_clip(folder / "two.mp4", [np.hstack(heads)] * 5)
