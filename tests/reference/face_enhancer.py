"""Face enhancers: what goes in and what comes out."""

from __future__ import annotations

import numpy as np


def prepare(crop):
    return ((crop / 255.0 - 0.5) / 0.5).astype(np.float32).transpose(2, 0, 1)[None]


def finish(output):
    return np.rint((np.clip(output[0].astype(np.float64), -1, 1).transpose(1, 2, 0) + 1) / 2 * 255)
