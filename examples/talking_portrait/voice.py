"""A voice that says nothing in no language: vowels from harmonics and formants, consonants from noise.

Vowel formants are the averages of Peterson and Barney, "Control methods used in a study of the vowels" (1952).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from talking_portrait.curves import smoothstep

SAMPLE_RATE = 48_000
Samples = npt.NDArray[np.float32]

_VOWELS = {  # formants in Hz, and how far the jaw opens for it
    "a": ((850, 1220, 2810), 1.0),
    "e": ((610, 2330, 2990), 0.55),
    "i": ((310, 2790, 3310), 0.25),
    "o": ((590, 920, 2710), 0.7),
    "u": ((370, 950, 2670), 0.3),
}
_BANDWIDTHS = np.array([90.0, 110.0, 170.0])
_FORMANT_GAINS = np.array([1.0, 0.5, 0.22])
_HARMONICS = np.arange(1, 25)


@dataclass(frozen=True, slots=True)
class Syllable:
    """A consonant and a vowel; times in seconds, pitch in Hz."""

    start: float
    duration: float
    vowel: str
    loudness: float
    pitch: float
    hiss: float

    @property
    def end(self) -> float:
        """When it is over."""
        return self.start + self.duration

    def envelope(self, t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Loudness at the times `t`, 0 outside of the syllable."""
        u = (t - self.start) / self.duration
        return np.asarray(self.loudness * smoothstep(0.0, 0.35, u) * smoothstep(0.0, 0.45, 1 - u))


class Voice:
    """Speech-like sound, and the mouth that belongs to it.

    Args:
        phrases: (start, duration, loudness) of each stretch of speech, in seconds.
        seed: decides the syllables.
        pitch: middle of the voice in Hz.
    """

    def __init__(self, phrases: Sequence[tuple[float, float, float]], *, seed: int = 0, pitch: float = 195.0) -> None:
        rng = np.random.default_rng([seed, 7])
        self._phrases = tuple(phrases)
        self.syllables = tuple(s for phrase in phrases for s in _speak(phrase, rng, pitch))
        self._noise_seed = seed

    def presence(self, t: float) -> float:
        """Tell whether a phrase is on, 0 to 1, fading over a fifth of a second."""
        parts = (smoothstep(0, 0.2, t - s + 0.1) * smoothstep(0, 0.2, s + d + 0.1 - t) for s, d, _ in self._phrases)
        return float(max(parts, default=0.0))

    def mouth(self, t: float) -> float:
        """Opening of the mouth at `t`, 0 to 1: the loudness of the moment times the jaw of its vowel."""
        now = np.array([t])
        parts = (s.envelope(now)[0] * _VOWELS[s.vowel][1] for s in self.syllables if s.start <= t <= s.end)
        return float(min(sum(parts), 1.0))

    def samples(self, first: int, count: int) -> Samples:
        """Return `count` samples in -1..1 from sample number `first` on, mono, 48 kHz, float32."""
        out = np.zeros(count)
        begin, end = first / SAMPLE_RATE, (first + count) / SAMPLE_RATE
        for number, syllable in enumerate(self.syllables):
            if syllable.end > begin and syllable.start < end:
                offset = max(0, int(np.ceil((syllable.start - begin) * SAMPLE_RATE)))
                stop = min(count, int((syllable.end - begin) * SAMPLE_RATE) + 1)
                out[offset:stop] += self._sound(syllable, number, np.arange(first + offset, first + stop))
        return np.clip(out, -1, 1).astype(np.float32)

    def _sound(self, syllable: Syllable, number: int, index: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        t = index / SAMPLE_RATE
        u = t - syllable.start
        wobble = 2 * np.pi * 5.5 * t
        pitch = syllable.pitch * (1 - 0.10 * u / syllable.duration) + 3 * np.sin(wobble)
        phase = 2 * np.pi * syllable.pitch * (u - 0.05 * u**2 / syllable.duration) - 3 / 5.5 * np.cos(wobble)
        voiced = np.zeros_like(t)
        for harmonic in _HARMONICS:
            voiced += _formant_gain(harmonic * pitch, syllable.vowel) / harmonic**0.5 * np.sin(harmonic * phase)
        first = int(np.ceil(syllable.start * SAMPLE_RATE))
        length = int(syllable.duration * SAMPLE_RATE) + 2
        noise = np.random.default_rng([self._noise_seed, number]).standard_normal(length)
        hiss = np.diff(noise, append=0.0)[np.clip(index - first, 0, length - 1)]
        burst = syllable.hiss * smoothstep(0, 0.01, u) * smoothstep(0, 0.05, 0.07 - u)
        loudness = 0.85 * (0.3 + 0.7 * _VOWELS[syllable.vowel][1])  # open vowels carry further
        return np.asarray(loudness * syllable.envelope(t) * voiced + 0.06 * burst * hiss)


def _formant_gain(frequency: npt.NDArray[np.float64], vowel: str) -> npt.NDArray[np.float64]:
    """Sum three resonance curves."""
    centres = np.array(_VOWELS[vowel][0], dtype=float)
    distance = (frequency[:, None] - centres) / _BANDWIDTHS
    return np.asarray(np.sum(_FORMANT_GAINS / (1 + distance**2), axis=1))


def _speak(phrase: tuple[float, float, float], rng: np.random.Generator, pitch: float) -> list[Syllable]:
    """Fill a phrase with syllables of 0.17 to 0.30 s; pitch sinks towards its end."""
    start, duration, loudness = phrase
    syllables: list[Syllable] = []
    t = start
    while True:
        length = rng.uniform(0.17, 0.30)
        if t + length > start + duration:
            return syllables
        fall = 1.12 - 0.22 * (t - start) / duration
        vowel = str(rng.choice(list(_VOWELS), p=[0.32, 0.22, 0.16, 0.2, 0.1]))
        syllables.append(
            Syllable(
                start=t,
                duration=length,
                vowel=vowel,
                loudness=loudness * rng.uniform(0.7, 1.0),
                pitch=pitch * fall * rng.uniform(0.95, 1.05),
                hiss=float(rng.choice([0.0, 0.6, 1.0])),
            )
        )
        t += length + (rng.uniform(0.12, 0.22) if rng.random() < 0.15 else 0.0)
