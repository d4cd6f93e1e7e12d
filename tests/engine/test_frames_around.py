"""Processors that give a frame only when they have seen some that follow it: everywhere that frames go."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from alive_frames import Alive, jam
from frames_around import Brighter, Counting, Twice, WindowMean, brighter, frames, installed_beside, twice, windowed

from facefusion.engine.clock import StageClock
from facefusion.engine.live.session import LiveSession
from facefusion.engine.notes import Notes
from facefusion.engine.overlap import Overlap
from facefusion.engine.plan import GIB, LEAST_IN_FLIGHT, make_plan
from facefusion.engine.preview.preview import Preview
from facefusion.engine.segmented import merge_segments, plan_job, run_segment
from facefusion.engine.work import Work
from facefusion.errors import OptionsError, ProcessorError
from facefusion.faces.types import Face, Pose
from facefusion.media.open import open_reader
from facefusion.media.picture import read_picture
from facefusion.media.planes.layout import samples
from facefusion.media.reader import VideoReader
from facefusion.media.select import Selection
from facefusion.options import Options
from facefusion.processors.base import FaceFrame, ProcessorContext, ProcessorSpec
from facefusion.processors.guarded import GuardedProcessor
from facefusion.processors.kept import first_kept, kept_frames, kept_state, put_in, slim
from facefusion.state import pack, unpack
from facefusion.testing import check_processor
from material import LIMITS, read_clip, save, write_clip

FRAMES = 20
TIMES = [0, 40, 70, 200, 240, 280, 290, 400, 440, 480, 520, 900, 940, 980, 1020, 1060, 1100, 1140, 1141, 1200]
LOSSLESS = {"output_path": "out.mkv", "output_video_encoder": "ffv1"}


@pytest.fixture(scope="module")
def images():
    """Twenty pictures, no two alike."""
    return [item.frame.image for item in frames(FRAMES, (48, 64))]


@pytest.fixture(scope="module")
def clip(images, tmp_path_factory):
    """The pictures, each as it is, at uneven times."""
    return written(tmp_path_factory.mktemp("clips") / "uneven.mkv", images, "bgr0")


@pytest.fixture(scope="module")
def deep(images, tmp_path_factory):
    """A clip of 10 bits, which hold more than pictures show."""
    return written(tmp_path_factory.mktemp("clips") / "deep.mkv", images, "yuv420p10le")


def written(path, images, form):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = *images[0].shape[:2], form
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for image, time in zip(images, TIMES, strict=True):
            frame = av.VideoFrame.from_ndarray(image)
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(autouse=True)
def brought_in(quiet_place, own_records, tmp_path_factory, monkeypatch):
    """The processors are there, and all jobs are done at one place."""
    monkeypatch.setenv("XDG_DATA_HOME", str(own_records))
    installed_beside(tmp_path_factory.mktemp("site"), monkeypatch)


@pytest.fixture
def edit(job, clip):
    """Run a job; the pictures that come out."""

    def start(*processors, hooks=None, **values):
        result = job(hooks, **({"target_path": clip} | LOSSLESS | values | {"processors": processors}))
        made = read_clip(Path("out.mkv"))
        assert result.frames == len(made)
        return made

    return start


def same(made, wanted):
    assert len(made) == len(wanted)
    for number, (one, other) in enumerate(zip(made, wanted, strict=True)):
        assert np.array_equal(one, other), f"frame {number}"


def times(path):
    with VideoReader(path, LIMITS) as reader:
        return [frame.time for frame in reader]


@pytest.mark.parametrize(("chunk", "batch"), [(1, 1), (4, 3), (9, 1), (1000, 3)])
def test_each_frame_is_made_of_those_around_it_wherever_segments_and_batches_end(edit, images, clip, chunk, batch):
    made = edit("near", "bright", "far", video_chunk_size=chunk, execution_batch_size=batch)
    same(made, windowed([brighter(each) for each in windowed(images, 3)], 5))
    assert times(Path("out.mkv")) == times(clip)


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_clips_that_are_shorter_than_what_is_kept_back(edit, images, count):
    target = write_clip(Path("short.mkv"), images[:count], codec="ffv1", form="bgr0")
    same(edit("far", "near", target_path=target), windowed(windowed(images[:count], 5), 3))


def test_what_remembers_behind_them_gets_every_frame_once_and_in_order(edit, images):
    counted = [image + np.uint8(number) for number, image in enumerate(windowed(images, 3), 1)]
    same(edit("near", "count", video_chunk_size=6), counted)


def test_what_nobody_changed_keeps_every_bit(edit, deep):
    edit("near", target_path=deep)
    left, kept = stored(deep), stored(Path("out.mkv"))
    assert [a == b for a, b in zip(left, kept, strict=True)] == [index % 4 == 3 for index in range(FRAMES)]


def stored(path):
    with VideoReader(path, LIMITS) as reader:
        return [bits(frame.original.planes) for frame in reader]


def bits(planes):
    return b"".join(samples(planes, number).tobytes() for number in range(len(planes.planes)))


class BrokenOffError(Exception):
    pass


def breaking_off(moment):
    def listen(report):
        if report.done >= moment:
            raise BrokenOffError

    return listen


@pytest.mark.parametrize(
    ("processors", "length", "moment"),
    [(("near",), 6, 9), (("bright", "near", "twice", "far"), 3, 10), (("far", "count", "near"), 7, 13)],
    ids=str,
)
def test_a_job_that_goes_on_gives_the_same_file_to_the_bit(job, deep, processors, length, moment):
    values = {"target_path": deep, "processors": processors, "video_chunk_size": length}
    job(**values)
    whole = Path("out.mp4").read_bytes()
    reports = []
    with pytest.raises(BrokenOffError):
        job({"progress": breaking_off(moment)}, **values)
    job({"progress": reports.append}, **values, resume=True)
    assert reports[0].before == finished(processors, length, moment)
    assert Path("out.mp4").read_bytes() == whole


def finished(processors, length, moment):
    """How many frames are in finished segments where a job was broken off: what is kept back goes into the next."""
    delay = sum({"near": 3, "far": 5}.get(name, 0) for name in processors)
    ends = [max(0, end - delay) for end in range(length, FRAMES, length)]
    return max((end for end in ends if end < moment), default=0)


def test_a_target_that_changed_where_frames_were_kept_back_begins_anew(job, images, clip):
    values = LOSSLESS | {"processors": ("near",), "video_chunk_size": 6}
    with pytest.raises(BrokenOffError):
        job({"progress": breaking_off(12)}, target_path=clip, **values)
    [state] = sorted(Path.cwd().glob(".facefusion-job-*/*/*.state"))[-1:]
    assert first_kept(unpack(state.read_bytes())) is not None
    changed = write_clip(Path("changed.mkv"), [image + np.uint8(1) for image in images], codec="ffv1", form="bgr0")
    job(target_path=changed, resume=True, **values)
    same(read_clip(Path("out.mkv")), windowed([image + np.uint8(1) for image in images], 3))


@pytest.mark.parametrize(("processors", "length"), [(("near",), 6), (("near", "bright", "far"), 5)], ids=str)
def test_segments_that_are_done_apart_come_out_as_in_the_whole_job(edit, clip, warm, processors, length):
    whole = edit(*processors)
    options = Options.parse(LOSSLESS | {"target_path": clip, "processors": processors, "overwrite": True})
    plan = plan_job(options, segment_frames=length, lead_frames=FRAMES, warm=warm)
    assert len(plan.segments) > 1
    folders = [Path(f"{part.number}") for part in plan.segments]
    for number in reversed(range(len(folders))):
        made = run_segment(options, plan, number, folders[number], warm=warm)
        assert made.frames == plan.segments[number].frames
    result = merge_segments(options, plan, folders, warm=warm)
    assert result.frames == FRAMES
    same(read_clip(Path("out.mkv")), whole)
    assert times(Path("out.mkv")) == times(clip)


def test_a_users_own_steps_see_every_frame_once_in_order(edit, images):
    before, after = [], []
    hooks = {
        "pre_processor": lambda image: before.append(image.copy()) or brighter(image),
        "post_processor": lambda image: after.append(image.copy()) or brighter(image),
    }
    made = edit("near", hooks=hooks, video_chunk_size=7)
    same(before, images)
    same(after, windowed([brighter(each) for each in images], 3))
    same(made, [brighter(each) for each in after])


def test_sequences_animations_and_pictures_beside_a_video_show_what_the_video_shows(edit, images, job):
    wanted, even = windowed(images, 3), write_clip(Path("even.mkv"), images, codec="ffv1", form="bgr0")
    values = {"target_path": even, "processors": ("near",), "video_chunk_size": 6}
    same(edit("near", thumbnail="first.png", contact_sheet="sheet.png", **values), wanted)
    assert read_picture(Path("sheet.png"), LIMITS).image.size
    job(output_path="all.%02d.png", **values)
    same([read_picture(path, LIMITS).image for path in sorted(Path.cwd().glob("all.*.png"))], wanted)
    job(output_path="moves.apng", **values)
    with open_reader(Path("moves.apng"), limits=LIMITS, selection=Selection.of(Options())) as reader:
        same([frame.image for frame in reader], wanted)


def test_a_picture_has_no_frames_around_it(job, images):
    save(Path("still.png"), images[0])
    job(target_path="still.png", output_path="out.png", processors=("near", "bright", "far"))
    assert np.array_equal(read_picture(Path("out.png"), LIMITS).image, brighter(images[0]))


def test_a_preview_shows_a_frame_alone_or_with_history_among_those_around_it(images, clip, warm):
    options = Options.parse({"target_path": clip, "processors": ("near", "bright", "far")})
    job = windowed([brighter(each) for each in windowed(images, 3)], 5)
    with Preview(options, warm=warm) as preview:
        assert np.array_equal(preview.show(9).after, brighter(images[9]))
        for index in (9, 14, 19):
            assert np.array_equal(preview.show(index, history=index).after, job[index])
        assert np.array_equal(preview.show(9, history=2).before, images[9])
        assert np.array_equal(preview.show(9).after, brighter(images[9])), "nothing is remembered of another preview"


def test_live_frames_leave_at_once_and_go_by_those_before_them(images, warm):
    options = Options.parse({"processors": ("near",)})
    with LiveSession(options, (64, 48), warm=warm) as session:
        for number, image in enumerate(images[:6]):
            wanted = windowed(images[: number + 1], 3)[-1]
            assert np.array_equal(session.edit(image, number / 25).image, wanted), f"frame {number}"


def test_frames_that_are_kept_back_count_in_the_memory(clip, images):
    def planned(processors, frames):
        values = {"target_path": clip, "output_path": "out.mkv", "processors": processors}
        memory = {} if frames is None else {"max_memory": frames * 48 * 64 * 8 / GIB}
        return make_plan(Options.parse(values | memory), has_hooks=False)

    assert planned(("near", "bright", "far"), None).kept_back == 8
    assert planned(("near",), LEAST_IN_FLIGHT + 3).kept_back == 3
    with pytest.raises(OptionsError, match=f"do not hold {LEAST_IN_FLIGHT + 3} frames of 64x48"):
        planned(("near",), LEAST_IN_FLIGHT + 2.9)
    planned(("bright",), LEAST_IN_FLIGHT)


def test_frames_that_processors_remember_count_too(clip):
    def planned(frames):
        values = {"target_path": clip, "output_path": "out.mkv", "max_memory": frames * 48 * 64 * 8 / GIB}
        chain = ("film_restorer", "stylizer", "temporal_smoother")
        return make_plan(Options.parse(values | {"processors": chain}), has_hooks=False)

    held = 12 + 12 + 1 + 2
    plan = planned(LEAST_IN_FLIGHT + held)
    assert (plan.kept_back, plan.held) == (12, held)
    with pytest.raises(OptionsError, match=f"do not hold {LEAST_IN_FLIGHT + held} frames of 64x48"):
        planned(LEAST_IN_FLIGHT + held - 0.1)


@pytest.mark.parametrize(("most", "batch"), [(LEAST_IN_FLIGHT, 1), (18, 3)])
def test_no_more_frames_are_held_than_the_memory_has_places_for(job, monkeypatch, astronaut, most, batch):
    long = write_clip(Path("long.mp4"), [astronaut[30:222, 120:312]] * 40)
    alive = Alive(monkeypatch)
    jam(monkeypatch)
    values = {"target_path": long, "processors": ("later", "bright"), "execution_batch_size": batch}
    job(max_memory=(most + 6) * 192 * 192 * 8 / GIB, **values)
    assert most / 2 + 6 < alive.most_frames <= most + 6


def test_every_frame_is_worked_on_where_a_processor_goes_by_those_around_it(clip):
    values = {"target_path": clip, "output_path": "out.mkv", "processors": ("faced",), "frame_sampling": 3}
    plan = make_plan(Options.parse(values), has_hooks=False)
    assert plan.sampling == 1
    assert "faced goes by the frames around each" in " ".join(plan.notes)


def test_who_keeps_back_more_than_was_said_is_named(job, clip):
    with pytest.raises(ProcessorError, match=r"'more' of around keeps back 3 frames, more than its ProcessorSpec says"):
        job(target_path=clip, processors=("more",))


class Wrong(WindowMean):
    """Makes one mistake."""

    def __init__(self, mistake):
        super().__init__(3)
        self._mistake = mistake

    def process(self, batch):
        edited = super().process(batch)
        if self._mistake == "reorders":
            return edited[::-1]
        if self._mistake == "loses":
            return [item for item in edited if item.frame.index != 2]
        if self._mistake == "hoards":
            self._hoard = [*getattr(self, "_hoard", ()), *edited]
            return []
        return edited

    def finish(self):
        return super().finish()[1:] if self._mistake == "forgets" else super().finish()


@pytest.mark.parametrize("mistake", ["reorders", "loses", "hoards", "forgets"])
def test_frames_that_are_lost_or_out_of_order_are_the_fault_of_whoever_does_it(mistake):
    processor = guarded(Wrong(mistake))
    with pytest.raises(ProcessorError, match="The processor 'wrong' of somebody"):
        processor.process(frames(8))
        processor.finish()
    with pytest.raises(AssertionError):
        check_processor(lambda: Wrong(mistake), frames(8))


def guarded(processor):
    spec = ProcessorSpec("wrong", "is", False, lambda context: processor, delay=lambda options: 3)
    return GuardedProcessor(spec, "somebody", ProcessorContext(Options(), (), None))


def test_a_guarded_one_goes_on_from_its_state():
    first, second = guarded(WindowMean(3)), guarded(WindowMean(3))
    items = frames(12)
    made = first.process(items[:5])
    second.restore(unpack(pack(first.state())))
    made += [*second.process(items[5:]), *second.finish()]
    same([each.frame.image for each in made], windowed([each.frame.image for each in items], 3))


@pytest.mark.parametrize("create", [lambda: WindowMean(3), lambda: WindowMean(1), Brighter, Counting, Twice])
def test_the_processors_of_these_tests_keep_the_rules(create):
    check_processor(create, frames(9))


class Batches(Brighter):
    """Notes how many frames it gets at once."""

    def __init__(self):
        self.sizes = []

    def process(self, batch):
        self.sizes.append(len(batch))
        return list(batch)


class Blocks(WindowMean):
    """Gives nothing until it has all that it may keep back, and then all of it."""

    def process(self, batch):
        self._kept += batch
        return self.finish() if len(self._kept) > self.delay else []

    def _next(self):
        return self._kept.pop(0)


@pytest.mark.parametrize("at_once", [1, 2])
def test_what_comes_at_once_is_handed_on_in_batches(at_once):
    blocks, batches = Blocks(7), Batches()
    items, made = frames(21), []
    work = Work(None, (Brighter(), blocks, batches), None, None, StageClock(), Notes())
    with Overlap(work, at_once, 2) as overlap:
        for start in range(0, len(items), 2):
            overlap.start(items[start : start + 2])
            if overlap.started == at_once:
                made += overlap.take()
        while overlap.started:
            made += overlap.take()
        made += [item for rest in overlap.rest() for item in rest]
    assert [item.frame.index for item in made] == list(range(21))
    assert set(batches.sizes) <= {1, 2}


def test_kept_frames_come_back_with_their_faces_and_with_what_was_decoded(deep):
    face = Face(
        *(np.float32([1, 2, 30, 40]), 0.75, np.ones((5, 2), np.float32), np.ones((468, 3), np.float32), 1.0),
        Pose(1, 2, 3),
    )
    with VideoReader(deep, LIMITS) as reader:
        decoded = list(reader)[:4]
    edited = FaceFrame(decoded[0], (face,)).with_frame(decoded[0].with_image(brighter(decoded[0].image)))
    larger = FaceFrame(decoded[1], (face,)).enlarged(decoded[1].enlarged(twice(decoded[1].image)))
    veiled = FaceFrame(decoded[2].with_opacity(np.full((48, 64), 7, np.uint8)), ())
    items = [edited, larger, veiled, FaceFrame(decoded[3], ())]
    state = {"deep": [{"in": kept_state(items)}]}
    assert first_kept(state) == (0, decoded[0].pts)
    data = pack(slim(state))
    assert len(data) < len(pack(state)), "what shows what was decoded is not written"
    again = kept_frames(put_in(unpack(data), {frame.index: frame for frame in decoded})["deep"][0]["in"])
    for one, other in zip(items, again, strict=True):
        assert np.array_equal(one.frame.image, other.frame.image)
        assert np.array_equal(one.before.image, other.before.image)
        assert (one.frame.pts, one.frame.duration, one.frame.time) == (
            other.frame.pts,
            other.frame.duration,
            other.frame.time,
        )
        assert [face.score for face in one.faces] == [face.score for face in other.faces]
        assert merged(one) == merged(other)
    assert again[3].frame.image is again[3].frame.original.view, "nobody changed it"
    assert np.array_equal(again[2].frame.opacity, veiled.frame.opacity)


def merged(item):
    return bits(item.frame.original.merged(item.frame.image))
