"""Frames that get their edit from those before and after them, where these explain them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from facefusion.engine.between.carry import Edit, Neighbours
from facefusion.engine.between.motion import MotionFinder
from facefusion.engine.between.offer import frame_sampling
from facefusion.engine.between.sampler import MOST, SETTLED, FrameSampler
from facefusion.faces.analyser import FaceAnalyser
from facefusion.media.frame import Frame
from facefusion.media.region import Rectangle
from facefusion.options import Options
from facefusion.processors.base import FaceFrame
from facefusion.processors.chained.links import chain_links
from facefusion.processors.registry import resolve_processors
from facefusion.state import pack, unpack
from material import ASTRONAUT, read_clip, write_clip

WARM = list(range(SETTLED))
"""The first frames of a face, all of which are worked on in full."""


def frames_of(images):
    return [Frame(index, index, 1, Fraction(1, 25), image) for index, image in enumerate(images)]


@pytest.fixture
def sampled(astronaut_face):
    """Sample a clip with the astronaut's face in it, or without; gives the indexes of frames worked on in full."""

    def run(images, every, *, faces=True):
        face = (replace(astronaut_face, track_id=0),) if faces else ()
        sampler = FrameSampler(every, lambda frame: FaceFrame(frame, face))
        groups = [group for frame in frames_of(images) for group in sampler.take(frame)] + sampler.end()
        order = [frame.index for group in groups for frame in (*(b.frame for b in group.between), group.key.frame)]
        assert order == list(range(len(images))), "no frame is lost, and none overtakes another"
        return [group.key.frame.index for group in groups]

    return run


def test_by_default_every_frame_is_worked_on_in_full(sampled, astronaut):
    assert sampled([astronaut] * 20, 1) == list(range(20))


