"""High dynamic range and wide gamut as a normal picture, and back.

Detectors and swappers know pictures as sRGB and BT.709 screens show them. PQ and HLG signals are brought there by one
curve per channel, close to linear up to skin and paper and compressing what is brighter, and by a matrix from BT.2020
to BT.709 primaries. Both have inverses; only colours outside BT.709 are clipped on the way.

Curves: SMPTE ST 2084 (PQ), ARIB STD-B67 (HLG), ITU-R BT.2087 (primaries), diffuse white at 203 cd/m² (PQ) and at 75 %
of the signal (HLG) after ITU-R BT.2408.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.colour import BT2020, HLG, PQ, ColourTags
from facefusion.media.frame import Image

Floats = npt.NDArray[np.float32]

SIGNAL_BITS = 12  # to which signals are rounded for the view
_CODES = 1 << 16  # of OpenCV's tables for 16-bit values
_STRIP = 16  # lines
_GAMMA = 2.4
_WHITE = 203.0  # cd/m²
_HLG_WHITE = 0.75
_HLG_GAMMA = 1.2
_KNEE, _GAIN = 0.6, 0.8
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0729], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1188]], np.float32)


class Tone:
    """Between signals of one kind, 0 to 1, and 8-bit pictures that look normal.

    Args:
        transfer: H.273 TransferCharacteristics of the signals.
        primaries: H.273 ColourPrimaries of the signals.
        top: what codes 1 in signals that are to be viewed.
    """

    def __init__(self, transfer: int, primaries: int, top: int = (1 << SIGNAL_BITS) - 1) -> None:
        self._transfer = transfer
        self._top = top
        is_wide = primaries == BT2020 or transfer in (PQ, HLG)
        self._to_view = _TO_BT709 if is_wide else np.eye(3, dtype=np.float32)
        self._to_signal = np.linalg.inv(self._to_view).astype(np.float32)

    @classmethod
    def of(cls, colour: ColourTags, top: int = (1 << SIGNAL_BITS) - 1) -> Tone | None:
        """Return what a stream's colours need; None where they can be shown as they are."""
        if colour.transfer in (PQ, HLG) or colour.primaries == BT2020:
            return cls(colour.transfer, colour.primaries, top)
        return None

    def view(self, signal: npt.NDArray[np.uint16]) -> Image:
        """Return the 8-bit RGB picture of signals of `SIGNAL_BITS` bits, uint16 RGB (height, width, 3)."""
        result = np.empty(signal.shape, np.uint8)
        for top in range(0, len(signal), _STRIP):  # at a time as much as the processor's cache holds
            light = cv2.transform(cv2.LUT(signal[top : top + _STRIP], self._signal_to_light), self._to_view)
            # Square roots are fast and give the dark enough of the table's entries.
            codes = np.multiply(cv2.sqrt(_unit(light)), _CODES - 1)
            result[top : top + _STRIP] = cv2.LUT(codes.astype(np.uint16), self._light_to_view)
        return result

    def signal(self, view: Image) -> Floats:
        """Return the signals, float32 0 to 1, that are shown as an 8-bit RGB picture."""
        light = cv2.transform(cv2.LUT(view, self._view_to_light), self._to_signal)
        codes = np.multiply(cv2.sqrt(cv2.sqrt(_unit(light))), _CODES - 1)
        return cv2.LUT(np.rint(codes).astype(np.uint16), self._light_to_signal)  # type: ignore[return-value]

    def step(self, view: Image) -> Floats:
        """Return how far signals are apart that one step of the view tells apart, float32 (height, width)."""
        red, green, blue = cv2.split(cv2.LUT(view, self._steps))
        return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)

    @cached_property
    def _signal_to_light(self) -> Floats:
        signal = np.minimum(np.arange(_CODES) / self._top, 1)
        return _row(_compressed(_light(signal, self._transfer), self._transfer))

    @cached_property
    def _light_to_view(self) -> npt.NDArray[np.uint8]:
        light = (np.arange(_CODES) / (_CODES - 1)) ** 2
        return np.rint(255 * light ** (1 / _GAMMA)).astype(np.uint8).reshape(1, -1)

    @cached_property
    def _view_to_light(self) -> Floats:
        return _row((np.arange(256) / 255) ** _GAMMA)

    @cached_property
    def _light_to_signal(self) -> Floats:
        light = (np.arange(_CODES) / (_CODES - 1)) ** 4
        return _row(_signal(_expanded(light, self._transfer), self._transfer))

    @cached_property
    def _steps(self) -> Floats:
        edges = (np.arange(257) - 0.5).clip(0, 255) / 255
        signal = _signal(_expanded(edges**_GAMMA, self._transfer), self._transfer)
        return _row(np.diff(signal))


