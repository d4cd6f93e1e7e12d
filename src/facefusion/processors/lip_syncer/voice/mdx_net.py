"""MDX-Net: finds the voice in the spectra of stereo sound.

Source: Kim et al., "KUIELab-MDX-Net: A Two-Stream Neural Network for Music Demixing", 2021.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from pydantic import Field

from facefusion.inference.contract import Contract, TensorSpec
from facefusion.inference.family import Family, FamilySettings, Model
from facefusion.media.sound.reader import Samples
from facefusion.processors.lip_syncer.voice.extraction import TASK

_LEAST_WEIGHT = 1e-8

Floats = npt.NDArray[np.float32]


class MdxNetSettings(FamilySettings):
    """What sets one network apart.

    Attributes:
        length: samples of a spectrum; even.
        hop: samples from one spectrum to the next.
        bins: how many of the frequencies of a spectrum it takes, from the lowest on.
        frames: spectra that it takes at once.
    """

    length: int = Field(default=7680, ge=4, multiple_of=2)
    hop: int = Field(default=1024, ge=1)
    bins: int = Field(default=3072, ge=1)
    frames: int = Field(default=256, ge=2)


class MdxNet:
    """Runs a network of the MDX kind.

    Args:
        model: the network.
    """

    def __init__(self, model: Model[MdxNetSettings]) -> None:
        self._session = model.session
        self._settings = model.settings

    def extract(self, samples: Samples) -> Samples:
        """Return the voice alone; see `VoiceExtractor`."""
        settings = self._settings
        edge, step = settings.length // 2, (settings.frames - 1) * settings.hop - settings.length
        count = len(samples) // step + 1
        padded = np.zeros((2, (count * step) + 2 * edge), np.float32)
        padded[:, edge : edge + len(samples)] = samples.T
        parts = np.stack([padded[:, n * step : (n + 1) * step + 2 * edge] for n in range(count)])
        spectra = to_spectra(parts, settings)
        packed = np.stack([spectra.real, spectra.imag], axis=2)[:, :, :, : settings.bins]
        inputs = np.asarray(packed.reshape(count, 4, settings.bins, settings.frames), np.float32)
        output = self._session.run({"input": inputs})["output"]
        voice = from_spectra(_unpacked(output, settings), settings)
        whole = np.concatenate(list(voice[:, :, edge:-edge]), axis=1)
        return np.ascontiguousarray(whole[:, : len(samples)].T)


def to_spectra(sound: Floats, settings: MdxNetSettings) -> npt.NDArray[np.complex64]:
    """Return the spectra of sound, complex64 (N, 2, length / 2 + 1, frames), each around its place.

    Args:
        sound: float32 (N, 2, (frames - 1) · hop).
        settings: of the network.
    """
    edge = settings.length // 2
    padded = np.pad(sound, ((0, 0), (0, 0), (edge, edge)))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, settings.length, axis=2)[:, :, :: settings.hop]
    spectra = np.fft.rfft(pieces * _window(settings.length), axis=3)
    return np.asarray(spectra.transpose(0, 1, 3, 2), np.complex64)


def from_spectra(spectra: npt.NDArray[np.complex64], settings: MdxNetSettings) -> Floats:
    """Return the sound of spectra, the inverse of `to_spectra`."""
    window, hop = _window(settings.length), settings.hop
    pieces = np.fft.irfft(spectra.transpose(0, 1, 3, 2), settings.length, axis=3) * window
    total = (settings.frames - 1) * hop + settings.length
    sound, weight = np.zeros((*pieces.shape[:2], total), np.float64), np.zeros(total)
    for frame in range(settings.frames):
        place = slice(frame * hop, frame * hop + settings.length)
        sound[:, :, place] += pieces[:, :, frame]
        weight[place] += window**2
    sound /= np.maximum(weight, _LEAST_WEIGHT)
    edge = settings.length // 2
    return np.asarray(sound[:, :, edge:-edge], np.float32)


def _unpacked(output: Floats, settings: MdxNetSettings) -> npt.NDArray[np.complex64]:
    """Return what the network gave as spectra; frequencies that it does not know are silent."""
    values = output.reshape(len(output), 2, 2, settings.bins, settings.frames)
    spectra = np.zeros((len(output), 2, settings.length // 2 + 1, settings.frames), np.complex64)
    spectra[:, :, : settings.bins] = values[:, :, 0] + 1j * values[:, :, 1]
    return spectra


@cache
def _window(length: int) -> npt.NDArray[np.float64]:
    """Return Hann's window, symmetric."""
    return np.hanning(length)


def _contract(settings: MdxNetSettings) -> Contract:
    spectra = ("batch", 4, settings.bins, settings.frames)
    return Contract(inputs=(TensorSpec("input", spectra),), outputs=(TensorSpec("output", spectra),))


FAMILY = Family("mdx_net", TASK, MdxNetSettings, _contract, MdxNet)
