"""The preview: any frame as a job would give it, and nothing found out twice."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

import facefusion
from facefusion.engine.preview.preview import Preview
from facefusion.errors import (
    ConsentMissingError,
    FaceFusionError,
    InputMissingError,
    OptionsError,
    PolicyError,
    SeveralFacesError,
)
from facefusion.faces.analyser import FaceAnalyser
from facefusion.faces.track import FaceTracker
from facefusion.media.finder import FrameFinder
from facefusion.media.open import open_reader
from facefusion.media.planes.layout import samples
from facefusion.media.reader import VideoReader
from facefusion.options import Options
from facefusion.processors.face_swapper.mesh.source import SourceModel
from facefusion.processors.face_swapper.processor import FaceSwapper
from generated.builder import Shelf
from generated.imaging import foreground, super_resolution
from generated.installed import install
from material import ASTRONAUT, CAPTAIN, LIMITS, read, save, write_clip

POLICY = Path(__file__).parent.parent / "policy.toml"
LOSSLESS = {"output_path": "out.mkv", "output_video_encoder": "ffv1"}


@pytest.fixture
def preview(moving_portrait, quiet_place, warm):
    opened = []

    def start(**values) -> Preview:
        basics = {"source_paths": CAPTAIN, "target_path": moving_portrait}
        opened.append(Preview(Options.parse(basics | values), warm=warm))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def planes_of(path, index, image=None):
    """What a frame of a clip holds, or would hold with another picture, sample by sample."""
    with closing(FrameFinder(path, LIMITS)) as finder:
        frame = finder.frame(index)
        planes = frame.original.merged(frame.image if image is None else image)
        return [samples(planes, number).copy() for number in range(len(planes.planes))]


@pytest.mark.parametrize("index", [0, 7, 19])
def test_it_shows_what_a_job_gives_that_begins_there(preview, job, moving_portrait, index):
    seen = preview().show(index)
    assert (seen.index, seen.time) == (index, pytest.approx(index / 25))
    assert len(seen.faces) == len(seen.edited) == 1
    job(trim_start=f"{index}f", **LOSSLESS)
    given, shown = planes_of(Path("out.mkv"), 0), planes_of(moving_portrait, index, seen.after)
    assert all(np.array_equal(a, b) for a, b in zip(given, shown, strict=True))


def test_within_a_job_only_what_it_remembers_differs(preview, job, moving_portrait):
    """Luma over the face, in grey levels: how far the preview is off, against how far the swap changes it."""
    job(**LOSSLESS)
    view = preview()
    for index in (3, 11, 18):
        seen = view.show(index)
        left, top, right, bottom = np.round(seen.faces[0].box).astype(int)
        before = planes_of(moving_portrait, index)
        shown, given = planes_of(moving_portrait, index, seen.after), planes_of(Path("out.mkv"), index)
        before, shown, given = (planes[0].astype(int)[top:bottom, left:right] for planes in (before, shown, given))
        assert np.abs(shown - given).mean() < 4
        assert np.abs(shown - before).mean() > 11


def test_with_all_frames_before_nothing_differs(preview, job, moving_portrait):
    job(**LOSSLESS)
    view = preview(fill_region=(4, 4, 12, 8))
    view.change(fill_region=())
    for index in (2, 13):
        seen = view.show(index, history=index)
        given, shown = planes_of(Path("out.mkv"), index), planes_of(moving_portrait, index, seen.after)
        assert all(np.array_equal(a, b) for a, b in zip(given, shown, strict=True))
    assert np.array_equal(view.show(2, history=50).after, view.show(2, history=2).after)


def test_a_picture_is_shown_as_a_job_gives_it(preview, job):
    seen = preview(target_path=ASTRONAUT).show()
    assert seen.time is None
    job(target_path=ASTRONAUT, output_path="out.png")
    assert np.array_equal(seen.after, read(Path("out.png")))
    assert np.array_equal(seen.before, read(ASTRONAUT))


@pytest.mark.parametrize(("frame", "history"), [(-1, 0), (-1, 12), (20, 0), (20, 12)])
def test_a_frame_that_is_not_there_is_named_as_it_was_asked_for(preview, frame, history):
    with pytest.raises(OptionsError, match=rf"has no frame {frame}\. Choose from 0 to 19"):
        preview(processors=()).show(frame, history=history)


def test_another_preset_is_gone_by(preview, moving_portrait):
    shown = preview()
    shown.change(preset="premium")
    assert shown.options.faces.face_detector_tiles == Options.parse({"preset": "premium"}).faces.face_detector_tiles
    with closing(
        Preview(Options.parse({"preset": "premium"} | {"source_paths": CAPTAIN, "target_path": moving_portrait}))
    ) as fresh:
        assert np.array_equal(shown.show(3).after, fresh.show(3).after)
    shown.change(preset="balanced")
    assert shown.options.faces.face_detector_tiles is None


def test_a_picture_has_one_frame(preview):
    view = preview(target_path=ASTRONAUT)
    assert view.count == 1
    for place in ({"frame": 1}, {"time": 0.5}):
        with pytest.raises(OptionsError, match="is a picture, and has one frame"):
            view.show(**place)


def test_a_moment_is_the_frame_shown_then(preview):
    view = preview(trim_start="5f", trim_end="15f")
    assert view.count == 10
    assert [view.show(time=moment).index for moment in (0.0, 0.039, 0.05, 0.36)] == [0, 0, 1, 9]
    with pytest.raises(OptionsError, match="Choose from 0 to 9"):
        view.show(10)


@pytest.fixture
def work(monkeypatch):
    """How often the costly things were done, by name."""
    done: dict[str, int] = {}

    def count(owner, name, label):
        real = getattr(owner, name)

        def counted(*given, **named):
            done[label] = done.get(label, 0) + 1
            return real(*given, **named)

        monkeypatch.setattr(owner, name, counted)

    count(FaceTracker, "update", "looked for faces")
    count(FaceAnalyser, "find", "searched pictures")
    count(VideoReader, "_frame", "decoded")
    count(SourceModel, "gather", "made a source")
    return done


@pytest.mark.parametrize(
    "change",
    [{"blend_ratio": 0.4}, {"shape": 0.1}, {"face_mask_blur": 0.9}, {"face_mask_types": "ellipse"}],
    ids=str,
)
def test_a_changed_option_finds_nothing_anew(preview, work, change):
    view = preview()
    before = view.show(4).after
    done = dict(work)
    view.change(**change)
    after = view.show(4).after
    assert work == done
    assert not np.array_equal(before, after)
    fresh = preview(**change).show(4).after
    assert np.array_equal(after, fresh)


def test_changing_back_gives_the_same(preview):
    view = preview()
    first = view.show(9).after
    view.change(blend_ratio=0.2)
    view.show(9)
    view.show(3)
    view.change({"blend-ratio": 1.0})
    assert np.array_equal(view.show(9).after, first)


def test_another_source_leaves_the_faces_of_the_target(preview, work, astronaut):
    view = preview(target_path=CAPTAIN, source_paths=CAPTAIN)
    view.show()
    searched = work["searched pictures"]
    view.change(source_paths=save(Path("mine.png"), astronaut[:, ::-1]))  # which no other test has shown
    seen = view.show()
    assert work["searched pictures"] == searched + 1
    assert not np.array_equal(seen.after, seen.before)


def test_a_file_that_changed_is_read_again(preview, astronaut, captain):
    path = save(Path("mine.png"), captain)
    view = preview(source_paths=path)
    first = view.show(2).after
    save(path, astronaut[:, ::-1])
    again = view.show(2).after
    assert not np.array_equal(first, again)
    assert np.array_equal(again, preview(source_paths=path).show(2).after)


def test_who_is_worked_on_can_be_changed(preview, astronaut, captain):
    both = np.zeros((512, 1024, 3), np.uint8)
    both[:, :512], both[: captain.shape[0], 512 : 512 + captain.shape[1]] = astronaut[:512, :512], captain[:512, :512]
    view = preview(target_path=save(Path("both.png"), both))
    seen = view.show()
    assert len(seen.faces) == len(seen.edited) == 2
    view.change(face_selector_mode="one", face_selector_order="left-right", face_position=1)
    seen = view.show()
    assert [face.box[0] > 512 for face in seen.faces] == [False, True]
    assert [face.box[0] > 512 for face in seen.edited] == [True]
    assert np.array_equal(seen.before[:, :500], seen.after[:, :500])
    view.change(face_selector_mode="many", face_position=0, face_min_size=500)
    assert view.show().edited == ()


def test_smaller_with_boxes(preview):
    view = preview()
    seen, small = view.show(5), view.show(5, max_side=96, boxes=True)
    assert small.before.shape == small.after.shape == (96, 96, 3)
    assert small.compared.shape == (96, 192, 3)
    assert np.allclose(small.faces[0].box * 2, seen.faces[0].box, atol=1)
    assert (small.before == (64, 220, 255)).all(2).any() or np.abs(small.before.astype(int) - small.after).max() > 100
    assert view.show(5, max_side=4000).after.shape == (192, 192, 3)


@pytest.fixture
def models(tmp_path_factory):
    """Generated networks: one enlarges twice, one says what is background."""
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    tiling = {"tile": 64, "pad": 6, "overlap": 8}
    shelf.put("large", "frame_enhancer", "rgb_super_resolution", super_resolution(2), settings={"scale": 2, **tiling})
    shelf.put("foreground", "background_remover", "background_remover", foreground(), settings={"size": 64})
    return install(shelf) | {"frame_enhancer_model": "large", "background_remover_model": "foreground"}


def test_processors_run_again_from_the_first_that_changed(preview, models, monkeypatch):
    swaps = []
    real = FaceSwapper._process_frame
    monkeypatch.setattr(FaceSwapper, "_process_frame", lambda self, item: swaps.append(1) or real(self, item))
    view = preview(processors=("face_swapper", "frame_enhancer"), **models)
    seen = view.show(4)
    assert seen.before.shape == seen.after.shape == (384, 384, 3)
    assert np.allclose(seen.faces[0].box, seen.edited[0].box, atol=1)
    view.change(frame_enhancer_blend=30)
    assert not np.array_equal(view.show(4).after, seen.after)
    assert len(swaps) == 1
    view.change(blend_ratio=0.5)
    view.show(4)
    assert len(swaps) == 2


def test_what_becomes_transparent_is_shown_on_white(preview, models):
    seen = preview(processors="background_remover", source_paths=(), **models).show(2)
    assert seen.opacity.shape == (192, 192)
    clear = seen.opacity < 250
    assert clear.any()
    assert (seen.after[clear] >= seen.before[clear]).all()
    assert np.array_equal(seen.after[seen.opacity == 255], seen.before[seen.opacity == 255])
    assert seen.faces == (), "no processor needs faces, so none are looked for"


def test_a_clip_without_faces_is_shown_as_it_is(preview):
    clip = write_clip(Path("grey.mp4"), [np.full((96, 128, 3), 90, np.uint8)] * 6)
    seen = preview(target_path=clip).show(3)
    assert (seen.faces, seen.edited) == ((), ())
    assert np.array_equal(seen.before, seen.after)


def test_without_processors_nothing_is_done(preview):
    seen = preview(processors=(), source_paths=()).show(3)
    assert np.array_equal(seen.before, seen.after)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"target_path": "nothing.mp4"}, InputMissingError),
        ({"target_path": None}, OptionsError),
        ({"source_paths": ()}, OptionsError),
        ({"source_paths": "nothing.jpg"}, InputMissingError),
    ],
)
def test_what_a_job_refuses_it_refuses(preview, values, error):
    with pytest.raises(error):
        preview(**values).show()


def test_a_refused_change_leaves_everything_as_it_was(preview):
    view = preview()
    first = view.show(1).after
    for change in ({"blend_ratio": 7}, {"no_such": 1}, {"processors": "no_such"}, {"target_path": "nothing.mp4"}):
        with pytest.raises(FaceFusionError):
            view.change(change)
    assert np.array_equal(view.show(1).after, first)


def test_other_rules_hold_from_the_next_look_on(preview, monkeypatch):
    monkeypatch.delenv("FACEFUSION_POLICY")
    shown = preview(policy=str(POLICY))
    before = shown.show(0)
    shown.change(policy="studio", acknowledge=True)
    with pytest.raises(ConsentMissingError):
        shown.show(0)
    shown.change(policy=str(POLICY))
    assert np.array_equal(shown.show(0).after, before.after)


def test_another_label_is_shown_at_once(preview):
    shown = preview(label="throughout", label_text="before")
    before = shown.show(0).after
    shown.change(label_text="after")
    assert not np.array_equal(shown.show(0).after, before)


def test_rules_that_are_refused_leave_those_from_before(preview, tmp_path, monkeypatch):
    monkeypatch.delenv("FACEFUSION_POLICY")
    shown = preview(policy=str(POLICY))
    with pytest.raises(PolicyError):
        shown.change(policy=str(tmp_path / "none.toml"))
    assert shown.show(0).faces


def test_nothing_is_written(preview, only_file, astronaut, captain):
    both = np.concatenate([astronaut[:400, :400], captain[:400, :400]], axis=1)
    save(Path("both.png"), both)
    preview().show(2)
    with pytest.raises(SeveralFacesError) as caught:
        preview(source_paths="both.png").show(2)
    assert caught.value.picture is None
    assert only_file() == ["both.png"]


def open_files():
    """Files that this process holds open, each as often as it does; its records, which stay open, do not count."""
    found = Counter()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found[descriptor.readlink()] += 1
    is_record = re.compile(r"trust\.db(-wal|-shm)?").fullmatch
    return Counter({path: count for path, count in found.items() if path.is_file() and not is_record(path.name)})


def test_no_file_stays_open(preview):
    view = preview()
    view.show(3)
    view.close()
    files = open_files()
    with preview() as again:
        again.show(5)
        assert open_files() - files
    assert not open_files() - files


def test_it_is_called_like_the_other_calls(moving_portrait, quiet_place):
    with facefusion.open_preview(moving_portrait, source_paths=CAPTAIN, blend_ratio=0.5) as view:
        assert isinstance(view, facefusion.Preview)
        assert view.options.face_swapper.blend_ratio == 0.5
        assert view.info.path == moving_portrait
        assert view.show(1).after.shape == (192, 192, 3)
    with open_reader(moving_portrait, limits=LIMITS) as reader:
        assert view.options.target_path == reader.info.path
