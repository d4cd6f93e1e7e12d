"""The same face from frame to frame, on real clips."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from facefusion.faces.align import RotatedSquare, crop
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.detectors.base import box_overlap
from facefusion.faces.track import FaceTracker
from facefusion.media.reader import VideoReader
from material import LIMITS


def track(analyser, images, rate=25.0):
    """Faces of each frame."""
    tracker = FaceTracker(analyser)
    return [tracker.update(image, index / rate) for index, image in enumerate(images)]


def clip_frames(path, step=1):
    with VideoReader(path, LIMITS) as reader:
        return [frame.image for frame in reader if frame.index % step == 0]


def numbers(frames):
    return [sorted(face.track_id for face in faces) for faces in frames]


@pytest.mark.parametrize(
    "name",
    [
        "head_motion_male.mp4",
        "head_turning_female.mp4",
        "low_light_derived_male.mp4",
        "hand_occlusion_asl_brother.mkv",
        "hand_occlusion_asl_bird.mkv",
    ],
)
def test_one_person_keeps_one_number_throughout(analyser, assets, name):
    frames = track(analyser, clip_frames(assets / "video" / name))
    assert numbers(frames) == [[0]] * len(frames)


def test_two_people_keep_their_two_numbers_and_do_not_swap_them(analyser, assets):
    frames = track(analyser, clip_frames(assets / "video" / "two_people_head_motion.mp4"))
    assert numbers(frames) == [[0, 1]] * len(frames)
    first = {face.track_id: face.box for face in frames[0]}
    for before, after in pairwise(frames):
        for face in after:
            [same] = [other for other in before if other.track_id == face.track_id]
            assert box_overlap(same.box, face.box) > 0.5
    left = min(first, key=lambda number: first[number][0])
    assert all(min(faces, key=lambda face: face.box[0]).track_id == left for faces in frames)


@pytest.mark.slow
def test_a_scene_cut_ends_all_tracks_and_scenes_without_faces_have_none(analyser, assets):
    frames = track(analyser, clip_frames(assets / "video" / "scene_cuts_with_noface.mp4"))
    seen = numbers(frames)
    runs = [seen[0]] + [now for before, now in pairwise(seen) if now != before]
    assert runs == [[0], [], [1], [], [2]], "man, cars, woman, bottles, signer"


def close_up(image, face):
    """The face in the middle of a picture of its own."""
    x, y = face.landmarks5.mean(0)
    window = RotatedSquare(float(x), float(y), 2.2 * face.width, 0)
    return crop(image, window.to_crop(320), 320)


def test_a_hard_cut_starts_a_new_track_even_where_the_new_face_is_in_the_old_ones_place(
    analyser, captain, captain_face, astronaut, astronaut_face
):
    here, there = close_up(captain, captain_face), close_up(astronaut, astronaut_face)
    frames = track(analyser, [here] * 5 + [there] * 5)
    assert numbers(frames) == [[0]] * 5 + [[1]] * 5
    [still] = analyser.find(there)
    assert np.linalg.norm(frames[5][0].mesh - still.mesh, axis=1).mean() < 0.03 * still.width, "nothing of the old face"


def test_no_face_gives_none_and_one_that_comes_later_is_found_soon(analyser, astronaut):
    empty = np.full_like(astronaut, 127)
    frames = track(analyser, [empty] * 12 + [astronaut] * 3)
    assert numbers(frames)[:12] == [[]] * 12
    assert numbers(frames)[-1] == [0]


def test_a_face_that_comes_slowly_is_found_within_ten_frames(analyser, astronaut, captain):
    """Newcomers without a cut are looked for now and then."""
    small = cv2.resize(captain, (220, 258), interpolation=cv2.INTER_AREA)
    both = astronaut.copy()
    both[250:508, 290:510] = small
    frames = track(analyser, [astronaut] * 3 + [both] * 12)
    assert numbers(frames)[:3] == [[0]] * 3
    assert numbers(frames)[-1] == [0, 1]


def test_a_face_that_leaves_is_dropped_and_gets_a_new_number_when_it_returns(analyser, astronaut):
    gone = astronaut.copy()
    gone[40:200, 150:300] = 120
    seen = numbers(track(analyser, [astronaut] * 3 + [gone] * 9 + [astronaut] * 12))
    assert seen[:12] == [[0]] * 3 + [[]] * 9
    assert seen[-1] == [1]


@pytest.mark.parametrize("frames", [1, 3])
def test_a_face_that_is_not_seen_for_a_moment_keeps_its_number_and_is_there_again_at_once(analyser, astronaut, frames):
    gone = astronaut.copy()
    gone[40:200, 150:300] = 120
    seen = numbers(track(analyser, [astronaut] * 3 + [gone] * frames + [astronaut] * 3))
    assert seen == [[0]] * 3 + [[]] * frames + [[0]] * 3


def test_small_faces_that_the_landmarker_loses_are_found_again_in_the_same_frame(analyser, assets):
    """About 20 blurred pixels wide: each loss used to begin a new track."""
    frames = track(analyser, clip_frames(assets / "video" / "two_people_walking_small_faces.mp4"))
    last = numbers(frames)[-4:]
    assert len(last[0]) == 2
    assert last == [last[0]] * 4


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_faces_on_a_side_or_upside_down_are_found_where_a_scene_begins_and_followed(analyser, astronaut, quarters):
    turned = np.ascontiguousarray(np.rot90(astronaut, quarters))
    frames = track(analyser, [np.roll(turned, step, 0) for step in range(6)])
    assert numbers(frames) == [[0]] * 6
    wanted = (-90 * quarters + 180) % 360 - 180
    for [face] in frames:
        assert abs((face.pose.roll - wanted + 180) % 360 - 180) < 15


def test_a_face_upside_down_that_comes_beside_an_upright_one_is_found_within_two_seconds(analyser, astronaut, captain):
    beside = cv2.resize(captain[::-1, ::-1], (440, 516), interpolation=cv2.INTER_AREA)[:512]
    alone = np.hstack([astronaut, np.full_like(beside, 90)])
    both = np.hstack([astronaut, beside])
    frames = track(analyser, [alone] * 3 + [both] * 50)
    assert len(frames[2]) == 1
    assert abs(frames[-1][1].pose.roll) > 165


def test_a_head_that_rolls_all_the_way_round_stays_one_face(analyser, astronaut):
    centre = (224, 115)
    turned = [
        cv2.warpAffine(astronaut, cv2.getRotationMatrix2D(centre, -angle, 1), (448, 300), borderMode=cv2.BORDER_REPLICATE)
        for angle in range(0, 360, 6)
    ]
    assert numbers(track(analyser, turned)) == [[0]] * len(turned)


def place(canvas, head, x, y):
    """A head, cut out as an ellipse, over a picture."""
    height, width = head.shape[:2]
    mask = np.zeros((height, width), np.float32)
    cv2.ellipse(mask, (width // 2, height // 2), (int(0.42 * width), int(0.49 * height)), 0, 0, 360, 1, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 3)[..., None]
    view = canvas[y : y + height, x : x + width]
    view[:] = (view * (1 - mask) + head * mask).astype(np.uint8)
    return canvas


@pytest.fixture(scope="module")
def heads(captain, captain_face, astronaut, astronaut_face):
    """Two heads of one size."""
    return [
        cv2.resize(close_up(image, face), (220, 220), interpolation=cv2.INTER_AREA)
        for image, face in ((astronaut, astronaut_face), (captain, captain_face))
    ]


@pytest.mark.parametrize("front", [0, 1])
def test_of_two_people_who_cross_the_one_in_front_keeps_the_number(analyser, heads, front):
    images = []
    for step in range(50):
        canvas = np.full((300, 700, 3), (90, 100, 120), np.uint8)
        places = [(20 + 9 * step, 30), (460 - 9 * step, 50)]
        for index in (1 - front, front):
            place(canvas, heads[index], *places[index])
        images.append(canvas)
    frames = track(analyser, images)
    assert len(frames[0]) == len(frames[-1]) == 2
    [number] = {face.track_id for face in frames[0] if abs(face.box[[0, 2]].mean() - (130, 570)[front]) < 60}
    for step, faces in enumerate(frames):
        middle = 130 + 9 * step if front == 0 else 570 - 9 * step
        [mine] = [face for face in faces if face.track_id == number]
        assert abs(float(mine.box[[0, 2]].mean()) - middle) < 40, step


def test_somebody_else_in_the_same_place_is_a_cut_though_the_background_stays(analyser, heads):
    here, there = (place(np.full((300, 700, 3), 100, np.uint8), head, 200, 40) for head in heads)
    tracker = FaceTracker(analyser)
    begins = []
    for index, image in enumerate([here] * 4 + [there] * 4):
        [face] = tracker.update(image, index / 25)
        begins.append(tracker.begins_scene)
        assert face.track_id == index // 4
    assert begins == [True, False, False, False] * 2


def test_tracked_faces_lie_where_stills_find_them(analyser, assets):
    images = clip_frames(assets / "video" / "head_motion_male.mp4")
    frames = track(analyser, images)
    for index in range(5, len(images), 14):
        [still], [tracked] = analyser.find(images[index]), frames[index]
        distance = np.linalg.norm(still.landmarks5 - tracked.landmarks5, axis=1).mean()
        assert distance < 0.05 * still.width
        assert tracked.pose.yaw == pytest.approx(still.pose.yaw, abs=6)


def test_a_face_at_rest_stands_still(analyser, astronaut):
    random = np.random.default_rng(0)
    noisy = [np.clip(astronaut + random.normal(0, 6, astronaut.shape), 0, 255).astype(np.uint8) for _ in range(20)]
    frames = track(analyser, noisy)
    tracked = np.stack([faces[0].landmarks5 for faces in frames])
    single = np.stack([analyser.find(image)[0].landmarks5 for image in noisy[::4]])
    assert np.abs(np.diff(tracked[5:], axis=0)).mean() < 0.5 * np.abs(np.diff(single, axis=0)).mean()


def test_tracking_leaves_frames_as_they_were_and_gives_the_same_twice(analyser, astronaut):
    image = astronaut.copy()
    one, two = (track(analyser, [image] * 3) for _ in range(2))
    assert (image == astronaut).all()
    assert all((a[0].mesh == b[0].mesh).all() for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("shape", [(1, 1), (2, 4000), (4000, 2)])
def test_frames_of_odd_shapes_have_no_faces(analyser, shape):
    assert numbers(track(analyser, [np.zeros((*shape, 3), np.uint8)] * 3)) == [[]] * 3


def test_two_tracks_that_slide_onto_one_face_leave_one(analyser, astronaut, astronaut_face):
    class Doubled:
        """An analyser that sees every newcomer twice, far apart, and then one face."""

        def detect(self, image):
            return []

        def find(self, image):
            return [astronaut_face, astronaut_face]

        def detect_turned(self, image, turns):
            return []

        def detect_near(self, image, around):
            return []

        def fit(self, image, regions, *, refine=False):
            return analyser.fit(image, regions, refine=refine)

        def fit_near(self, image, regions):
            return analyser.fit_near(image, regions)

    frames = track(Doubled(), [astronaut] * 2)
    assert len(frames[1]) == 1


def test_the_tracker_needs_nothing_but_an_analyser(analyser):
    assert isinstance(analyser, FaceAnalyser)
    assert FaceTracker(analyser).update(np.zeros((64, 64, 3), np.uint8), 0.0) == []
