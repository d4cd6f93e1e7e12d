"""Levels of speech in bands of the mel scale, 80 times a second, as Wav2Lip and EDTalk hear it.

The scale is that of O'Shaughnessy, "Speech Communication: Human and Machine", 1987, as HTK has it; bands, window and
levels are those that the public networks are driven with.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

RATE: Final = 16000
"""Samples a second."""
BANDS: Final = 80
HOP: Final = 200
"""Samples from one spectrum to the next; each lies around its sample."""
LENGTH: Final = 800
"""Samples of a spectrum."""
WINDOW: Final = 16
"""Spectra that a network hears at once: a fifth of a second, from the frame's time on."""
PER_SECOND: Final = RATE // HOP
_LOWEST, _HIGHEST = 55.0, 7600.0
_PRE_EMPHASIS: Final = np.float32(0.97)

Mel = npt.NDArray[np.float32]
"""Levels from -4, silence, to 4, float32 (80, 16): bands by time."""


def levels(samples: npt.NDArray[np.float32]) -> Mel:
    """Return the levels of a stretch of speech, float32 (80, N).

    Args:
        samples: of `emphasised`, the loudest of the whole speech at 1, float32 (800 + 200 · (N - 1),); the first
            spectrum lies around sample 400.
    """
    return to_level(filter_bank() @ magnitudes(samples))


def emphasised(samples: npt.NDArray[np.float32], before: float) -> npt.NDArray[np.float32]:
    """Return speech with what is high in it raised: each sample less most of the one before.

    Args:
        samples: mono at 16 kHz, float32 (N,).
        before: the sample before the first.
    """
    shifted = np.concatenate([np.array([before], np.float32), samples[:-1]])
    return np.asarray(samples - _PRE_EMPHASIS * shifted, np.float32)


def magnitudes(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the spectra of speech, float32 (401, N); a sine of amplitude 1 has a peak of a half."""
    window = _hann()
    frames = np.lib.stride_tricks.sliding_window_view(samples, LENGTH)[::HOP]
    return np.asarray(np.abs(np.fft.rfft(frames * window, axis=1)).T / window.sum(), np.float32)


def to_level(power: npt.NDArray[np.float32]) -> Mel:
    """Return sums of bands as levels: 32 dB to a step of 2.56, cut off at -4 and 4."""
    return np.asarray(np.clip(np.log10(np.maximum(power, 1e-5)) * 1.6 + 3.2, -4, 4), np.float32)


@cache
def filter_bank() -> npt.NDArray[np.float32]:
    """Return the weights of the bands, float32 (80, 401): a triangle each, side by side and not overlapping."""
    mels = np.linspace(_to_mel(_LOWEST), _to_mel(_HIGHEST), BANDS + 2)
    edges = np.floor((LENGTH + 1) * _to_hertz(mels) / RATE).astype(int)
    bank = np.zeros((BANDS, LENGTH // 2 + 1), np.float32)
    for row, first, end in zip(bank, edges[:-2], edges[1:-1], strict=True):
        row[first:end] = _triangle(end - first)
    return bank


def _triangle(length: int) -> npt.NDArray[np.float64]:
    """Return a triangle of so many samples that ends just before and after 0."""
    places = np.arange(length) * 2 + 1
    if length % 2:
        return np.minimum(places + 1, 2 * length - places + 1) / (length + 1)
    return np.minimum(places, 2 * length - places) / max(length, 1)


@cache
def _hann() -> npt.NDArray[np.float32]:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(LENGTH) / LENGTH), np.float32)


def _to_mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _to_hertz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(700 * (10 ** (mels / 2595) - 1), np.float64)