def test_in_a_slow_scene_every_nth_frame_is_worked_on_in_full(sampled, astronaut):
    pan = [np.roll(astronaut, step // 8, 1) for step in range(28)]
    assert sampled(pan, 3) == [*WARM, 18, 21, 24, 27]


def test_auto_leaves_out_more_and_more_up_to_a_bound(sampled, astronaut):
    keys = sampled([astronaut] * 40, "auto")
    steps = np.diff(keys[SETTLED - 1 :]).tolist()
    assert steps[:3] == [2, 3, 4]
    assert max(steps) == MOST


def closed_eyes(image, face):
    """The picture with the colour of the lids' skin over the eyes."""
    blink = image.copy()
    for eye in face.landmarks5[:2]:
        x, y = (int(value) for value in eye)
        cv2.ellipse(blink, (x, y), (int(0.1 * face.width), int(0.06 * face.width)), 0, 0, 360, (190, 140, 120), -1)
    return blink


def test_a_blink_between_two_frames_alike_is_worked_on_in_full(sampled, astronaut, astronaut_face):
    images = [astronaut] * 24
    images[18] = closed_eyes(astronaut, astronaut_face)
    for every in (2, 4, "auto"):
        assert 18 in sampled(images, every)


def test_a_cut_is_worked_on_in_full_on_both_sides(sampled, astronaut, captain):
    images = [astronaut] * 18 + [cv2.resize(captain, astronaut.shape[1::-1])] * 8
    keys = sampled(images, 4)
    assert {17, 18} <= set(keys)


def test_quick_movement_is_worked_on_in_full(sampled, astronaut):
    random = np.random.default_rng(0)
    jumping = [np.roll(astronaut, random.integers(-60, 60, 2), (0, 1)) for _ in range(24)]
    assert sampled(jumping, 3) == list(range(24))


def test_where_nobody_is_frames_are_left_out_as_long_as_the_picture_stays(sampled, astronaut):
    empty = np.full_like(astronaut, 90)
    assert sampled([empty] * 9, 4, faces=False) == [0, 4, 8]
    keys = sampled([empty] * 6 + [astronaut] * 3, 4, faces=False)
    assert {5, 6} <= set(keys), "somebody who comes is not missed for a frame"


def test_a_face_is_not_left_to_its_neighbours_before_processors_know_it(sampled, astronaut):
    assert sampled([astronaut] * (SETTLED + 4), 4) == [*WARM, SETTLED + 3]


def tinted(image, left, top, size=40):
    edited = image.copy()
    edited[top : top + size, left : left + size, 0] //= 2
    return edited


def test_what_was_edited_moves_with_the_picture_and_nothing_else_changes(astronaut, astronaut_face):
    before, between, after = (np.roll(astronaut, shift, 1) for shift in (0, 2, 4))
    x, y = (int(value) for value in astronaut_face.landmarks5[2])
    edits = [Edit(image, tinted(image, x - 20 + shift, y - 20)) for image, shift in ((before, 0), (after, 4))]
    finder = MotionFinder()
    motion = finder.of_face(astronaut_face, before, between, after, 0.5)
    assert motion is not None
    found = Neighbours(*edits, finder).carried(between, 0.5, [motion])
    wanted = tinted(between, x - 18, y - 20)
    inside = np.zeros(found.shape[:2], bool)
    inside[y - 16 : y + 16, x - 14 : x + 18] = True
    assert np.abs(found.astype(int) - wanted)[inside].mean() < 1.5
    far = np.ones_like(inside)
    far[y - 32 : y + 32, x - 32 : x + 36] = False
    assert (found[far] == between[far]).all()


def test_what_was_edited_beside_faces_is_carried_too(astronaut, astronaut_face):
    edits = [Edit(astronaut, tinted(tinted(astronaut, 400, 400), 5, 450)) for _ in range(2)]
    finder = MotionFinder()
    motion = finder.of_face(astronaut_face, astronaut, astronaut, astronaut, 0.5)
    found = Neighbours(*edits, finder).carried(astronaut, 0.5, [motion])
    assert (found == edits[0].edited).all()


def test_an_edit_that_only_one_neighbour_has_comes_by_half(astronaut):
    before, after = Edit(astronaut, astronaut), Edit(astronaut, tinted(astronaut, 200, 100))
    found = Neighbours(before, after, MotionFinder()).carried(astronaut, 0.25, [])
    change = after.edited.astype(int) - astronaut
    assert np.abs((found.astype(int) - astronaut) - 0.25 * change).max() <= 1
    assert Neighbours(before, before, MotionFinder()).carried(astronaut, 0.5, []) is astronaut


@pytest.mark.parametrize("size", [3, 9, 14])
def test_tiny_faces_and_those_that_hardly_reach_in_are_sampled_like_others(astronaut, astronaut_face, size):
    middle = np.array([300, 200], np.float32)
    small = replace(astronaut_face, box=np.concatenate([middle, middle + size]))
    outside = replace(astronaut_face, box=np.array([-130, 100, -22, 208], np.float32))
    for face in (small, outside):
        motion = MotionFinder().of_face(face, astronaut, astronaut, astronaut, 0.5)
        assert motion is not None
        assert motion.mean == motion.worst == 0
        assert motion.region.width < 25


@pytest.mark.parametrize("region", [Rectangle(0, 49, 130, 31), Rectangle(0, 0, 400, 20), Rectangle(9, 0, 8, 300)])
def test_flat_and_narrow_parts_are_carried(astronaut, region):
    motion = MotionFinder().of_region(region, (astronaut, astronaut, astronaut), 0.5)
    assert min(motion.share.shape) >= 32, "of less height OpenCV's optical flow ends the whole process"
    assert np.abs(motion.before).max() < 0.1


def test_newcomers_are_looked_for_by_the_number_of_all_frames(job, slow_portrait, monkeypatch):
    looks = []
    detect = FaceAnalyser.detect
    monkeypatch.setattr(FaceAnalyser, "detect", lambda self, image: looks.append(1) or detect(self, image))
    job(target_path=slow_portrait, frame_sampling=1, detect_every=6)
    every = len(looks)
    looks.clear()
    job(target_path=slow_portrait, frame_sampling=4, detect_every=6)
    assert every >= 10
    assert every - 4 <= len(looks) <= every


def test_what_the_sampler_remembers_is_state(astronaut, astronaut_face):
    face = replace(astronaut_face, track_id=3)
    one, two = (FrameSampler("auto", lambda frame: FaceFrame(frame, (face,))) for _ in range(2))
    frames = frames_of([astronaut] * 60)
    for frame in frames[:20]:
        one.take(frame)
    one.end()
    two.restore(unpack(pack(one.state())))
    keys = [[g.key.frame.index for frame in frames[20:] for g in each.take(frame)] for each in (one, two)]
    assert keys[0] == keys[1] != []


@pytest.fixture(scope="module")
def slow_portrait(tmp_path_factory, astronaut) -> Path:
    """A portrait that hardly moves: 60 frames."""
    views = [astronaut[30:222, 120 + step // 6 : 312 + step // 6] for step in range(60)]
    return write_clip(tmp_path_factory.mktemp("slow") / "slow.mp4", views)


def test_a_job_gives_all_frames_and_hardly_other_ones(job, slow_portrait):
    full = job(target_path=slow_portrait, output_path="full.mkv", output_video_quality=4)
    auto = job(target_path=slow_portrait, output_path="auto.mkv", output_video_quality=4, frame_sampling="auto")
    assert (auto.frames, auto.faces) == (full.frames, full.faces) == (60, 60)
    assert auto.notes == full.notes
    wanted, found = read_clip(Path("full.mkv")), read_clip(Path("auto.mkv"))
    errors = [np.abs(a.astype(int) - b).mean() for a, b in zip(wanted, found, strict=True)]
    assert 0 < max(errors) < 1.0


def test_a_job_that_was_broken_off_goes_on_to_the_same_file(job, slow_portrait):
    class BrokenOffError(Exception):
        pass

    def listen(report):
        if report.done >= 40:
            raise BrokenOffError

    values = {"target_path": slow_portrait, "frame_sampling": "auto", "video_chunk_size": 22}
    job(output_path="whole.mp4", **values)
    with pytest.raises(BrokenOffError):
        job({"progress": listen}, output_path="out.mp4", **values)
    reports = []
    job({"progress": reports.append}, output_path="out.mp4", resume=True, **values)
    assert reports[0].before == 22
    assert Path("out.mp4").read_bytes() == Path("whole.mp4").read_bytes()


def test_segments_of_a_job_without_sampling_serve_none_with_it(job, slow_portrait):
    whole = job(target_path=slow_portrait, output_path="a.mp4", video_chunk_size=22)
    other = job(target_path=slow_portrait, output_path="b.mp4", video_chunk_size=22, frame_sampling=3)
    assert whole.frames == other.frames
    assert Path("a.mp4").read_bytes() != Path("b.mp4").read_bytes()


def test_with_a_step_of_ones_own_every_frame_is_worked_on_in_full_and_that_is_said(job, slow_portrait):
    seen = []
    hooks = {"post_processor": lambda image: seen.append(1) or image}
    result = job(hooks, target_path=slow_portrait, frame_sampling=4)
    assert len(seen) == 60
    assert "Every frame is worked on in full, whatever frame-sampling says: there is a step of your own" in result.notes


def test_pictures_do_not_mind(job):
    assert job(target_path=ASTRONAUT, output_path="out.png", frame_sampling="auto").notes == ()


@pytest.mark.parametrize(
    ("processors", "reason"),
    [
        (("face_swapper", "face_enhancer"), None),
        (("face_swapper", "frame_enhancer"), "frame_enhancer changes whole frames"),
        (("background_remover",), "background_remover changes whole frames"),
        (("lip_syncer",), "lip_syncer goes by the sound"),
    ],
)
def test_it_is_offered_where_the_pictures_tell_what_an_edit_would_be(processors, reason):
    options = Options.parse({"frame_sampling": "auto", "processors": processors})
    every, notes = frame_sampling(options, chain_links(options, resolve_processors(processors)), has_hooks=False)
    assert every == ("auto" if reason is None else 1)
    assert [reason in note for note in notes] == ([] if reason is None else [True])


def test_an_expression_that_follows_a_clip_is_worked_on_in_every_frame():
    driven = {"processors": ("expression_restorer",), "expression_restorer_driving": "clip.mp4", "frame_sampling": 2}
    options = Options.parse(driven)
    every, notes = frame_sampling(
        options, chain_links(options, resolve_processors(options.processors)), has_hooks=False
    )
    assert every == 1
    assert "driving clip" in notes[0]
