"""Masks: borders, soft edges, and what networks are asked."""

from __future__ import annotations

import numpy as np


def gaussian(mask, sigma):
    """A separable Gaussian, the picture mirrored at its edges."""
    reach = int(np.ceil(sigma * 4))
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    for axis in (0, 1):
        padded = np.pad(mask.astype(np.float64), [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], "reflect")
        mask = np.apply_along_axis(lambda line: np.convolve(line, weights, "valid"), axis, padded)
    return mask


def soft_step(mask):
    return (np.clip(gaussian(mask, 5 * mask.shape[0] / 512), 0.5, 1) - 0.5) * 2


def box(size, blur, padding):
    width = int(size * 0.5 * blur)
    band = max(width // 2, 1)
    mask = np.ones((size, size))
    top, right, bottom, left = (max(band, int(size * each / 100)) for each in padding)
    mask[:top], mask[size - bottom :], mask[:, :left], mask[:, size - right :] = 0, 0, 0, 0
    return gaussian(mask, width * 0.25) if width else mask


def xseg_input(crop):
    """RGB uint8 (S, S, 3) to BGR, channel last."""
    return (crop[:, :, ::-1] / 255.0).astype(np.float32)[None]


def bisenet_input(crop):
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return ((crop / 255.0 - mean) / std).astype(np.float32).transpose(2, 0, 1)[None]
