"""Sound as samples: any file, any rate, from any moment on, without gaps."""

from __future__ import annotations

import shutil
from contextlib import closing
from fractions import Fraction

import av
import numpy as np
import pytest

from facefusion.errors import CancelledError, InputDamagedError, InputMissingError, InputTypeError
from facefusion.media.sniff import open_input
from facefusion.media.sound.opening import open_sound
from facefusion.media.sound.reader import SoundReader
from facefusion.media.sound.speech import Speech
from facefusion.options import LimitOptions
from material import ASTRONAUT

RATE = 48000


def tone(seconds, rate=RATE, hertz=440.0):
    """A sine that begins at once, in one channel."""
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def write_sound(path, sound, *, rate=RATE, codec="pcm_s16le", start=0, pauses=()):
    """Write mono sound; `pauses` are samples at which the clock jumps, and by how much."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.options = {"aac_coder": "fast"} if codec == "aac" else {}
        shift = start
        for place in range(0, len(sound), 1024):
            shift += sum(length for at, length in pauses if place <= at < place + 1024)
            frame = av.AudioFrame.from_ndarray(sound[None, place : place + 1024], format="flt", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, place + shift, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_sound(path, **wanted):
    given = {"rate": RATE, "layout": "mono"} | wanted
    with closing(SoundReader(open_sound(path, open_input(path)), **given)) as reader:
        pieces = list(reader)
    return np.concatenate(pieces)[:, 0] if pieces else np.zeros(0)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.wav", "pcm_s16le"),
        ("a.flac", "flac"),
        ("a.mp3", "libmp3lame"),
        ("a.m4a", "aac"),
        ("a.aac", "aac"),
        ("a.ogg", "libopus"),
        ("a.mkv", "pcm_f32le"),
        ("a.aiff", "pcm_s16be"),
    ],
)
def test_files_of_all_usual_forms_are_read(tmp_path, name, codec):
    sound = tone(1.5)
    found = read_sound(write_sound(tmp_path / name, sound, codec=codec))
    assert abs(len(found) - len(sound)) < RATE * 0.06
    half = found[RATE // 2 : RATE]
    spectrum = np.abs(np.fft.rfft(half))
    assert np.argmax(spectrum) == 220  # 440 Hz, in half a second
    assert np.abs(half).max() == pytest.approx(0.5, abs=0.05)


def test_a_form_is_told_from_bytes_and_not_from_the_name(tmp_path):
    odd = tmp_path / "speech.png"
    shutil.copy(write_sound(tmp_path / "a.wav", tone(0.2)), odd)
    assert len(read_sound(odd)) == RATE // 5


def test_other_rates_are_brought_to_the_one_that_is_wanted(tmp_path):
    path = write_sound(tmp_path / "a.wav", tone(1, 22050), rate=22050)
    found = read_sound(path)
    np.testing.assert_allclose(found[1000:40000], tone(1)[1000:40000], atol=2e-3)


def test_reading_begins_and_ends_where_it_is_told(tmp_path):
    path = write_sound(tmp_path / "a.wav", tone(1))
    part = read_sound(path, start=Fraction(1, 4), length=Fraction(1, 2))
    np.testing.assert_allclose(part, tone(1)[RATE // 4 : RATE * 3 // 4], atol=1e-4)


def test_before_the_sound_begins_there_is_silence(tmp_path):
    path = write_sound(tmp_path / "a.wav", tone(1))
    part = read_sound(path, start=Fraction(-1, 4), length=Fraction(1, 2))
    assert len(part) == RATE // 2
    assert not part[: RATE // 4].any()
    np.testing.assert_allclose(part[RATE // 4 :], tone(1)[: RATE // 4], atol=1e-4)


def test_where_the_file_has_a_gap_there_is_silence(tmp_path):
    path = write_sound(tmp_path / "a.mkv", tone(1), codec="pcm_f32le", pauses=[(20480, RATE)])
    found = read_sound(path)
    assert len(found) == pytest.approx(2 * RATE, abs=100)
    assert not found[20480 + 200 : 20480 + RATE - 200].any()
    assert np.abs(found[20480 + RATE + 200 :]).max() > 0.4


def test_the_speech_of_a_file_begins_with_its_first_sound(tmp_path):
    late = write_sound(tmp_path / "a.mkv", tone(0.5), codec="pcm_f32le", start=RATE)
    assert np.abs(read_sound(late)[:100]).max() > 0
    assert not read_sound(late, start=Fraction(0))[: RATE - 100].any()


def test_memory_holds_a_piece(tmp_path):
    path = write_sound(tmp_path / "a.wav", np.zeros(RATE * 60, np.float32))
    with closing(SoundReader(open_sound(path, open_input(path)), rate=RATE, layout="stereo")) as reader:
        assert max(map(len, reader)) <= 1 << 16


def test_what_holds_no_sound_is_refused(tmp_path, moving_portrait):
    text = tmp_path / "a.txt"
    text.write_text("words")
    for path, says in [(ASTRONAUT, "picture"), (moving_portrait, "no sound"), (text, "text")]:
        with pytest.raises(InputTypeError, match=says):
            read_sound(path)
    with pytest.raises(InputMissingError):
        read_sound(tmp_path / "none.wav")


def test_a_playlist_is_never_followed(tmp_path):
    playlist = tmp_path / "a.wav"
    playlist.write_text("#EXTM3U\nhttp://example.org/a.mp3\n")
    with pytest.raises(InputTypeError, match="playlist"):
        read_sound(playlist)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp3", "libmp3lame"), ("a.aac", "aac"), ("a.m4a", "aac"), ("a.flac", "flac"), ("a.mkv", "aac")],
)
def test_damage_within_is_told_with_its_time(tmp_path, name, codec):
    path = write_sound(tmp_path / name, tone(2), codec=codec)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 2000] = bytes(range(250)) * 8
    path.write_bytes(whole)
    with pytest.raises(InputDamagedError, match=r"damaged at [01]\.\d+ s"):
        read_sound(path)


def test_a_recording_that_breaks_off_is_read_as_far_as_it_goes(tmp_path):
    whole = write_sound(tmp_path / "a.mp3", tone(2), codec="libmp3lame").read_bytes()
    (tmp_path / "b.mp3").write_bytes(whole[: len(whole) // 2 + 17])
    assert 0.8 * RATE < len(read_sound(tmp_path / "b.mp3")) < 1.2 * RATE


def test_a_broken_header_is_a_damaged_file(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF\x10\0\0\0WAVEjunk")
    with pytest.raises(InputDamagedError):
        read_sound(tmp_path / "a.wav")


@pytest.mark.parametrize("isolate", [False, True])
def test_speech_is_the_same_with_and_without_isolation(tmp_path, isolate):
    path = write_sound(tmp_path / "a.wav", tone(1))
    speech = Speech(path, None, Fraction(0), Fraction(1, 2), LimitOptions(isolate=isolate))
    found = np.concatenate(list(speech.samples()))
    assert found.shape == (RATE // 2, 2)
    assert np.corrcoef(found[:, 0], tone(0.5))[0, 1] > 0.999


def test_what_an_isolated_process_gives_lies_in_the_folder_that_was_handed_in_while_it_is_read(tmp_path):
    path, work, asked = write_sound(tmp_path / "a.wav", tone(1)), tmp_path / "work", []
    work.mkdir()

    def folder(room):
        asked.append(room)
        return work

    speech = Speech(path, None, Fraction(0), Fraction(1, 2), LimitOptions(isolate=True), work=folder)
    pieces = speech.samples()
    next(pieces)
    [own] = work.iterdir()
    assert [file.name for file in own.iterdir()] == ["samples"]
    list(pieces)
    assert list(work.iterdir()) == []
    assert asked[0] >= 8 * RATE / 2, "there is room for all of it"


def test_isolated_damage_is_the_same_error(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF\x10\0\0\0WAVEjunk")
    speech = Speech(tmp_path / "a.wav", None, Fraction(0), None, LimitOptions(isolate=True))
    with pytest.raises(InputDamagedError):
        list(speech.samples())


def test_reading_stops_when_the_job_does(tmp_path):
    path = write_sound(tmp_path / "a.wav", tone(1))
    speech = Speech(path, None, Fraction(0), None, LimitOptions(), cancel=lambda: True)
    with pytest.raises(CancelledError):
        list(speech.samples())