def _unit(light: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Clip to 0 to 1, in place."""
    return np.clip(light, 0, 1, out=light)


def _row(values: npt.NDArray[Any]) -> Floats:
    return values.astype(np.float32).reshape(1, -1)


def _light(signal: npt.NDArray[Any], transfer: int) -> npt.NDArray[Any]:
    """Return displayed light, 1 at diffuse white, of signals 0 to 1."""
    if transfer == PQ:
        power = signal ** (1 / _PQ_M2)
        return (np.maximum(power - _PQ_C1, 0) / (_PQ_C2 - _PQ_C3 * power)) ** (1 / _PQ_M1) * 10000 / _WHITE
    if transfer == HLG:
        return _hlg_light(signal) / float(_hlg_light(np.array(_HLG_WHITE)))
    return signal**_GAMMA


def _signal(light: npt.NDArray[Any], transfer: int) -> npt.NDArray[Any]:
    """Return the signal of displayed light: the inverse of `_light`."""
    if transfer == PQ:
        power = (light * _WHITE / 10000) ** _PQ_M1
        return ((_PQ_C1 + _PQ_C2 * power) / (1 + _PQ_C3 * power)) ** _PQ_M2
    if transfer == HLG:
        scene = (light * _hlg_light(np.array(_HLG_WHITE))) ** (1 / _HLG_GAMMA)
        low: npt.NDArray[Any] = np.sqrt(3 * scene.clip(0, 1 / 12))
        high: npt.NDArray[Any] = _HLG_A * np.log(np.maximum(12 * scene - _HLG_B, 1e-9)) + _HLG_C
        return np.where(scene <= 1 / 12, low, high)
    return light ** (1 / _GAMMA)


_PQ_M1, _PQ_M2 = 2610 / 16384, 2523 / 32
_PQ_C1, _PQ_C2, _PQ_C3 = 3424 / 4096, 2413 / 128, 2392 / 128
_HLG_A = 0.17883277
_HLG_B = 1 - 4 * _HLG_A
_HLG_C = 0.5 - _HLG_A * math.log(4 * _HLG_A)


def _hlg_light(signal: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return displayed light 0 to 1: scene light by the inverse OETF, then the system's gamma, channel by channel."""
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _HLG_C) / _HLG_A) + _HLG_B) / 12)
    return scene**_HLG_GAMMA


def _brightest(transfer: int) -> float:
    return float(_light(np.array(1.0), transfer))


def _shoulder(transfer: int) -> float:
    """Return the b for which gain·knee + b·ln(1 + (brightest − knee)·gain / b) is 1."""
    low, high, rise = 1e-3, 10.0, (_brightest(transfer) - _KNEE) * _GAIN
    for _ in range(60):
        middle = (low + high) / 2
        if _GAIN * _KNEE + middle * math.log1p(rise / middle) < 1:
            low = middle
        else:
            high = middle
    return low


def _compressed(light: npt.NDArray[Any], transfer: int) -> npt.NDArray[Any]:
    """Bring light from 0 to the brightest there is to 0 to 1: linear up to the knee, logarithmic above, no corner."""
    if transfer not in (PQ, HLG):
        return light
    b = _shoulder(transfer)
    above = np.maximum(light - _KNEE, 0)
    shown: npt.NDArray[Any] = _GAIN * np.minimum(light, _KNEE) + b * np.log1p(above * _GAIN / b)
    return shown


def _expanded(shown: npt.NDArray[Any], transfer: int) -> npt.NDArray[Any]:
    """Undo `_compressed`."""
    if transfer not in (PQ, HLG):
        return shown
    b = _shoulder(transfer)
    above = np.maximum(shown - _GAIN * _KNEE, 0)
    return np.minimum(shown / _GAIN, _KNEE) + np.expm1(above / b) * b / _GAIN
