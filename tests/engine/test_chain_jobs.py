"""Jobs whose processors have settings of their own, and work in some frames alone or in a part of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from frames_around import frames, installed_beside, windowed

from facefusion.engine.live.prepare import check_live
from facefusion.engine.plan import make_plan
from facefusion.engine.preview.preview import Preview
from facefusion.engine.run import run
from facefusion.engine.segmented import SegmentedPlan, merge_segments, plan_job, run_segment
from facefusion.errors import OptionsError, ProcessorUnknownError
from facefusion.options import Options
from generated.builder import Shelf
from generated.imaging import super_resolution
from generated.installed import install
from material import CAPTAIN, read_clip, save, write_clip

FRAMES = 12
EARLY = {"processor": "frame_enhancer", "frame_enhancer_blend": 60, "when": "2f-5f"}
LATE = {"processor": "frame_enhancer", "frame_enhancer_blend": 100, "when": ["0.32-"], "region": [0, 0, 0.5, 1]}
INSIDE = {*range(2, 5), *range(8, FRAMES)}


class BrokenOffError(Exception):
    """Ends a job in its midst."""


@pytest.fixture(autouse=True)
def one_place(quiet_place, own_records, monkeypatch):
    """All steps of a job are done at one place."""
    monkeypatch.setenv("XDG_DATA_HOME", str(own_records))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    tiling = {"tile": 64, "pad": 6, "overlap": 8}
    for name, scale in (("clear", 1), ("large", 2)):
        network = super_resolution(scale, seed=3)
        shelf.put(name, "frame_enhancer", "rgb_super_resolution", network, settings={"scale": scale, **tiling})
    return install(shelf) | {"frame_enhancer_model": "clear"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Frames of noise: nothing of them is like anything else. Each pixel has a colour of its own (4:4:4)."""
    pictures = np.random.default_rng(1).integers(0, 256, (FRAMES, 48, 64, 3), np.uint8)
    return write_clip(tmp_path_factory.mktemp("clips") / "noise.mkv", pictures, codec="ffv1", form="yuv444p")


@pytest.fixture
def values(shelf, clip):
    ways = {"output_video_encoder": "ffv1", "output_path": "out.mkv", "video_chunk_size": 3}
    return shelf | ways | {"target_path": clip}


@pytest.fixture
def job(values, warm):
    return lambda *, hooks=None, **more: run(Options.parse(values | more), warm=warm, **(hooks or {}))


def differing(clip, path="out.mkv"):
    """Where each frame of the result differs from the target's, (height, width)."""
    pairs = zip(read_clip(clip), read_clip(Path(path)), strict=True)
    return [(before != after).any(axis=2) for before, after in pairs]


def test_frames_and_pixels_outside_are_the_targets_own(job, clip):
    job(chain=[EARLY, LATE])
    where = differing(clip)
    assert {number for number, each in enumerate(where) if each.any()} == INSIDE
    assert all(where[number][:, 40:].any() for number in range(2, 5))
    assert not any(where[number][:, 32:].any() for number in range(8, FRAMES))


def test_each_link_goes_by_settings_of_its_own(job, clip):
    job(chain=[EARLY, LATE | {"region": ()}])
    chained = read_clip(Path("out.mkv"))
    for blend, numbers in ((60, range(2, 5)), (100, range(8, FRAMES))):
        job(processors="frame_enhancer", frame_enhancer_blend=blend, output_path=f"{blend}.mkv")
        plain = read_clip(Path(f"{blend}.mkv"))
        assert all(np.array_equal(chained[number], plain[number]) for number in numbers)


def test_a_chain_without_limits_gives_what_the_processors_give(job):
    job(processors="frame_enhancer", frame_enhancer_blend=60)
    job(chain=[{"processor": "frame_enhancer", "frame_enhancer_blend": 60}], output_path="chain.mkv")
    pairs = zip(read_clip(Path("out.mkv")), read_clip(Path("chain.mkv")), strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)


