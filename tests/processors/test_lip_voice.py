"""What lip syncers hear: bands of the mel scale at the time of a frame, and the voice parted from other sound."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pytest

from facefusion.inference.catalogue import Catalogue
from facefusion.processors.lip_syncer.voice.decimator import Decimator
from facefusion.processors.lip_syncer.voice.extraction import CHUNK, STEP, extracted
from facefusion.processors.lip_syncer.voice.mdx_net import MdxNetSettings, from_spectra, to_spectra
from facefusion.processors.lip_syncer.voice.mel import RATE, filter_bank
from facefusion.processors.lip_syncer.voice.voice import Voice
from generated.builder import Shelf
from generated.lip_syncer import mdx_net
from reference import lip_syncer as reference

SMALL = {"length": 512, "hop": 128, "bins": 200, "frames": 64}


@dataclass
class Told:
    """Speech that is made up."""

    sound: np.ndarray
    begin: Fraction = Fraction(0)
    pieces: list = field(default_factory=list)

    def samples(self):
        for start in range(0, len(self.sound), 5000):
            yield self.sound[start : start + 5000]


def speech_like(seconds, rate, seed=0):
    """Noise below 7 kHz that comes and goes, in two channels."""
    random = np.random.default_rng(seed)
    count = int(seconds * rate)
    spectrum = np.fft.rfft(random.normal(size=(count, 2)), axis=0)
    spectrum[np.fft.rfftfreq(count, 1 / rate) > 7000] = 0
    envelope = 0.1 + np.abs(np.sin(np.arange(count) / rate * 7))[:, None]
    return (0.1 * np.fft.irfft(spectrum, count, axis=0) * envelope).astype(np.float32)


def burst(length, at, seconds=0.1):
    """Silence at 16 kHz, and noise within."""
    sound = np.zeros(length, np.float32)
    start, end = int(at * RATE), int((at + seconds) * RATE)
    sound[start:end] = np.random.default_rng(1).uniform(-1, 1, end - start)
    return sound


def test_the_bands_are_those_of_the_public_networks():
    np.testing.assert_allclose(filter_bank(), reference.bank(), atol=1e-6)


def test_a_rate_is_brought_down_as_by_a_fourier_transform():
    sound = speech_like(1, 48000)[:, 0]
    decimator = Decimator()
    pieces = [decimator.push(sound[start : start + 777]) for start in range(0, len(sound), 777)]
    found = np.concatenate([*pieces, decimator.finish()])
    expected = reference.at_16_khz(np.column_stack([sound, sound]))
    assert len(found) == RATE
    np.testing.assert_allclose(found[300:-300], expected[300:-300], atol=2e-3 * np.abs(expected).max())


def differences(voice, spectrum, time):
    """How far a window lies from that of the reference, where that has spectra at all: its last one is cut off."""
    known = max(0, spectrum.shape[1] - int(time * 80))
    return np.abs(voice.mel(time) - reference.window(spectrum, time))[:, :known]


def test_windows_are_those_of_the_reference_for_any_time():
    sound = speech_like(2, 48000)
    voice = Voice.record(Told(sound))
    spectrum = reference.mel_spectrum(reference.at_16_khz(sound))
    # A Fourier transform takes the end for what comes before the beginning; only there the two differ.
    assert differences(voice, spectrum, Fraction(0))[:, 2:].max() < 1e-3
    for time in (Fraction(1, 30), Fraction(7, 24), Fraction(1001, 1000), Fraction(17, 10)):
        assert differences(voice, spectrum, time).max() < 1e-3


def test_exact_samples_give_exact_windows():
    mono = speech_like(1, RATE)[:, 0]
    voice = Voice(mono, float(np.abs(mono).max()))
    spectrum = reference.mel_spectrum(mono)
    for time in (Fraction(0), Fraction(1, 3), Fraction(9, 10)):
        assert differences(voice, spectrum, time).max() < 1e-3


def test_a_burst_is_heard_at_its_own_time_alone():
    voice = Voice(burst(5 * RATE, 2.0), 1.0)
    heard = [voice.mel(Fraction(k, 25))[:, 0].max() for k in range(100)]
    loud = [k for k, level in enumerate(heard) if level > -4]
    assert min(loud) in (49, 50)
    assert max(loud) in (52, 53)


def test_the_window_looks_ahead_for_a_fifth_of_a_second():
    voice = Voice(burst(5 * RATE, 2.0), 1.0)
    assert (voice.mel(Fraction(175, 100)) == -4).all()
    assert voice.mel(Fraction(185, 100))[:, -1].max() > -4


@pytest.mark.parametrize("at", [409.7, 820.0, 3599.0])
def test_long_speech_is_heard_to_its_end(at):
    voice = Voice(burst(3600 * RATE, at), 1.0)
    assert voice.mel(Fraction(at))[:, 1].max() > 0
    assert (voice.mel(Fraction(at) - 1) == -4).all()


def test_speech_begins_with_the_first_frame():
    sound = burst(RATE, 0.0)
    assert voice_at(sound, Fraction(5)).mel(Fraction(5))[:, 1].max() > 0
    assert (voice_at(sound, Fraction(5)).mel(Fraction(4)) == -4).all()


def voice_at(sound, begin):
    return Voice(sound, 1.0, begin)


def test_beside_the_speech_and_without_any_there_is_silence():
    voice = Voice(burst(RATE, 0.5), 1.0)
    for time in (Fraction(-2), Fraction(30), Fraction(10**6)):
        assert (voice.mel(time) == -4).all()
    assert (Voice(np.zeros(0, np.float32), 0.0).mel(Fraction(0)) == -4).all()
    assert (Voice(np.zeros(RATE, np.float32), 0.0).mel(Fraction(0)) == -4).all()


def test_loudness_of_a_recording_does_not_matter():
    sound = speech_like(1, 48000)
    loud, quiet = Voice.record(Told(sound)), Voice.record(Told(sound / 16))
    np.testing.assert_allclose(loud.mel(Fraction(1, 2)), quiet.mel(Fraction(1, 2)), atol=1e-4)


def test_a_recording_lies_in_a_file_and_not_in_memory():
    voice = Voice.record(Told(speech_like(1, 48000)))
    assert isinstance(voice.samples, np.memmap)
    assert len(voice.samples) == RATE


class Doubled:
    def extract(self, samples):
        return samples * 2


@pytest.mark.parametrize("count", [0, 1, STEP - 1, STEP, CHUNK, CHUNK + 1, STEP + CHUNK, 3 * STEP + 5])
def test_chunks_join_without_a_seam(count):
    sound = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    pieces = list(extracted((sound[start : start + 70_000] for start in range(0, count, 70_000)), Doubled()))
    found = np.concatenate(pieces) if pieces else np.zeros((0, 2))
    np.testing.assert_allclose(found, sound * 2, rtol=1e-6)


def test_what_chunks_share_is_averaged():
    class Counting:
        calls = 0

        def extract(self, samples):
            self.calls += 1
            return np.full_like(samples, self.calls)

    found = np.concatenate(list(extracted([np.zeros((CHUNK + 1000, 2), np.float32)], Counting())))
    assert found[0, 0] == 1
    assert found[STEP + 5, 0] == pytest.approx(1.5)
    assert found[-1, 0] == 2


def test_spectra_are_those_of_the_reference_and_lead_back():
    settings = MdxNetSettings(**SMALL)
    sound = speech_like((settings.frames - 1) * settings.hop / 48000, 48000).T[None]
    spectra = to_spectra(sound, settings)
    packed = reference.voice_spectra(sound[0], settings.length, settings.hop, settings.bins)
    mine = np.stack([spectra.real, spectra.imag], axis=2)[0, :, :, : settings.bins].reshape(packed.shape)
    np.testing.assert_allclose(mine, packed, atol=1e-4)
    np.testing.assert_allclose(from_spectra(spectra, settings), sound, atol=1e-5)


@pytest.fixture
def extractor(tmp_path):
    shelf = Shelf(tmp_path)
    network = mdx_net(SMALL["bins"], SMALL["frames"], kept=50)
    shelf.put("small", "voice_extractor", "mdx_net", network, settings=SMALL)
    return shelf.sessions().load("small", "voice_extractor")


def test_a_voice_is_parted_from_other_sound(extractor):
    time = np.arange(60_000) / 48000
    voice, noise = np.sin(2 * np.pi * 900 * time), np.sin(2 * np.pi * 15_000 * time)
    sound = 0.3 * np.column_stack([voice + noise, voice - noise]).astype(np.float32)
    found = extractor.extract(sound)
    assert found.shape == sound.shape
    inner = slice(500, -500)
    np.testing.assert_allclose(found[inner, 0], 0.3 * voice[inner], atol=0.01)
    np.testing.assert_allclose(found[inner, 1], 0.3 * voice[inner], atol=0.01)


@pytest.mark.parametrize("count", [1, 100, 7000, 7552, 7553, 40_000])
def test_any_length_is_parted(extractor, count):
    sound = np.full((count, 2), 0.1, np.float32)
    found = extractor.extract(sound)
    assert found.shape == sound.shape
    np.testing.assert_allclose(found[60:-60], sound[60:-60], atol=0.01)  # a step has all frequencies


def test_speech_is_heard_by_way_of_the_extractor(extractor):
    time = np.arange(48000) / 48000
    low, high = 0.3 * np.sin(2 * np.pi * 900 * time), 0.3 * np.sin(2 * np.pi * 6500 * time)
    mixed, alone = (np.column_stack([sound, sound]).astype(np.float32) for sound in (low + high, low))
    with_noise = Voice.record(Told(mixed), extractor).mel(Fraction(1, 2))
    without = Voice.record(Told(alone)).mel(Fraction(1, 2))
    assert np.abs(with_noise - without).mean() < 0.05
    assert np.abs(Voice.record(Told(mixed)).mel(Fraction(1, 2)) - without).max() > 2


def test_the_public_extractors_are_in_the_catalogue():
    cards = Catalogue.known().of_task("voice_extractor")
    assert {card.name for card in cards} == {"kim_vocal_1", "kim_vocal_2", "uvr_mdxnet"}
    assert {card.name for card in cards if card.commercial} == {"uvr_mdxnet"}
