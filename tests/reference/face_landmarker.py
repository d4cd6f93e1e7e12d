"""Landmarkers, recognisers and classifiers, in plain NumPy."""

from __future__ import annotations

import numpy as np

IMAGENET = (np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]))


def blob(crop, kind):
    """The input for a crop, RGB (H, W, 3)."""
    crop = crop.astype(np.float64)
    values = {
        "bgr": lambda: crop[..., ::-1] / 255,
        "rgb": lambda: crop / 255,
        "arcface": lambda: crop / 127.5 - 1,
        "mobilefacenet": lambda: (crop - 127.5) / 128,
        "fairface": lambda: (crop / 255 - IMAGENET[0]) / IMAGENET[1],
    }[kind]()
    return values.transpose(2, 0, 1)[None]


def fan(landmarks, heatmaps):
    """Points in a crop of 256 pixels and their score."""
    score = np.mean([heatmaps[0, point].max() for point in range(68)])
    return landmarks[0, :, :2] / 64 * 256, float(np.interp(score, [0, 0.9], [0, 1]))


def peppa(output):
    rows = output[0].reshape(68, 3)
    return rows[:, :2] / 64 * 256, float(np.interp(rows[:, 2].mean(), [0, 0.95], [0, 1]))


def five_of_68(points):
    return np.array([points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]])