def test_the_flags_say_the_same_for_simple_cases(job, clip):
    job(processors="frame_enhancer", when="2f-5f,0.32-", region="frame_enhancer=0,0,0.5,1")
    where = differing(clip)
    assert {number for number, each in enumerate(where) if each.any()} == INSIDE
    assert not any(each[:, 32:].any() for each in where)


def test_stretches_count_from_the_first_frame_of_the_result(job, clip):
    job(chain=[EARLY], trim_start="4f")
    before, after = read_clip(clip)[4:], read_clip(Path("out.mkv"))
    assert [(a != b).any() for a, b in zip(before, after, strict=True)] == [False, False, True, True, True] + [
        False
    ] * 3


@pytest.mark.parametrize(
    ("when", "trim", "is_told"),
    [
        ("12f-20f", {}, True),
        ("0:48-0:50,99f-", {}, True),
        ("0.40-", {"trim_end": "0.40"}, True),
        ("11f-", {}, False),
        ("0.44-9,5-9", {}, False),
        ("-0.1", {}, False),
    ],
)
def test_it_is_told_beforehand_where_a_link_works_in_no_frame(values, when, trim, is_told):
    plan = make_plan(Options.parse(values | trim | {"processors": "frame_enhancer", "when": when}), has_hooks=False)
    assert any("frame_enhancer works in no frame" in note for note in plan.notes) == is_told


def test_a_job_that_was_broken_off_goes_on_to_the_same_file(job):
    def listen(progress):
        if progress.done >= 7:
            raise BrokenOffError

    job(chain=[EARLY, LATE], output_path="whole.mkv")
    with pytest.raises(BrokenOffError):
        job(chain=[EARLY, LATE], hooks={"progress": listen})
    job(chain=[EARLY, LATE], resume=True)
    assert Path("out.mkv").read_bytes() == Path("whole.mkv").read_bytes()


def test_another_link_is_another_job(job):
    def listen(progress):
        if progress.done >= 7:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        job(chain=[EARLY], hooks={"progress": listen})
    told = []
    job(chain=[EARLY | {"frame_enhancer_blend": 70}], resume=True, hooks={"notify": told.append})
    assert any("chain" in note for note in told)


def test_segments_that_are_done_apart_make_the_same_frames(job, values, warm, clip):
    options = Options.parse(values | {"chain": [EARLY, LATE]})
    plan = SegmentedPlan.of_bytes(plan_job(options, warm=warm, segment_frames=3, lead_frames=2).to_bytes())
    folders = [Path(f"{part.number}") for part in plan.segments]
    for folder in reversed(folders):
        run_segment(options, plan, int(folder.name), folder, warm=warm)
    merge_segments(options, plan, folders, warm=warm)
    apart = read_clip(Path("out.mkv"))
    job(chain=[EARLY, LATE], output_path="whole.mkv")
    assert all(np.array_equal(*pair) for pair in zip(apart, read_clip(Path("whole.mkv")), strict=True))


def test_a_preview_shows_what_the_job_makes(job, values, warm, clip):
    job(chain=[EARLY, LATE])
    before, made = read_clip(clip), read_clip(Path("out.mkv"))
    with Preview(Options.parse(values | {"chain": [EARLY, LATE]}), warm=warm) as preview:
        for number in (0, 4, 6, 9):
            after = preview.show(number).after
            is_outside = number not in INSIDE
            assert np.array_equal(after, before[number]) == is_outside
            assert np.abs(after.astype(int) - made[number]).mean() < 2
        preview.change(chain=[EARLY, EARLY | {"frame_enhancer_blend": 100}])
        assert not np.array_equal(preview.show(3).after, made[3])


@pytest.fixture
def kept_back(quiet_place, tmp_path_factory, monkeypatch):
    """A clip, options by which processors keep frames back in a part of it, and what is to come out."""
    installed_beside(tmp_path_factory.mktemp("site"), monkeypatch)
    images = [item.frame.image for item in frames(20, (32, 48))]
    target = write_clip(quiet_place / "around.mkv", images, codec="ffv1", form="bgr0")
    far = {"processor": "far", "when": ["2f-9f", "15f-"], "region": [0, 0, 0.5, 1], "feather": 0}
    expected = [*images[:3], *windowed(images[3:12], 3, 3), *images[12:]]
    for first, end in ((2, 9), (15, 20)):
        for number, made in enumerate(windowed(expected[first:end], 5, first), first):
            expected[number] = np.hstack([made[:, :24], expected[number][:, 24:]])
    return {"target_path": target, "chain": [{"processor": "near", "when": "3f-12f"}, far]}, expected


