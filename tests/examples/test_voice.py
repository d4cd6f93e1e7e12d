"""The voice and the mouth follow the same syllables."""

from __future__ import annotations

import numpy as np

from talking_portrait.voice import SAMPLE_RATE, Voice

PHRASES = [(0.5, 2.0, 1.0), (3.0, 1.0, 0.6)]


def loudness(samples: np.ndarray, step: float = 0.04) -> np.ndarray:
    count = round(step * SAMPLE_RATE)
    blocks = samples[: len(samples) // count * count].reshape(-1, count)
    return np.sqrt((blocks.astype(float) ** 2).mean(axis=1))


def test_it_is_silent_outside_its_phrases() -> None:
    samples = Voice(PHRASES, seed=3).samples(0, 5 * SAMPLE_RATE)
    loud = loudness(samples, 0.1)
    assert loud[:5].max() == 0
    assert loud[26:30].max() == 0
    assert loud[6:24].mean() > 0.02
    assert np.abs(samples).max() <= 1


def test_pieces_join_without_a_seam() -> None:
    voice = Voice(PHRASES, seed=3)
    whole = voice.samples(24_000, 48_000)
    pieces = np.concatenate([voice.samples(first, 1_000) for first in range(24_000, 72_000, 1_000)])
    assert np.abs(whole - pieces).max() < 1e-5


def test_the_same_seed_says_the_same() -> None:
    first, again, other = (Voice(PHRASES, seed=seed).samples(24_000, 24_000) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_mouth_opens_with_the_sound() -> None:
    voice = Voice([(0.0, 8.0, 1.0)], seed=3)
    loud = loudness(voice.samples(0, 8 * SAMPLE_RATE))
    mouth = np.array([voice.mouth((i + 0.5) * 0.04) for i in range(len(loud))])
    assert np.corrcoef(loud, mouth)[0, 1] > 0.6


def test_a_quieter_phrase_opens_the_mouth_less() -> None:
    quiet, normal = (max(Voice([(0, 3, loud)], seed=3).mouth(t) for t in np.arange(0, 3, 0.02)) for loud in (0.5, 1.0))
    assert quiet < 0.6 * normal
