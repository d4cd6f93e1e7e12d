"""Jobs whose processors work on whole frames: without faces, in another size, with transparency."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from facefusion.engine.plan import make_plan
from facefusion.engine.run import run
from facefusion.errors import CancelledError, NoFaceError, OptionsError, OutputTypeError
from facefusion.media.probe import probe
from facefusion.media.reader import VideoReader
from facefusion.options import LimitOptions, Options
from facefusion.processors.frame_enhancer.tiles import enlarged
from generated.ages import put_classifier
from generated.builder import Shelf
from generated.imaging import (
    chroma,
    foreground,
    reaging,
    reaging_with_background,
    super_resolution,
    translator,
)
from generated.installed import install
from material import CAPTAIN, LIMITS, read, read_clip, save, write_clip

MODELS = {
    "frame_enhancer_model": "large",
    "frame_enhancer_blend": 100,
    "frame_colorizer_model": "colours",
    "frame_colorizer_size": 64,
    "background_remover_model": "foreground",
    "face_translator_model": "faces",
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield _filled(tmp_path_factory, monkeypatch)


def _filled(tmp_path_factory, monkeypatch):
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    tiling = {"tile": 64, "pad": 6, "overlap": 8}
    shelf.put("large", "frame_enhancer", "rgb_super_resolution", super_resolution(2), settings={"scale": 2, **tiling})
    shelf.put("clear", "frame_enhancer", "rgb_super_resolution", super_resolution(1), settings={"scale": 1, **tiling})
    shelf.put("colours", "frame_colorizer", "ddcolor", chroma())
    shelf.put("foreground", "background_remover", "background_remover", foreground(), settings={"size": 64})
    shelf.put("faces", "face_translator", "face_translator", translator(), settings={"size": 64})
    wide = {"size": 64, "wide_size": 96, "output_size": 128}
    shelf.put("wide_ages", "age_modifier", "styleganex_age", reaging_with_background(), settings=wide)
    shelf.put("ages", "age_modifier", "fran", reaging(), settings={"size": 128}, requires=("told_ages",))
    put_classifier(shelf, monkeypatch, [(40, 41)])
    shelf.options = MODELS | install(shelf)
    return shelf


@pytest.fixture
def job(shelf, quiet_place, warm):
    """Run a job with the generated models."""

    def start(target, output, *processors, **values):
        asked = {"target_path": target, "output_path": output, "processors": processors}
        return run(Options.parse(shelf.options | asked | values), warm=warm)

    return start


def landscape(number):
    """A frame without a face: bright hills under a dark sky, moving."""
    rows, columns = np.mgrid[:72, :104]
    hills = rows > 36 + 12 * np.sin((columns + 4 * number) / 9)
    light = np.where(hills, 190 + rows // 3, 25 + rows // 2)
    return np.dstack([light, light * 0.9, light * 0.7]).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def hills(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("hills") / "hills.mp4", map(landscape, range(10)))


def large(shelf, image):
    return enlarged([image], shelf.sessions().load("large", "frame_enhancer"))[0]


def frames_of(path):
    with VideoReader(Path(path), LIMITS) as reader:
        return reader.info, list(reader)


def rgba(path):
    """The first picture of a file."""
    with Image.open(path) as made:
        return np.array(made.convert("RGBA"))


def near(one, other, most):
    return np.abs(one.astype(float) - other).mean() < most


def test_a_landscape_is_enlarged_without_a_look_for_faces(job, shelf, hills, monkeypatch):
    monkeypatch.setattr("facefusion.engine.run.FaceAnalyser.create", None)  # would fail if it were called
    result = job(hills, "out.mp4", "frame_enhancer")
    info, frames = frames_of("out.mp4")
    assert (result.frames, result.faces) == (10, 0)
    assert (info.width, info.height, len(frames)) == (208, 144, 10)
    assert all(
        near(frame.image, large(shelf, before), 3) for frame, before in zip(frames, read_clip(hills), strict=True)
    )


def test_a_processor_of_faces_still_says_that_there_is_none(job, hills):
    with pytest.raises(NoFaceError):
        job(hills, "out.mp4", "face_translator", "frame_enhancer")


@pytest.mark.parametrize(("wish", "size"), [("50%", (104, 72)), ("640x480", (640, 480)), ("36p", (52, 36))])
def test_a_size_that_is_asked_for_is_made_of_the_enlarged_frames(job, hills, wish, size):
    job(hills, "out.mp4", "frame_enhancer", output_video_size=wish, renditions="whole.mkv", thumbnail="thumb.png")
    assert frames_of("out.mp4")[1][0].image.shape[1::-1] == size
    assert frames_of("whole.mkv")[1][0].image.shape[1::-1] == (208, 144)
    assert read(Path("thumb.png")).shape[1::-1] == (208, 144)


def test_limits_hold_for_what_is_made(job, hills):
    with pytest.raises(OptionsError, match=r"make frames of 208x144 = 29952 pixels.*raise --max-pixels"):
        job(hills, "out.mp4", "frame_enhancer", max_pixels=20_000)
    assert job(hills, "out.mp4", "frame_enhancer", max_pixels=30_000).frames == 10
    with pytest.raises(OptionsError, match="max-memory"):
        job(hills, "out.mp4", "frame_enhancer", max_memory=8 * (104 * 72 * 5 + 208 * 144 * 3 - 100) / 2**30)


def test_a_picture_too_large_for_its_form_is_refused_before_work(job, quiet_place):
    wide = save(quiet_place / "wide.png", np.zeros((8, 9000, 3), np.uint8))
    with pytest.raises(OutputTypeError, match="WebP does not hold a side of 18000 pixels"):
        job(wide, "out.webp", "frame_enhancer")
    assert not Path("out.webp").exists()
    job(wide, "out.webp", "frame_enhancer", crop="0,0,8000,8")
    assert read(Path("out.webp")).shape == (16, 16000, 3)


def test_enlarging_goes_on_where_it_was_interrupted(job, shelf, hills):
    job(hills, "whole.mkv", "frame_enhancer", video_chunk_size=3)
    values = shelf.options | {"target_path": hills, "output_path": "parts.mkv", "processors": ("frame_enhancer",)}
    options = Options.parse(values | {"video_chunk_size": 3})
    import threading

    cancel = threading.Event()
    with pytest.raises(CancelledError):
        run(options, cancel=cancel, progress=lambda made: cancel.set() if made.done >= 6 else None)
    run(Options.parse(values | {"video_chunk_size": 3, "resume": True}))
    assert all(
        np.array_equal(*pair) for pair in zip(read_clip(Path("whole.mkv")), read_clip(Path("parts.mkv")), strict=True)
    )


def test_faces_are_edited_where_they_lie_after_enlarging(job, shelf, moving_portrait):
    job(moving_portrait, "first.mkv", "face_translator", "frame_enhancer", trim_end="4f", output_video_encoder="ffv1")
    job(moving_portrait, "then.mkv", "frame_enhancer", "face_translator", trim_end="4f", output_video_encoder="ffv1")
    plain = large(shelf, read_clip(moving_portrait)[0])
    one, other = (
        np.abs(read_clip(Path(path))[0].astype(int) - plain).max(axis=2) > 12 for path in ("first.mkv", "then.mkv")
    )
    assert 0.02 < one.mean() < 0.75
    assert (one & other).sum() / (one | other).sum() > 0.8


def test_the_swapper_may_come_before(job, moving_portrait):
    result = job(moving_portrait, "out.mp4", "face_swapper", "frame_enhancer", source_paths=CAPTAIN, trim_end="3f")
    assert result.faces == 3
    assert frames_of("out.mp4")[1][0].image.shape == (384, 384, 3)


def write_deep(path, luma, **tags):
    """A clip of three frames of 10 bits without colour: luma, uint16 (height, width)."""
    height, width = luma.shape
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p10le"
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
        frame = av.VideoFrame(width, height, "yuv420p10le")
        for index in range(3):
            plane = frame.planes[index]
            lines = np.frombuffer(memoryview(plane), np.uint16).reshape(plane.height, -1)
            lines[:, : plane.width] = 512 if index else luma
        for _ in range(3):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def first_luma(path):
    with av.open(str(path)) as made:
        frame = next(made.decode(video=0))
        plane = frame.planes[0]
        return np.frombuffer(memoryview(plane), np.uint16).reshape(plane.height, -1)[:, : plane.width], frame


def test_ten_bits_stay_ten_bits(job, quiet_place):
    """A ramp too fine for 8 bits, enlarged, still has more than 8 bits can hold."""
    write_deep(quiet_place / "deep.mkv", np.tile(np.linspace(400, 440, 128).astype(np.uint16), (64, 1)))
    job("deep.mkv", "out.mkv", "frame_enhancer", output_video_encoder="ffv1", frame_enhancer_blend=0)
    luma, frame = first_luma("out.mkv")
    assert "10" in frame.format.name and luma.shape == (128, 256)
    assert len(np.unique(luma[64])) >= 38
    assert abs(int(luma[64, 10]) - 401) <= 3 and abs(int(luma[64, -10]) - 438) <= 3


def test_high_dynamic_range_is_enlarged_along(job, shelf, quiet_place):
    """Of light far above white, which the picture that processors see shows flat, the gradation is kept."""
    ramp = np.tile(np.linspace(100, 900, 128).astype(np.uint16), (64, 1))
    write_deep(quiet_place / "hdr.mkv", ramp, colorspace=9, color_primaries=9, color_trc=16, color_range=1)
    job("hdr.mkv", "out.mkv", "frame_enhancer", output_video_encoder="ffv1", frame_enhancer_blend=0)
    luma, frame = first_luma("out.mkv")
    assert frame.color_trc == 16 and luma.shape == (128, 256)
    assert (
        np.abs(luma[64, 8:-8].astype(float) - np.interp(np.arange(8, 248), np.arange(0.5, 256, 2), ramp[0])).max() < 12
    )
    job("hdr.mkv", "edited.mkv", "frame_enhancer", output_video_encoder="ffv1")
    view = frames_of("edited.mkv")[1][0].image
    assert near(view, large(shelf, frames_of("hdr.mkv")[1][0].image), 2)


def with_alpha(number):
    opacity = np.where(np.mgrid[:72, :104][1] > 10 * number, 255, 60)[..., None]
    return np.dstack([landscape(number), opacity]).astype(np.uint8)


def test_opacity_of_an_animation_is_enlarged_along(job, quiet_place):
    pictures = [Image.fromarray(with_alpha(number)) for number in range(4)]
    pictures[0].save("in.webp", save_all=True, append_images=pictures[1:], duration=100, lossless=True)
    job("in.webp", "out.apng", "frame_enhancer")
    with Image.open("out.apng") as made:
        assert (made.n_frames, made.size) == (4, (208, 144))
        made.seek(3)
        alpha = np.asarray(made.convert("RGBA"))[..., 3]
    wanted = np.asarray(pictures[3].resize((208, 144), Image.Resampling.BICUBIC))[..., 3]
    assert near(alpha, wanted, 3)


@pytest.mark.parametrize("suffix", ["png", "tiff", "jpg"])
def test_a_picture_is_enlarged_with_all_that_it_has(job, shelf, quiet_place, suffix):
    save(quiet_place / "in.png", with_alpha(4))
    result = job("in.png", f"out.{suffix}", "frame_enhancer")
    with Image.open(f"out.{suffix}") as made:
        assert made.size == (208, 144)
        if suffix == "png":
            pixels = np.asarray(made)
            assert near(pixels[..., :3], large(shelf, landscape(4)), 1)
            assert set(np.unique(pixels[:, 110:, 3])) == {255} and pixels[:, :70, 3].mean() == pytest.approx(60, abs=1)
    assert bool(result.notes) == (suffix == "jpg")


def test_pictures_of_sixteen_bits_keep_their_gradation(job, quiet_place):
    import cv2

    ramp = np.repeat(np.tile(np.linspace(20_000, 21_000, 100).astype(np.uint16), (40, 1))[..., None], 3, axis=2)
    cv2.imwrite("deep.png", ramp)
    job("deep.png", "out.png", "frame_enhancer", frame_enhancer_blend=0)
    made = cv2.imread("out.png", cv2.IMREAD_UNCHANGED)
    assert made.dtype == np.uint16 and made.shape == (80, 200, 3)
    assert len(np.unique(made[40, :, 0])) > 60


def test_a_sequence_of_pictures_is_enlarged(job, quiet_place):
    Path("in").mkdir()
    for number in range(3):
        save(quiet_place / "in" / f"{number:03d}.png", landscape(number))
    job("in/%03d.png", "out_%03d.png", "frame_enhancer")
    assert [read(Path(f"out_{number:03d}.png")).shape for number in range(3)] == [(144, 208, 3)] * 3


def test_what_is_cleared_up_keeps_its_size(job, hills):
    job(hills, "out.mp4", "frame_enhancer", frame_enhancer_model="clear")
    assert frames_of("out.mp4")[1][0].image.shape == (72, 104, 3)


@pytest.mark.parametrize(
    ("output", "codec"), [("out.webm", "auto"), ("out.mov", "auto"), ("out.mkv", "auto"), ("out.mkv", "ffv1")]
)
def test_a_background_is_transparent_where_the_output_can_be(job, hills, output, codec):
    result = job(hills, output, "background_remover", output_video_encoder=codec)
    info, frames = frames_of(output)
    assert info.has_alpha and not result.notes
    original = frames[5].original
    from facefusion.media.planes.layout import samples

    alpha = samples(original.planes, 3) / ((1 << original.layout.depth) - 1)
    before = landscape(5)[..., 0]
    assert alpha[before > 180].mean() > 0.9
    assert alpha[before < 60].mean() < 0.72
    assert near(frames[5].image[before > 180], read_clip(hills)[5][before > 180], 6)


@pytest.mark.parametrize("output", ["out.apng", "out.webp", "out.gif", "out_%02d.png"])
def test_pictures_in_motion_may_be_transparent_too(job, hills, output):
    job(hills, output, "background_remover")
    with Image.open(output % 6 if "%" in output else output) as made:
        made.seek(0)
        pixels = np.asarray(made.convert("RGBA"))
    assert pixels.shape == (72, 104, 4)
    assert pixels[..., 3].min() < (255 if output == "out.gif" else 200) or output == "out.gif"


def test_what_was_transparent_stays_so_in_every_output(job, shelf, quiet_place):
    pictures = [Image.fromarray(with_alpha(number)) for number in (4, 5)]
    pictures[0].save("in.webp", save_all=True, append_images=pictures[1:], duration=100, lossless=True)
    job("in.webp", "plain.apng", "background_remover", renditions=("again.apng", "white.mp4"))
    save(quiet_place / "opaque.png", landscape(4))
    job("opaque.png", "mask.png", "background_remover")
    alphas = [rgba(name)[..., 3] for name in ("plain.apng", "again.apng", "mask.png")]
    assert np.array_equal(alphas[0], alphas[1])
    wanted = alphas[2].astype(float) * with_alpha(4)[..., 3] / 255
    assert np.abs(alphas[0] - wanted).max() <= 1


@pytest.mark.parametrize("output", ["out.mp4", "out_%02d.jpg"])
def test_elsewhere_white_is_shown_and_said(job, hills, output):
    result = job(hills, output, "background_remover")
    assert any("what is transparent is white" in note for note in result.notes)
    image = frames_of(output)[1][0].image if output == "out.mp4" else read(Path(output % 1))
    sky = landscape(0)[..., 0] < 60
    share = 1 / (1 + np.exp(-6 * landscape(0)[sky].mean() / 255))
    assert image[sky].mean() == pytest.approx(255 + share * (landscape(0)[sky].mean() - 255), abs=6)


def test_a_colour_behind_needs_no_transparency(job, hills):
    result = job(hills, "out.mp4", "background_remover", background_remover_fill_color="0,0,255")
    assert not result.notes
    sky = landscape(0)[..., 0] < 60
    image = frames_of("out.mp4")[1][0].image
    assert image[sky][:, 2].mean() > image[sky][:, 0].mean() + 60


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_picture_without_its_background(job, quiet_place, suffix):
    save(quiet_place / "in.png", landscape(0))
    result = job("in.png", f"out.{suffix}", "background_remover")
    with Image.open(f"out.{suffix}") as made:
        pixels = np.asarray(made.convert("RGBA"))
    sky = landscape(0)[..., 0] < 60
    if suffix == "png":
        assert np.array_equal(pixels[..., :3], landscape(0))
        assert pixels[sky][:, 3].mean() < 200 < pixels[~sky][:, 3].mean()
    else:
        assert "shown on white" in result.notes[0]
        assert pixels[sky][:, :3].mean() > 80


def test_a_background_goes_and_what_is_left_is_enlarged(job, quiet_place):
    save(quiet_place / "in.png", landscape(0))
    job("in.png", "one.png", "background_remover", "frame_enhancer")
    with Image.open("one.png") as made:
        assert (made.mode, made.size) == ("RGBA", (208, 144))


def test_grey_video_gets_colours(job, quiet_place):
    grey = [landscape(number)[..., 0] for number in range(4)]
    path = quiet_place / "grey.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 104, 72, "gray"
        for image in grey:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray")))
        container.mux(stream.encode(None))
    for output, encoder in (("out.mkv", "ffv1"), ("out.mp4", "auto")):
        job(path, output, "frame_colorizer", output_video_encoder=encoder)
        image = frames_of(output)[1][0].image.astype(int)
        assert np.abs(image[..., 0] - image[..., 2]).mean() > 4
        assert near(image @ [0.299, 0.587, 0.114], grey[0], 8)


def test_a_picture_gets_colours(job, quiet_place):
    grey = np.repeat(landscape(0)[..., :1], 3, axis=2)
    save(quiet_place / "in.png", grey)
    job("in.png", "out.png", "frame_colorizer")
    image = read(Path("out.png")).astype(int)
    assert np.abs(image[..., 0] - image[..., 2]).mean() > 4


def test_a_picture_of_a_face_is_translated(job, shelf, quiet_place):
    result = job(CAPTAIN, "out.png", "face_translator")
    changed = (read(Path("out.png")) != read(CAPTAIN)).any(axis=2)
    assert result.faces == 1 and 0.02 < changed.mean() < 0.7


@pytest.mark.parametrize("model", ["ages", "wide_ages"])
def test_faces_of_pictures_and_clips_grow_older(job, moving_portrait, model):
    values = {"age_modifier_model": model, "age_modifier_direction": 50}
    assert job(CAPTAIN, "out.png", "age_modifier", **values).faces == 1
    changed = (read(Path("out.png")) != read(CAPTAIN)).any(axis=2)
    assert 0.02 < changed.mean() < 0.7
    job(moving_portrait, "out.mkv", "age_modifier", output_video_encoder="ffv1", **values)
    pairs = zip(read_clip(Path("out.mkv")), read_clip(moving_portrait), strict=True)
    assert all((after != before).any(axis=2).mean() > 0.02 for after, before in pairs)


def test_the_plan_knows_what_comes_out(shelf, hills, quiet_place):
    values = {"target_path": hills, "output_path": "o.webm", "processors": ("background_remover", "frame_enhancer")}
    plan = make_plan(Options.parse(shelf.options | values), has_hooks=False)
    assert (plan.edited.width, plan.edited.height, plan.edited.has_alpha) == (208, 144, True)
    assert (plan.target.width, plan.target.height, plan.target.has_alpha) == (104, 72, False)
    assert probe(hills, LimitOptions()) == plan.target
