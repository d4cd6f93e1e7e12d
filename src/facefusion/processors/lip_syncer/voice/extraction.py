"""Parting the voice from other sound, in pieces that overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import numpy as np

from facefusion.media.sound.reader import Samples

TASK = "voice_extractor"
CHUNK: Final = 240 * 1024
"""Samples that are worked on at once: five seconds."""
STEP: Final = 180 * 1024
"""Samples from the beginning of one chunk to that of the next; what two have in common is averaged."""


class VoiceExtractor(Protocol):
    """Parts the voice from music and noise. Task `voice_extractor`."""

    def extract(self, samples: Samples) -> Samples:
        """Return the voice alone, float32 (samples, 2).

        Args:
            samples: stereo at 48 kHz, -1 to 1, float32 (samples, 2).
        """
        ...


def extracted(pieces: Iterable[Samples], extractor: VoiceExtractor) -> Iterator[Samples]:
    """Yield the voice of a stream of stereo sound at 48 kHz; memory holds two chunks."""
    tail: Samples = np.zeros((0, 2), np.float32)
    for chunk in _chunks(pieces):
        voice = extractor.extract(chunk)
        shared = len(tail)
        voice[:shared] = (voice[:shared] + tail) / 2
        tail = voice[STEP:].copy()
        yield voice[:STEP]


def _chunks(pieces: Iterable[Samples]) -> Iterator[Samples]:
    """Yield overlapping chunks; those at the end are shorter."""
    waiting: list[Samples] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += len(piece)
        if count < CHUNK:
            continue
        held = np.concatenate(waiting)
        while len(held) >= CHUNK:
            yield held[:CHUNK]
            held = held[STEP:]
        waiting, count = [held.copy()], len(held)
    held = np.concatenate(waiting) if waiting else np.zeros((0, 2), np.float32)
    while len(held):
        yield held[:CHUNK]
        held = held[STEP:]
