"""Lip sync from a speech file, or the target's own sound, to a finished video: picture and sound in time."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facefusion.engine.run import run
from facefusion.engine.segmented import merge_segments, plan_job, run_segment
from facefusion.engine.warm.parts import WarmParts
from facefusion.errors import (
    InputDamagedError,
    InputMissingError,
    InputTypeError,
    ModelMissingError,
    OptionsError,
    OutputIsInputError,
)
from facefusion.media.reader import VideoReader
from facefusion.options import Options
from generated.builder import Shelf
from generated.jobs import job_sessions
from generated.lip_syncer import edtalk, mdx_net, wav2lip
from material import ASTRONAUT, CAPTAIN, LIMITS, read_clip

RATE, FRAMES, PERIOD = 48000, 40, Fraction(1, 25)
FRAME = float(PERIOD)


class BrokenOffError(Exception):
    pass


def burst(seconds, *times, rate=RATE):
    """Silence with noise of a tenth of a second at some times."""
    sound = np.zeros(int(seconds * rate), np.float32)
    for time in times:
        start = int(time * rate)
        sound[start : start + rate // 10] = np.random.default_rng(0).uniform(-0.9, 0.9, rate // 10)
    return sound


def banded(sound, lowest, highest):
    """What lies between two frequencies."""
    spectrum, frequencies = np.fft.rfft(sound), np.fft.rfftfreq(len(sound), 1 / RATE)
    return np.fft.irfft(spectrum * ((frequencies > lowest) & (frequencies < highest))).astype(np.float32)


def write_speech(path, sound, rate=RATE, codec="pcm_s16le"):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        _mux(container, stream, sound, rate)
    return path


def write_video(path, images, sound=None, *, times=None, start=0):
    """Write a clip with frames at given times in milliseconds, and sound if there is any."""
    times = times or [start + 40 * n for n in range(len(images))]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = *images[0].shape[:2], "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"preset": "ultrafast", "crf": "10", "tune": "zerolatency"}
        audio = None if sound is None else container.add_stream("aac", rate=RATE, layout="mono")
        for image, time in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image))
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            audio.options = {"aac_coder": "fast"}
            _mux(container, audio, sound, RATE)
    return path


def _mux(container, stream, sound, rate):
    for place in range(0, len(sound), 1024):
        frame = av.AudioFrame.from_ndarray(sound[None, place : place + 1024], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, place, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def heard(path):
    """The times of the sound of a file, and how loud it is then, in steps of a millisecond."""
    with av.open(str(path)) as container:
        loud = {}
        for frame in container.decode(audio=0):
            values = np.abs(frame.to_ndarray()).reshape(-1)
            values = values / 32768 if frame.format.name.startswith("s16") else values
            step = max(1, frame.sample_rate // 1000)
            for place in range(0, frame.samples, step):
                loud[float(frame.time) + place / frame.sample_rate] = values[place : place + step].max()
        return np.array(list(loud)), np.array(list(loud.values()))


def loud_times(path):
    times, levels = heard(path)
    return times[levels > 0.2]


def talking(path, before):
    """The times of frames in which the mouth is brighter than in silence."""
    with VideoReader(path, LIMITS) as reader:
        frames = [(float(frame.time), frame.image.astype(float)) for frame in reader]
    differences = np.array([(image - np.asarray(before, float)).mean() for _, image in frames])
    level = (differences.min() + differences.max()) / 2
    return [time for (time, _), value in zip(frames, differences, strict=True) if value > level], differences


@pytest.fixture(scope="module")
def portrait(astronaut):
    return astronaut[30:222, 130:322]


@pytest.fixture(scope="module")
def silent(portrait, tmp_path_factory):
    """A clip of 1.6 seconds without sound."""
    return write_video(tmp_path_factory.mktemp("silent") / "clip.mp4", [portrait] * FRAMES)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Generated networks."""
    shelf = Shelf(tmp_path_factory.mktemp("models"))
    shelf.put("small", "lip_syncer", "wav2lip", wav2lip())
    shelf.put("whole", "lip_syncer", "edtalk", edtalk())
    settings = {"length": 512, "hop": 128, "bins": 200, "frames": 64}
    shelf.put("voice", "voice_extractor", "mdx_net", mdx_net(200, 64, kept=27), settings=settings)
    return shelf