def same(path, expected):
    return all(np.array_equal(*pair) for pair in zip(read_clip(Path(path)), expected, strict=True))


@pytest.mark.parametrize(("chunk", "batch"), [(1, 1), (4, 3), (1000, 2)])
def test_who_keeps_frames_back_goes_by_its_stretch_alone(job, kept_back, chunk, batch):
    asked, expected = kept_back
    job(**asked, video_chunk_size=chunk, execution_batch_size=batch)
    assert same("out.mkv", expected)


@pytest.mark.parametrize("moment", [5, 11, 17])
def test_who_keeps_frames_back_goes_on_where_it_was_broken_off(job, kept_back, moment):
    def listen(progress):
        if progress.done >= moment:
            raise BrokenOffError

    asked, expected = kept_back
    with pytest.raises(BrokenOffError):
        job(**asked, hooks={"progress": listen})
    job(**asked, resume=True)
    assert same("out.mkv", expected)


def test_who_keeps_frames_back_does_so_in_segments_too(values, kept_back, warm):
    asked, expected = kept_back
    options = Options.parse(values | asked)
    plan = SegmentedPlan.of_bytes(plan_job(options, warm=warm, segment_frames=6, lead_frames=10).to_bytes())
    folders = [Path(f"{part.number}") for part in plan.segments]
    for folder in reversed(folders):
        run_segment(options, plan, int(folder.name), folder, warm=warm)
    merge_segments(options, plan, folders, warm=warm)
    assert same("out.mkv", expected)


@pytest.mark.parametrize("number", [0, 4, 8, 10, 16])
def test_a_preview_of_who_keeps_frames_back(values, kept_back, warm, number):
    asked, expected = kept_back
    with Preview(Options.parse(values | asked), warm=warm) as preview:
        assert np.array_equal(preview.show(number, history=12).after, expected[number])


@pytest.mark.parametrize("limit", [{"when": "0-0.2"}, {"region": [0, 0, 0.5, 1]}])
def test_who_makes_frames_of_another_size_cannot_be_limited(job, limit, only_file):
    with pytest.raises(OptionsError, match=r"frame_enhancer makes frames of another kind .128x96 in place of 64x48"):
        job(chain=[{"processor": "frame_enhancer", "frame_enhancer_model": "large", **limit}])
    assert only_file() == []


def test_a_picture_has_a_region_and_no_stretches(job, clip):
    picture = save(Path("one.png"), read_clip(clip, 1)[0])
    with pytest.raises(OptionsError, match="target is a picture"):
        job(chain=[EARLY], target_path=picture, output_path="out.png", output_video_encoder="auto", overwrite=True)


def test_live_frames_have_no_stretches(values):
    with pytest.raises(OptionsError, match="live frames have no end"):
        check_live(Options.parse(values | {"chain": [EARLY]}))


def test_a_processor_that_is_not_there_is_told_before_any_work(job):
    with pytest.raises(ProcessorUnknownError, match="no processor 'face_lifter'"):
        job(chain=[{"processor": "face_lifter", "blend": 1}])


def test_a_face_is_swapped_in_its_stretch_and_region_alone(moving_portrait, warm):
    target = {"target_path": moving_portrait, "output_path": "out.mkv", "output_video_encoder": "ffv1"}
    link = {"processor": "face_swapper", "when": "5f-10f", "region": [0, 0, 0.5, 1], "feather": 0}
    done = run(Options.parse(target | {"source_paths": CAPTAIN, "chain": [link]}), warm=warm)
    where = differing(moving_portrait)
    assert done.frames == len(where)
    assert {number for number, each in enumerate(where) if each.any()} == set(range(5, 10))
    assert not any(each[:, 100:].any() for each in where)  # at the edge some columns share their colour in 4:2:0
