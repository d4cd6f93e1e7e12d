"""Whole jobs with the anonymizer: every frame covered, the voice another, in one go, broken off, or in segments."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from facefusion.engine.run import run
from facefusion.engine.segmented import merge_segments, plan_job, run_segment
from facefusion.media.sniff import open_input
from facefusion.media.sound.opening import open_sound
from facefusion.media.sound.reader import SoundReader
from facefusion.options import Options
from material import read_clip, write_clip

FRAMES, LENGTH, RATE, HERTZ = 20, 6, 48000, 330.0


class BrokenOffError(Exception):
    """The job ends here."""


@pytest.fixture(scope="module")
def speaking(tmp_path_factory, moving_portrait):
    """The moving portrait with a tone for a voice."""
    path = tmp_path_factory.mktemp("speaking") / "speaking.mkv"
    wave = 0.5 * np.sin(2 * np.pi * HERTZ * np.arange(RATE * FRAMES // 25) / RATE)
    with av.open(str(moving_portrait)) as pictures, av.open(str(path), "w") as container:
        shown = container.add_stream_from_template(pictures.streams.video[0])
        heard = container.add_stream("flac", rate=RATE, layout="mono")
        for packet in pictures.demux(video=0):
            if packet.dts is not None:
                packet.stream = shown
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray((wave * 32767).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        container.mux(heard.encode(frame))
        container.mux(heard.encode(None))
    return path


@pytest.fixture
def options(speaking, quiet_place):
    def make(**values):
        basics = {"target_path": speaking, "output_path": "out.mkv", "processors": ("anonymizer",)}
        more = {"video_chunk_size": LENGTH, "output_video_encoder": "ffv1", "anonymizer_method": "blur"}
        return Options.parse(basics | more | values)

    return make


def in_segments(make, quiet_place):
    plan = plan_job(make(), segment_frames=8, lead_frames=4)
    folders = [quiet_place / f"{part.number}" for part in plan.segments]
    made = [run_segment(make(), plan, part.number, folders[part.number]) for part in reversed(plan.segments)]
    return merge_segments(make(), plan, folders), made


def pitch(path) -> float:
    """The loudest tone of a file's sound, in hertz, and how long that is, in seconds."""
    reader = SoundReader(open_sound(path, open_input(path)), rate=RATE, layout="stereo", start=Fraction(0))
    sound = np.concatenate(list(reader))[:, 0]
    reader.close()
    assert len(sound) / RATE == pytest.approx(FRAMES / 25, abs=0.06)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8 * len(sound)))
    return float(np.argmax(spectrum) * RATE / (8 * len(sound)))


def changed(before, after):
    return np.array([(one != other).any(axis=2).mean() for one, other in zip(before, after, strict=True)])


def test_every_frame_is_covered_and_the_voice_is_another(options, quiet_place, speaking):
    done = run(options(anonymizer_voice=-4))
    assert (done.frames, done.faces) == (FRAMES, FRAMES)
    assert changed(read_clip(speaking), read_clip(quiet_place / "out.mkv")).min() > 0.2
    assert pitch(quiet_place / "out.mkv") == pytest.approx(HERTZ * 2 ** (-4 / 12), rel=0.02)


def test_a_job_that_was_broken_off_comes_out_the_same(options, quiet_place):
    values = {"anonymizer_method": "synthetic", "anonymizer_voice": 3}
    run(options(**values, output_path="whole.mkv"))

    def listen(progress):
        if progress.done >= 14:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        run(options(**values), progress=listen)
    run(options(**values, resume=True))
    assert (quiet_place / "out.mkv").read_bytes() == (quiet_place / "whole.mkv").read_bytes()


def test_in_segments_it_is_the_same_work_and_the_voice_is_another(options, quiet_place):
    run(options(anonymizer_voice=5, output_path="whole.mkv"))
    in_segments(lambda: options(anonymizer_voice=5), quiet_place)
    whole, merged = (read_clip(quiet_place / name) for name in ("whole.mkv", "out.mkv"))
    assert max(np.abs(one.astype(int) - other).mean() for one, other in zip(whole, merged, strict=True)) < 0.5
    assert pitch(quiet_place / "out.mkv") == pytest.approx(HERTZ * 2 ** (5 / 12), rel=0.02)


def test_what_was_not_replaced_is_told_whole_and_merged(options, quiet_place, moving_portrait, tmp_path):
    small = [cv2.resize(view, (40, 40), interpolation=cv2.INTER_AREA) for view in read_clip(moving_portrait)]
    padded = [cv2.copyMakeBorder(view, 76, 76, 76, 76, cv2.BORDER_REPLICATE) for view in small]
    values = {"target_path": write_clip(tmp_path / "far.mp4", padded), "anonymizer_method": "synthetic"}
    whole = run(options(**values, output_path="whole.mkv"))
    assert whole.notes == ("A face could not be replaced and is blurred in 20 of the frames: 0-19",)
    merged, made = in_segments(lambda: options(**values), quiet_place)
    assert merged.notes == tuple(note for each in reversed(made) for note in each.notes)
    assert "in 20 of the frames" in merged.notes[0]
    assert changed(padded, read_clip(quiet_place / "out.mkv")).min() > 0