@pytest.fixture(scope="module")
def warm():
    """What jobs load, which is the same networks in all of them."""
    return WarmParts()


@pytest.fixture
def job(quiet_place, shelf, warm, monkeypatch):
    """Run a lip sync with generated networks."""
    monkeypatch.setattr("facefusion.engine.warm.parts.open_sessions", lambda *given, **named: job_sessions(shelf))

    def start(hooks=None, **values):
        basics = {"processors": ["lip_syncer"], "lip_syncer_model": "small", "output_path": "out.mp4"}
        return run(Options.parse(basics | values), warm=warm, **(hooks or {}))

    return start


@pytest.mark.parametrize("model", ["small", "whole"])
def test_a_burst_is_seen_and_heard_at_its_time(job, silent, portrait, tmp_path, model):
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 0.8))
    result = job(target_path=silent, source_audio=speech, lip_syncer_model=model)
    assert result.frames == result.faces == FRAMES
    seen, _ = talking(Path("out.mp4"), portrait)
    assert seen[0] == pytest.approx(0.8, abs=FRAME)
    assert seen[-1] == pytest.approx(0.9, abs=FRAME)
    sounds = loud_times(Path("out.mp4"))
    assert sounds[0] == pytest.approx(0.8, abs=0.005)
    assert sounds[-1] == pytest.approx(0.9, abs=0.005)


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv", "out.webm"])
@pytest.mark.parametrize("rate", [16000, 44100])
def test_every_form_has_the_speech_in_time(job, silent, tmp_path, name, rate):
    speech = write_speech(tmp_path / "speech.wav", burst(3, 0.4, 1.2, 2.0, rate=rate), rate)
    job(target_path=silent, source_audio=speech, output_path=name, output_video_preset="ultrafast")
    sounds = loud_times(Path(name))
    assert sounds[0] == pytest.approx(0.4, abs=0.008)
    assert sounds[-1] == pytest.approx(1.3, abs=0.008)
    times, _ = heard(Path(name))
    assert times[-1] < 1.6 + 1024 / 16000  # no longer than the pictures, but for a packet
    with av.open(name) as container:
        assert container.streams.audio[0].codec.canonical_name == ("opus" if name == "out.webm" else "aac")


def test_where_speech_ends_early_there_is_silence(job, silent, portrait, tmp_path):
    speech = write_speech(tmp_path / "speech.mp3", burst(0.7, 0.5), codec="libmp3lame")
    job(target_path=silent, source_audio=speech)
    seen, differences = talking(Path("out.mp4"), portrait)
    assert seen[0] > 0.4 and seen[-1] < 0.8
    assert np.ptp(differences[25:]) < 1
    assert len(read_clip(Path("out.mp4"))) == FRAMES


def test_lips_follow_the_sound_of_the_target(job, portrait, tmp_path):
    target = write_video(tmp_path / "clip.mp4", [portrait] * FRAMES, burst(1.6, 0.6))
    job(target_path=target)
    seen, _ = talking(Path("out.mp4"), portrait)
    assert seen[0] == pytest.approx(0.6, abs=FRAME)
    assert loud_times(Path("out.mp4"))[0] == pytest.approx(loud_times(target)[0], abs=0.001)


def test_new_speech_takes_the_place_of_the_old(job, portrait, tmp_path):
    target = write_video(tmp_path / "clip.mp4", [portrait] * FRAMES, burst(1.6, 0.2))
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 1.0))
    job(target_path=target, source_audio=speech)
    assert loud_times(Path("out.mp4"))[0] == pytest.approx(1.0, abs=0.005)
    with av.open("out.mp4") as container:
        assert len(container.streams.audio) == 1


def test_trimmed_the_own_sound_stays_with_its_frames(job, portrait, tmp_path):
    target = write_video(tmp_path / "clip.mp4", [portrait] * FRAMES, burst(1.6, 0.8))
    for start in ("0.4", "10f"):
        job(target_path=target, trim_start=start)
        assert talking(Path("out.mp4"), portrait)[0][0] == pytest.approx(0.4, abs=FRAME)
        assert loud_times(Path("out.mp4"))[0] == pytest.approx(0.4, abs=0.03)


