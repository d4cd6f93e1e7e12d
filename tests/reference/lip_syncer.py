"""What the public lip syncers hear and see, and what parts a voice, in plain NumPy, by the book and slowly."""

from __future__ import annotations

import numpy as np


def at_16_khz(stereo):
    """Resample 48 kHz sound (n, 2) by Fourier's transform of all of it, and mix it to mono."""
    spectrum = np.fft.rfft(stereo.astype(np.float64), axis=0)
    count = len(stereo) // 3
    return (np.fft.irfft(spectrum[: count // 2 + 1], count, axis=0) / 3).mean(1)


def mel_spectrum(mono):
    """Sums of bands (80, frames) of mono sound at 16 kHz."""
    loud = mono / np.abs(mono).max()
    raised = np.array([loud[0], *(loud[n] - 0.97 * loud[n - 1] for n in range(1, len(loud)))])
    padded = np.concatenate([np.zeros(400), raised, np.zeros(400 + -len(raised) % 200)])
    hann = np.array([0.5 - 0.5 * np.cos(2 * np.pi * n / 800) for n in range(800)])
    starts = range(0, len(padded) - 799, 200)
    spectra = [np.abs(np.fft.rfft(padded[start : start + 800] * hann) / hann.sum()) for start in starts]
    return np.stack([bank() @ spectrum for spectrum in spectra], axis=1)


def bank():
    def to_mel(hertz):
        return 2595 * np.log10(1 + hertz / 700)

    mels = [to_mel(55) + (to_mel(7600) - to_mel(55)) * n / 81 for n in range(82)]
    edges = [int(801 * 700 * (10 ** (mel / 2595) - 1) / 16000) for mel in mels]
    weights = np.zeros((80, 401))
    for row in range(80):
        length = edges[row + 1] - edges[row]
        for place in range(length):
            far = min(place + 1, length - place)
            share = 2 * far / (length + 1) if length % 2 else (2 * far - 1) / length
            weights[row, edges[row] + place] = share
    return weights


def window(spectrum, time):
    """The 16 spectra from a moment on, as levels; where there are none, silence."""
    first = int(time * 80)
    taken = np.zeros((80, 16))
    for column in range(16):
        if 0 <= first + column < spectrum.shape[1]:
            taken[:, column] = spectrum[:, first + column]
    return np.clip(np.log10(np.maximum(taken, 1e-5)) * 1.6 + 3.2, -4, 4)


def shrunk(image, width, height):
    """Shrink a picture: each pixel is the mean of what it covers."""
    return _overlap(image.shape[0], height) @ np.moveaxis(
        np.moveaxis(image.astype(np.float64), 2, 0) @ _overlap(image.shape[1], width).T, 0, 0
    )


def _overlap(many, few):
    """How much each of `few` equal parts of a line takes of each of `many`."""
    ratio = many / few
    table = np.zeros((few, many))
    for part in range(few):
        for cell in range(many):
            table[part, cell] = max(0, min((part + 1) * ratio, cell + 1) - max(part * ratio, cell))
    return table / ratio


def wav2lip_target(image, box, side):
    """The six channels (6, side, side) of a face in a box of an RGB crop."""
    left, top, right, bottom = box
    planes = shrunk(image[top:bottom, left:right], side, side)
    whole = np.rint(planes)[::-1] / 255
    upper = whole.copy()
    upper[:, side // 2 :] = 0
    return np.concatenate([upper, whole])


def voice_spectra(sound, length, hop, bins):
    """Spectra of stereo sound (2, n) around every `hop`-th sample, as four channels: left and right, re and im."""
    hann = np.array([0.5 - 0.5 * np.cos(2 * np.pi * n / (length - 1)) for n in range(length)])
    padded = np.pad(sound, ((0, 0), (length // 2, length // 2)))
    columns = []
    for start in range(0, padded.shape[1] - length + 1, hop):
        spectrum = np.fft.rfft(padded[:, start : start + length] * hann)[:, :bins]
        columns.append([spectrum[0].real, spectrum[0].imag, spectrum[1].real, spectrum[1].imag])
    return np.stack(columns, axis=2)
