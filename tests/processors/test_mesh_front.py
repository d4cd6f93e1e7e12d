"""What is in front of the face stays in front: hands, glasses, masks; in pictures and from the first frame."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facefusion.faces.mesh import canonical_vertices
from facefusion.inference.session import SessionFactory
from facefusion.options import FaceSwapperOptions
from facefusion.processors.face_swapper.mesh.cover import Cover
from facefusion.processors.face_swapper.mesh.front import SIZE as CROP
from facefusion.processors.face_swapper.mesh.front import FrontFinder, FrontWatch, guided
from facefusion.processors.face_swapper.mesh.glasses.finding import find_glasses
from facefusion.processors.face_swapper.mesh.glasses.lines import DIRECTIONS, line_strengths, usual_lines
from facefusion.processors.face_swapper.mesh.glasses.plane import HEIGHT, WIDTH, GlassesPlane
from facefusion.processors.face_swapper.mesh.glasses.tracing import Frame
from facefusion.processors.face_swapper.mesh.glasses.watch import GlassesWatch
from facefusion.processors.face_swapper.mesh.region import FaceRegion
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.mesh.surface import Surface
from facefusion.processors.face_swapper.mesh.swapper import MeshSwapper
from facefusion.processors.face_swapper.mesh.target import Target
from facefusion.state import pack, unpack
from material import GLASSES as SHAPE
from material import drawn_on_plane, read, wearing

BARE = ("05_blonde", "11_older_black", "20_old_man_white_beard", "27_man_moustache", "02_smiling", "25_long_grey")


def glasses_in(image, face, watch=None):
    return (watch or GlassesWatch()).share(image, face.mesh, (0, 0), image.shape[:2])


def swapped(source, target, face, finder=None):
    result = target.copy()
    MeshSwapper(SourceModel.build(*source), FaceSwapperOptions(), finder=finder).swap(result, face)
    return result


def portrait(analyser, assets, name):
    [path] = (assets / "pictures").glob(f"*/*{name}*.jpg")
    image = read(path)
    return image, analyser.find(image)[0]


@pytest.fixture(scope="module")
def finder():
    return FrontFinder(SessionFactory(("cpu",)).open("front"))


def ahead(finder, image, face, watch=None):
    return (watch or FrontWatch()).share(finder, image, face.mesh, FaceRegion.of(face.mesh, image.shape[:2]))


class Half:
    """Stands in for a finder: something covers the lower half of the face, or nothing does."""

    def __init__(self, covers=True):
        self.asked, self._covers = 0, covers

    def likely(self, image, mesh):
        self.asked += 1
        likely = np.zeros((CROP, CROP), np.float32)
        likely[CROP * 2 // 3 :] = self._covers
        return likely


class TestHandsAndThings:
    @pytest.mark.parametrize("name", [*BARE, "13_man_beard_dark", "18_older_woman_green", "22_man_shadow", "06_older"])
    def test_bare_faces_have_nothing_in_front(self, analyser, assets, finder, name):
        assert ahead(finder, *portrait(analyser, assets, name)) is None

    def test_fingers_over_the_mouth_stay_and_the_face_around_them_is_new(
        self, analyser, assets, astronaut, astronaut_face, finder
    ):
        target, face = portrait(analyser, assets, "painted_fingers_over_mouth")
        result = swapped((astronaut, astronaut_face), target, face, finder)
        difference = np.abs(result.astype(int) - target).max(2)
        skin = target[tuple(face.mesh[13, 1::-1].astype(int))].astype(int)
        fingers = (np.abs(target.astype(int) - skin).max(2) < 12).astype(np.uint8)
        hull = cv2.fillConvexPoly(np.zeros_like(fingers), cv2.convexHull(face.mesh[:, :2].astype(np.int32)), 1)
        whole = (cv2.erode(fingers, np.ones((9, 9))) > 0) & (hull > 0)
        assert whole.sum() > 3000
        assert np.quantile(difference[whole], 0.97) < 6
        x, y = face.mesh[[105, 334], :2].mean(0).astype(int)
        assert difference[y - 20 : y + 20, x - 40 : x + 40].mean() > 4

    def test_a_hand_over_an_eye_is_found(self, analyser, assets, finder):
        image = read(assets / "pictures" / "cc_by" / "intel_hand_over_eye.png")
        face = analyser.find(image)[0]
        share = ahead(finder, image, face)
        left, right = share[:, : share.shape[1] // 3].mean(), share[:, share.shape[1] // 2 :].mean()
        assert left > 0.3
        assert right < 0.02

    def test_a_clip_is_looked_at_until_nothing_is_in_front(self, astronaut, astronaut_face):
        watch, nothing, something = FrontWatch(), Half(covers=False), Half()
        for _ in range(20):
            assert ahead(something, astronaut, astronaut_face, watch) is not None
        for _ in range(20):
            ahead(nothing, astronaut, astronaut_face, watch)
        assert something.asked == 20
        assert nothing.asked < 8

    def test_a_watch_goes_on_from_its_state(self, astronaut, astronaut_face):
        watch = FrontWatch()
        for _ in range(3):
            ahead(Half(), astronaut, astronaut_face, watch)
        resumed = FrontWatch.of_state(unpack(pack(watch.state())))
        for finder in (Half(covers=False), Half()):
            shares = [ahead(finder, astronaut, astronaut_face, each) for each in (watch, resumed)]
            assert np.array_equal(*shares)

    def test_what_is_ahead_has_no_say_in_light_and_is_not_learnt(self, astronaut, astronaut_face):
        region = FaceRegion.of(astronaut_face.mesh, astronaut.shape[:2])
        picture = region.on_grid(np.ascontiguousarray(region.view(astronaut)))
        covered, green = np.zeros(region.grid, np.float32), picture.copy()
        covered[region.grid[0] * 3 // 5 :] = 1
        green[covered > 0] = (0, 200, 0)
        lights = [
            Target.observe(each, Surface.of(region, None), None, share).light.mean
            for each, share in ((picture, None), (picture, covered), (green, covered))
        ]
        assert lights[2] == pytest.approx(lights[1], abs=4)
        assert lights[1] == pytest.approx(lights[0], abs=12)

    def test_edges_are_drawn_where_the_picture_has_them(self):
        picture = np.full((60, 60, 3), (210, 160, 140), np.uint8)
        picture[:, 33:] = (190, 120, 100)
        coarse = np.zeros((60, 60), np.float32)
        coarse[:, 30:] = 1
        drawn = guided(cv2.GaussianBlur(coarse, (0, 0), 3), picture, 10, 10.0)
        steps = np.abs(np.diff(drawn[30]))
        assert abs(int(steps.argmax()) - 32) <= 1


class TestGlasses:
    def test_they_are_found_where_they_are(self, astronaut, astronaut_face):
        picture, where = wearing(astronaut, astronaut_face)
        share = glasses_in(picture, astronaut_face)
        assert share is not None
        assert share[where > 0.9].mean() > 0.8
        near = cv2.dilate(where, np.ones((9, 9)))
        assert share[near == 0].sum() < 0.15 * share.sum()

    def test_a_bare_face_has_none(self, astronaut, astronaut_face, captain, captain_face):
        assert glasses_in(astronaut, astronaut_face) is None
        assert glasses_in(captain, captain_face) is not None

    @pytest.mark.parametrize("name", BARE)
    def test_beards_wrinkles_and_make_up_are_no_glasses(self, analyser, assets, name):
        assert glasses_in(*portrait(analyser, assets, name)) is None

    def test_thick_frames_stay_and_the_face_around_them_is_new(self, analyser, assets, astronaut, astronaut_face):
        target, face = portrait(analyser, assets, "10_older_man_glasses")
        frame = glasses_in(target, face) > 0.95
        difference = np.abs(swapped((astronaut, astronaut_face), target, face).astype(int) - target).max(2)
        assert frame.sum() > 1000
        assert np.quantile(difference[frame], 0.9) < 6
        between = face.mesh[[50, 280, 4], :2].astype(int)  # cheeks and nose
        assert all(difference[y - 8 : y + 8, x - 8 : x + 8].mean() > 3 for x, y in between)

    def test_dark_lenses_stay_whole(self, analyser, assets, astronaut, astronaut_face):
        target, face = portrait(analyser, assets, "sunglasses")
        lenses = cv2.erode((target.max(2) < 30).astype(np.uint8), np.ones((9, 9))) > 0
        lenses[: int(face.mesh[10, 1])] = False  # black hair and clothes are none
        lenses[int(face.mesh[4, 1]) :] = False
        difference = np.abs(swapped((astronaut, astronaut_face), target, face).astype(int) - target).max(2)
        assert difference[lenses].mean() < 4

    def test_those_of_the_source_are_left_out(self, analyser, assets, astronaut, astronaut_face):
        source = portrait(analyser, assets, "10_older_man_glasses")
        result = swapped(source, astronaut, astronaut_face)
        strengths = line_strengths(GlassesPlane.of(astronaut_face.mesh).read(result))
        assert find_glasses(strengths).odds < 0

    def test_in_a_video_they_are_kept_from_the_first_frame_on(self, astronaut, astronaut_face):
        picture, where = wearing(astronaut, astronaut_face)
        watch = GlassesWatch()
        shares = [glasses_in(picture, astronaut_face, watch) for _ in range(7)]
        assert all(share is not None and share[where > 0.9].mean() > 0.8 for share in shares)

    def test_one_frame_that_looks_like_glasses_is_outvoted(self, astronaut, astronaut_face):
        watch = GlassesWatch()
        for _ in range(36):
            assert glasses_in(astronaut, astronaut_face, watch) is None
        picture, _ = wearing(astronaut, astronaut_face)
        assert [glasses_in(picture, astronaut_face, watch) for _ in range(5)] == [None] * 5

    def test_a_watch_goes_on_from_its_state(self, astronaut, astronaut_face):
        picture, _ = wearing(astronaut, astronaut_face)
        watch = GlassesWatch()
        glasses_in(picture, astronaut_face, watch)
        resumed = GlassesWatch.of_state(unpack(pack(watch.state())))
        for _ in range(6):
            assert np.array_equal(
                glasses_in(picture, astronaut_face, watch), glasses_in(picture, astronaut_face, resumed)
            )

    def test_a_light_frame_is_traced_like_a_dark_one(self):
        drawn = drawn_on_plane()
        for lightness in (150 - 100 * drawn, 120 + 100 * drawn):
            strengths = line_strengths(lightness.astype(np.float32))
            share = Frame.trace(lightness.astype(np.float32), strengths, SHAPE).share(lightness.astype(np.float32))
            assert share[drawn == 1].mean() > 0.8

    def test_usual_lines_are_symmetric(self):
        for field in usual_lines():
            assert field.shape == (DIRECTIONS, HEIGHT, WIDTH)
            mirrored = field[[-k % DIRECTIONS for k in range(DIRECTIONS)], :, ::-1]
            assert np.abs(field - mirrored).max() < 0.05


class TestCovers:
    SKIN, MASK = (150.0, 145.0, 145.0), (180.0, 124.0, 118.0)

    def colours(self, lower):
        """Colours of a face whose lower half has one colour, and whose lips are red unless they are covered."""
        colours = np.tile(np.array(self.SKIN, np.float32), (468, 1))
        colours[canonical_vertices()[:, 1] > 0.2] = lower
        return colours

    def test_a_mask_is_found_and_what_is_above_it_is_clear(self):
        cover = Cover.find(self.colours(self.MASK), np.ones(468, np.float32))
        assert cover is not None
        height = canonical_vertices()[:, 1]
        assert cover.clear[height < 0.1].min() == 1
        assert cover.clear[height > 0.3].max() == 0

    def test_a_bare_face_and_a_grey_beard_are_no_cover(self):
        ones = np.ones(468, np.float32)
        assert Cover.find(self.colours(self.SKIN), ones) is None
        bearded = self.colours((120.0, 130.0, 132.0))
        bearded[[0, 13, 14, 17, 37, 267, 61, 291, 84, 314, 40, 270, 91, 321, 39, 269, 181, 405]] = (110, 160, 140)
        bearded[[*range(0, 468, 3)]] = self.SKIN  # a beard leaves cheeks bare
        assert Cover.find(bearded, ones) is None

    def test_the_mask_stays_and_the_eyes_above_are_new(self, analyser, assets, captain, captain_face):
        target, face = portrait(analyser, assets, "surgical_mask")
        difference = np.abs(swapped((captain, captain_face), target, face).astype(int) - target).max(2)
        mask = (np.abs(target.astype(int) - target[tuple(face.mesh[17, 1::-1].astype(int))]).max(2) < 12).astype(
            np.uint8
        )
        assert np.quantile(difference[cv2.erode(mask, np.ones((15, 15))) > 0], 0.99) < 4
        x, y = face.mesh[[105, 334], :2].mean(0).astype(int)
        assert difference[y - 20 : y + 20, x - 40 : x + 40].mean() > 4
