"""The front network in PyTorch, and what it is to keep small while it learns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.front_model import KEPT, STRIDES
from models.layers import convolution, double, folded

_CHANNELS = (16, 16, 32, 32, 48, 48, 64, 64, 64)
_LEAST_CONTRAST = 8 / 255
_FALSE_ALARM = 3.0
"""Weight of the face's own pixels: a hand that is painted over is seen less than a patch of another face."""
_OUTSIDE = 0.05
"""Weight of pixels outside of the face."""
_OVERLAP = 0.3
_RARE = -2.0
"""Logarithm of the odds that the last convolution begins with: what is in front must be seen, not only no face."""


class FrontNetwork(nn.Module):
    """Nine convolutions down to a sixteenth and four up again: float32 (N, 3, 96, 96) to logits (N, 1, 96, 96)."""

    def __init__(self) -> None:
        super().__init__()
        inputs = (3, *_CHANNELS[:-1])
        self.down = nn.ModuleList(
            convolution(before, after, stride) for before, after, stride in zip(inputs, _CHANNELS, STRIDES, strict=True)
        )
        below, ups = _CHANNELS[-1], []
        for kept in KEPT:
            ups.append(convolution(below + _CHANNELS[kept], _CHANNELS[kept], 1))
            below = _CHANNELS[kept]
        self.up = nn.ModuleList(ups)
        self.last = nn.Conv2d(below, 4, 3, 1, 1)
        nn.init.constant_(self.last.bias, _RARE)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logarithm of the odds that each pixel is in front of the face."""
        centred = pictures - pictures.mean((2, 3), keepdim=True)
        value = centred / (centred.square().mean((1, 2, 3), keepdim=True).sqrt() + _LEAST_CONTRAST)
        answers = []
        for layer in self.down:
            value = layer(value)
            answers.append(value)
        for layer, kept in zip(self.up, KEPT, strict=True):
            larger = functional.interpolate(value, scale_factor=2, mode="nearest")
            value = layer(torch.cat([larger, answers[kept]], 1))
        return functional.pixel_shuffle(self.last(value), 2)

    def parameters_folded(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return `kernel_N` and `bias_N` of all convolutions, normalisation folded in."""
        pairs = [folded(layer[0].weight, layer[1]) for layer in (*self.down, *self.up)]
        pairs.append((double(self.last.weight), double(self.last.bias)))
        return {
            f"{name}_{number}": values.astype(np.float32)
            for number, pair in enumerate(pairs)
            for name, values in zip(("kernel", "bias"), pair, strict=True)
        }


def loss_of(answers: Tensor, front: Tensor, face: Tensor) -> Tensor:
    """Return how far answers are from the truth.

    Args:
        answers: logits, (N, 1, H, W).
        front: share of what is in front in each pixel, 0 to 1, likewise.
        face: 1 on the face, 0 beside it, likewise.
    """
    each = functional.binary_cross_entropy_with_logits(answers, front, reduction="none")
    weight = face + _OUTSIDE
    entropy = (each * torch.where(front < 0.05, _FALSE_ALARM, 1.0) * weight).sum() / weight.sum()
    likely, true = torch.sigmoid(answers) * weight, front * weight
    sums = [values.sum((1, 2, 3)) for values in (likely * true, likely, true)]
    apart = 1 - (2 * sums[0] + 5) / (sums[1] + sums[2] + 5)
    return entropy + _OVERLAP * (apart * (sums[2] > 20)).mean()