def test_trimmed_other_speech_begins_with_the_first_frame(job, silent, portrait, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 0.4))
    job(target_path=silent, source_audio=speech, trim_start="0.4", trim_end="1.4")
    assert talking(Path("out.mp4"), portrait)[0][0] == pytest.approx(0.4, abs=FRAME)
    assert loud_times(Path("out.mp4"))[0] == pytest.approx(0.4, abs=0.005)
    assert heard(Path("out.mp4"))[0][-1] < 1.0 + 1024 / RATE


def test_a_clip_that_begins_late_has_the_speech_from_its_first_frame(job, portrait, tmp_path):
    late = write_video(tmp_path / "late.mkv", [portrait] * 30, start=2000)
    speech = write_speech(tmp_path / "speech.wav", burst(1, 0.5))
    job(target_path=late, source_audio=speech, output_path="out.mkv")
    with VideoReader(Path("out.mkv"), LIMITS) as reader:
        first = float(next(iter(reader)).time)
    assert talking(Path("out.mkv"), portrait)[0][0] - first == pytest.approx(0.5, abs=FRAME)
    assert loud_times(Path("out.mkv"))[0] - first == pytest.approx(0.5, abs=0.005)


def test_frames_of_any_length_follow_time_and_not_their_number(job, portrait, tmp_path):
    times = [0, 20, 40, 60, 80, 100, *range(400, 1600, 50)]
    target = write_video(tmp_path / "vfr.mkv", [portrait] * len(times), times=times)
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 1.0))
    job(target_path=target, source_audio=speech, output_path="out.mkv")
    seen, _ = talking(Path("out.mkv"), portrait)
    assert seen[0] == pytest.approx(1.0, abs=0.05)
    assert seen[-1] == pytest.approx(1.1, abs=0.05)


def test_in_segments_lips_follow_the_speech_of_their_own_time(job, silent, portrait, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 0.2, 1.0))
    values = {"processors": ["lip_syncer"], "lip_syncer_model": "small", "output_path": "out.mp4"}
    options = Options.parse(values | {"target_path": silent, "source_audio": speech})
    plan = plan_job(options, segment_frames=12, lead_frames=5)
    folders = [tmp_path / f"{part.number}" for part in plan.segments]
    for part in plan.segments:
        run_segment(options, plan, part.number, folders[part.number])
    merge_segments(options, plan, folders)
    seen, _ = talking(Path("out.mp4"), portrait)
    assert seen[0] == pytest.approx(0.2, abs=FRAME)
    assert seen[-1] == pytest.approx(1.1, abs=FRAME)
    assert loud_times(Path("out.mp4"))[-1] == pytest.approx(1.1, abs=0.005)


def test_a_job_that_broke_off_goes_on_to_the_same_file(job, silent, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 0.3, 1.1))
    values = {"target_path": silent, "source_audio": speech, "video_chunk_size": 15}
    job(**values)
    whole = Path("out.mp4").read_bytes()
    Path("out.mp4").unlink()

    def listen(report):
        if report.done >= 35:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        job({"progress": listen}, **values)
    reports = []
    job({"progress": reports.append}, resume=True, **values)
    assert reports[0].done > 15
    assert Path("out.mp4").read_bytes() == whole


def test_other_speech_makes_another_job(job, silent, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 0.3))
    values = {"target_path": silent, "source_audio": speech, "video_chunk_size": 15}

    def listen(report):
        if report.done >= 35:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        job({"progress": listen}, **values)
    write_speech(speech, burst(1.6, 0.9))
    result = job(resume=True, **values)
    assert any("an input" in note for note in result.notes)


def test_music_is_left_out_of_what_lips_follow(job, silent, portrait, tmp_path):
    voice = banded(burst(1.6, 0.8, 0.9), 0, 2000)
    music = banded(burst(1.6, 0.1, 0.2, 0.3), 3500, 20000)
    speech = write_speech(tmp_path / "speech.wav", voice + music)
    job(target_path=silent, source_audio=speech)
    _, differences = talking(Path("out.mp4"), portrait)
    assert differences[3:9].min() > differences[-8:].max() + 1
    job(target_path=silent, source_audio=speech, voice_extractor_model="voice")
    seen, _ = talking(Path("out.mp4"), portrait)
    assert seen[0] == pytest.approx(0.8, abs=FRAME)
    assert loud_times(Path("out.mp4"))[0] < 0.15  # the music is still heard


