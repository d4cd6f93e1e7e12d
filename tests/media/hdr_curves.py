"""The view of high dynamic range, written down a second time, in floating point and from the standards."""

from __future__ import annotations

import math

import numpy as np

M1, M2, C1, C2, C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
A, B, C = 0.17883277, 0.28466892, 0.55991073
TO_709 = np.array([[1.6605, -0.5876, -0.0729], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1188]])


def pq_light(signal: float) -> float:
    power = signal ** (1 / M2)
    return (max(power - C1, 0) / (C2 - C3 * power)) ** (1 / M1) * 10000 / 203


def hlg_light(signal: float) -> float:
    def display(e: float) -> float:
        return (e * e / 3 if e <= 0.5 else (math.exp((e - C) / A) + B) / 12) ** 1.2

    return display(signal) / display(0.75)


def compressed(light: float, brightest: float) -> float:
    def value(b: float, x: float) -> float:
        return 0.8 * min(x, 0.6) + b * math.log1p(max(x - 0.6, 0) * 0.8 / b)

    low, high = 1e-4, 10.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if value(middle, brightest) < 1 else (low, middle)
    return value(low, light)


def view_of_signal(signal, transfer: int):
    """8-bit view, unrounded, of R'G'B' signals."""
    light = {16: pq_light, 18: hlg_light}[transfer]
    shown = np.array([compressed(light(float(value)), light(1.0)) for value in signal])
    return 255 * (TO_709 @ shown).clip(0, 1) ** (1 / 2.4)


def signal_of_view(view, transfer: int) -> list[float]:
    """The inverse, by halving intervals."""
    light = {16: pq_light, 18: hlg_light}[transfer]
    shown = np.linalg.solve(TO_709, (np.array(view) / 255) ** 2.4)
    result = []
    for value in shown:
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if compressed(light(middle), light(1.0)) < value else (low, middle)
        result.append(low)
    return result
