"""What a file loses on its way into another form is said, once each, by the job and on the command line."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from join_clips import decorated
from media_clips import make_clip, rewrite
from PIL import Image as Pillow

from facefusion import process_image, process_video
from facefusion.cli.main import main
from facefusion.media.encoding.priority import kept_priority
from facefusion.media.picture import Picture, write_picture

NOISE = np.random.default_rng(0).integers(0, 65536, (48, 64, 4), dtype=np.uint16)
VIEW = np.rint(NOISE / 257).astype(np.uint8)
BITS = "{} has 16 bits, and is written with 8"
WHITE = "JPEG files hold no transparency: that of {} is shown on white"
FIELDS = "is interlaced, and the output does not say so; --deinterlace makes it progressive"
KINDS = {
    "deep": Picture(VIEW[..., :3], deep=NOISE[..., :3]),
    "clear": Picture(VIEW[..., :3], VIEW[..., 3]),
    "both": Picture(VIEW[..., :3], VIEW[..., 3], deep=NOISE[..., :3], deep_alpha=NOISE[..., 3]),
    "plain": Picture(VIEW[..., :3]),
}


def written(source: Path, target: Path) -> tuple[str, ...]:
    return process_image(source, target, pre_processor=lambda image: image).notes


@pytest.mark.parametrize("stored", [".png", ".tiff"])
@pytest.mark.parametrize(
    ("kind", "ending", "expected"),
    [
        ("deep", ".jpg", (BITS,)),
        ("deep", ".webp", (BITS,)),
        ("deep", ".avif", (BITS,)),
        ("deep", ".png", ()),
        ("deep", ".tiff", ()),
        ("clear", ".jpg", (WHITE,)),
        ("clear", ".webp", ()),
        ("both", ".jpg", (WHITE, BITS)),
        ("both", ".png", ()),
        ("plain", ".jpg", ()),
        ("plain", ".avif", ()),
    ],
)
def test_pictures_say_what_their_new_form_does_not_hold(
    tmp_path: Path, stored: str, kind: str, ending: str, expected: tuple[str, ...]
) -> None:
    source = tmp_path / f"in{stored}"
    write_picture(source, KINDS[kind], quality=95)

    notes = written(source, tmp_path / f"out{ending}")

    assert notes == tuple(note.format(source) for note in expected)


def test_pictures_of_ten_bits_say_so_too(tmp_path: Path) -> None:
    source = tmp_path / "in.avif"
    with av.open(str(source), "w", format="avif") as output:
        stream = output.add_stream("libsvtav1", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        with kept_priority():
            output.start_encoding()
        output.mux([*stream.encode(av.VideoFrame(64, 48, "yuv420p10le")), *stream.encode(None)])

    assert written(source, tmp_path / "out.webp") == (f"{source} has 10 bits, and is written with 8",)
    assert written(source, tmp_path / "out.png") == ()


def test_a_transparent_colour_counts_as_transparency(tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    Pillow.fromarray(VIEW[..., :3]).convert("P").save(source, transparency=0)

    assert written(source, tmp_path / "out.jpg") == (WHITE.format(source),)


def test_the_command_line_says_it(tmp_path: Path, quiet_place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.png"
    write_picture(source, KINDS["both"], quality=95)

    assert main(["--processors", "--target", str(source), "--output", "out.jpg"]) == 0

    told = capsys.readouterr().err
    assert WHITE.format(source) in told
    assert BITS.format(source) in told


@pytest.mark.parametrize("name", ["out.gif", "out.apng", "out.webp", "out.%02d.png", "out.%02d.jpg"])
def test_fields_that_pictures_do_not_hold_are_told(tmp_path: Path, name: str) -> None:
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"x264-params": "tff=1", "flags": "+ildct+ilme"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(3):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))

    def same(image: np.ndarray) -> np.ndarray:
        return image

    assert process_video(source, tmp_path / name, pre_processor=same).notes == (f"{source} {FIELDS}",)
    assert process_video(source, tmp_path / name, pre_processor=same, deinterlace=True).notes == ()


@pytest.mark.parametrize("name", ["out.gif", "out.webp", "out.%02d.png"])
def test_sound_and_subtitles_that_pictures_do_not_hold_are_told_in_one_sentence(tmp_path: Path, name: str) -> None:
    source = decorated(make_clip(tmp_path / "a.mkv", sounds=["aac"]), tmp_path / "in.mkv", subtitles=["srt"])

    told = process_video(source, tmp_path / name, pre_processor=lambda image: image).notes
    silent = process_video(source, tmp_path / name, pre_processor=lambda image: image, keep_audio=False).notes

    assert [note.partition(" files hold ")[2] for note in told] == ["pictures alone; left out: sound, subtitles"]
    assert [note.partition(" files hold ")[2] for note in silent] == ["pictures alone; left out: subtitles"]


@pytest.mark.parametrize("stored", ["yuv422p", "yuv444p"])
def test_finer_chroma_that_is_written_as_420_is_told(tmp_path: Path, stored: str) -> None:
    source = make_clip(tmp_path / "in.mkv", pixel_format=stored)

    told = process_video(source, tmp_path / "out.mp4", pre_processor=lambda image: image).notes
    kept = process_video(
        source, tmp_path / "out.mkv", pre_processor=lambda image: image, output_video_encoder="ffv1"
    ).notes

    assert told == (f"{source} has chroma of {stored[3]}:{stored[4]}:{stored[5]}, and is written with 4:2:0",)
    assert kept == ()


def test_a_crop_that_goes_by_way_of_444_lost_no_chroma(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mkv")

    result = process_video(source, tmp_path / "out.mp4", pre_processor=lambda image: image, crop="1,1,32,32")

    assert result.notes == ()


def test_what_is_half_transparent_in_video_is_told_to_be_all_or_nothing_in_gif(tmp_path: Path) -> None:
    source = rewrite(make_clip(tmp_path / "a.mkv", codec="ffv1", pixel_format="yuva420p"), tmp_path / "in.apng")

    (note,) = process_video(source, tmp_path / "out.gif", pre_processor=lambda image: image).notes

    assert "hold nothing half transparent" in note