def test_without_sound_where_none_is_wanted(job, silent, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 0.8))
    job(target_path=silent, source_audio=speech, keep_audio=False, renditions=["small.mp4 size=50%"])
    for name in ("out.mp4", "small.mp4"):
        with av.open(name) as container:
            assert not container.streams.audio


def test_a_form_of_pictures_alone_says_what_is_left_out(job, silent, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 0.8))
    result = job(target_path=silent, source_audio=speech, output_path="out.gif", trim_end="0.2")
    assert any("left out: the speech" in note for note in result.notes)


def test_a_target_without_sound_needs_speech(job, silent):
    with pytest.raises(OptionsError, match="no sound") as caught:
        job(target_path=silent)
    assert "--source-audio" in caught.value.hint


def test_pictures_do_not_speak(job, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1, 0.5))
    with pytest.raises(InputTypeError, match="is a picture"):
        job(target_path=ASTRONAUT, source_audio=speech, output_path="out.png")


def test_speech_that_nobody_follows_is_no_option(job, silent, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1, 0.5))
    with pytest.raises(OptionsError, match="no processor follows"):
        job(target_path=silent, source_audio=speech, processors=["face_swapper"], source_paths=CAPTAIN)


def test_an_output_never_replaces_the_speech(job, silent, tmp_path):
    speech = write_video(tmp_path / "speech.mp4", [np.zeros((64, 64, 3), np.uint8)] * 5, burst(1, 0.5))
    with pytest.raises(OutputIsInputError):
        job(target_path=silent, source_audio=speech, output_path=speech)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"RIFF\x10\0\0\0WAVEjunk", InputDamagedError), (b"words", InputTypeError), (None, InputMissingError)],
)
def test_speech_that_cannot_be_read_is_told_before_any_work(job, silent, tmp_path, content, error):
    speech = tmp_path / "speech.wav"
    if content is not None:
        speech.write_bytes(content)
    with pytest.raises(error):
        job(target_path=silent, source_audio=speech)
    assert not list(Path.cwd().glob("*out*"))


def test_weights_that_are_missing_are_named(silent, quiet_place, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1, 0.5))
    values = {"target_path": silent, "output_path": "out.mp4", "processors": ["lip_syncer"], "source_audio": speech}
    with pytest.raises(ModelMissingError, match="wav2lip_gan_96"):
        run(Options.parse(values))


def test_isolated_the_output_is_the_same_to_the_byte(job, silent, tmp_path):
    speech = write_speech(tmp_path / "speech.wav", burst(1.6, 0.8))
    job(target_path=silent, source_audio=speech)
    job(target_path=silent, source_audio=speech, isolate=True, output_path="apart.mp4")
    assert Path("apart.mp4").read_bytes() == Path("out.mp4").read_bytes()


def test_speech_is_kept_in_the_work_folder_alone(job, silent, tmp_path, monkeypatch):
    speech, folders = write_speech(tmp_path / "speech.wav", burst(1, 0.5)), []
    made = tempfile.TemporaryFile

    def noted(*given, **named):
        folders.append(Path(named["dir"]))
        return made(*given, **named)

    monkeypatch.setattr("facefusion.processors.lip_syncer.voice.voice.tempfile.TemporaryFile", noted)
    job(target_path=silent, source_audio=speech, work_dir=tmp_path / "work")
    [folder] = folders
    assert folder.is_relative_to(tmp_path / "work")
    assert not folder.exists()


@pytest.mark.slow
def test_a_real_clip_with_real_speech(job, assets):
    target, speech = assets / "talk" / "talk-d20.mp4", assets / "audio" / "espeak_en_sentence.wav"
    result = job(target_path=target, source_audio=speech, trim_end="2")
    assert result.faces == result.frames
    times, levels = heard(speech)
    out_times, out_levels = heard(Path("out.mp4"))
    count = min(len(times), len(out_times), 1900)
    grid = np.arange(count) / 1000
    envelope = [np.interp(grid, *pair) for pair in ((times, levels), (out_times, out_levels))]
    lags = range(-60, 61)
    match = [np.corrcoef(np.roll(envelope[1], -lag), envelope[0])[0, 1] for lag in lags]
    assert abs(lags[int(np.argmax(match))]) <= 22  # a packet
