"""Sound made higher or lower, without becoming shorter."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from facefusion.media.sniff import open_input
from facefusion.media.sound.opening import open_sound
from facefusion.media.sound.pitch import shifted, write_flac
from facefusion.media.sound.reader import SoundReader

RATE = 48000


def _tone(hertz: float, seconds: float) -> Iterator[npt.NDArray[np.float32]]:
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    sound = np.stack([wave, wave], 1).astype(np.float32)
    yield from np.array_split(sound, 7)


def _pitch(sound: npt.NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(sound[:, 0] * np.hanning(len(sound))))
    return float(np.argmax(spectrum) * RATE / len(sound))


@pytest.mark.parametrize("semitones", [-8.0, -3.0, 4.0, 8.0])
def test_a_tone_becomes_higher_or_lower_and_lasts_as_long(semitones: float) -> None:
    sound = np.concatenate(list(shifted(_tone(220, 2.0), RATE, semitones)))
    assert _pitch(sound) == pytest.approx(220 * 2 ** (semitones / 12), rel=0.01)
    assert len(sound) / RATE == pytest.approx(2.0, abs=0.05)


def test_what_is_heard_stays_at_its_time() -> None:
    silence = np.zeros((RATE, 2), np.float32)
    burst = np.concatenate(list(_tone(440, 0.2)))
    sound = np.concatenate(list(shifted([silence, burst, silence], RATE, -4.0)))
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 0.1) / RATE
    assert loud.min() == pytest.approx(1.0, abs=0.04)
    assert loud.max() == pytest.approx(1.2, abs=0.06)


def test_the_same_sound_comes_out_the_same() -> None:
    first, second = (np.concatenate(list(shifted(_tone(300, 0.5), RATE, 5.0))) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_sound_is_written_so_that_it_is_read_as_it_was(tmp_path: Path) -> None:
    path, sound = tmp_path / "voice.flac", np.concatenate(list(_tone(220, 0.5)))
    write_flac(path, np.array_split(sound, 3), RATE)
    reader = SoundReader(open_sound(path, open_input(path)), rate=RATE, layout="stereo", start=Fraction(0))
    read = np.concatenate(list(reader))
    reader.close()
    np.testing.assert_allclose(read, sound, atol=1e-4)
