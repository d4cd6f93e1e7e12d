"""Swappers: what goes in and what comes out."""

from __future__ import annotations

import numpy as np

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
PLAIN = ([0, 0, 0], [1, 1, 1])
HALF = ([0.5] * 3, [0.5] * 3)
# mean and std of the input, whether the output is normalised likewise
COLOURS = {
    "inswapper": (PLAIN, False),
    "simswap": (IMAGENET, False),
    "ghost": (HALF, True),
    "hififace": (HALF, True),
    "hyperswap": (HALF, True),
    "blendswap": (PLAIN, False),
    "uniface": (HALF, True),
}


def prepare(family, crop):
    """RGB uint8 (H, W, 3) to (1, 3, H, W)."""
    mean, std = COLOURS[family][0]
    out = np.zeros((1, 3, *crop.shape[:2]), np.float32)
    for channel in range(3):
        out[0, channel] = (crop[:, :, channel] / 255.0 - mean[channel]) / std[channel]
    return out


def finish(family, output):
    """(1, 3, H, W) to RGB (H, W, 3), 0 to 255, not rounded."""
    (mean, std), restored = COLOURS[family]
    out = np.zeros((*output.shape[2:], 3))
    for channel in range(3):
        plane = output[0, channel].astype(np.float64)
        out[:, :, channel] = plane * std[channel] + mean[channel] if restored else plane
    return np.clip(out, 0, 1) * 255


def arcface_input(crop):
    return (crop.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]


def lean(weight):
    """0 keeps 0.35 of the target, 1 takes as much away."""
    return 0.35 - 0.7 * weight


def mixed(source, target, share):
    """Directions mixed; the source's length kept."""
    a, b = source / np.linalg.norm(source), target / np.linalg.norm(target)
    both = a * (1 - share) + b * share
    return both / np.linalg.norm(both) * np.linalg.norm(source)


def projected(family, vector, matrix=None, converted=None):
    """What a network takes of ArcFace's vector (512,)."""
    if family == "inswapper":
        return vector @ matrix / np.linalg.norm(vector)
    if family == "hyperswap":
        return vector / np.linalg.norm(vector)
    return converted if family == "ghost" else converted / np.linalg.norm(converted)


def strided(crop, k):
    """Every k-th pixel, from each of the first k × k."""
    return [crop[i::k, j::k] for i in range(k) for j in range(k)]


def interleaved(pictures, k):
    side = pictures[0].shape[0] * k
    out = np.zeros((side, side, 3), pictures[0].dtype)
    for place, picture in enumerate(pictures):
        out[place // k :: k, place % k :: k] = picture
    return out
