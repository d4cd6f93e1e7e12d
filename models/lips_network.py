"""The lip network in PyTorch, and what it is to keep small while it learns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from models.layers import convolution, double, folded
from models.lips_model import POINTS, STRIDES

_CHANNELS = (16, 24, 32, 32, 48, 48, 64)
_HIDDEN, _MAP = 128, 4


class LipNetwork(nn.Sequential):
    """Seven convolutions and two dense layers: float32 (N, 3, 64, 64) to (N, 80).

    Args:
        usual: the lips that it answers before it has learnt anything, (40, 2).
    """

    def __init__(self, usual: npt.NDArray[np.float32]) -> None:
        inputs = (3, *_CHANNELS[:-1])
        layers = zip(inputs, _CHANNELS, STRIDES, strict=True)
        super().__init__(
            *(convolution(before, after, stride) for before, after, stride in layers),
            nn.Flatten(),
            nn.Linear(_CHANNELS[-1] * _MAP * _MAP, _HIDDEN, bias=False),
            nn.BatchNorm1d(_HIDDEN),
            nn.ReLU(),
            nn.Linear(_HIDDEN, POINTS * 2),
        )
        with torch.no_grad():
            self[-1].bias.copy_(torch.from_numpy(usual.ravel()))
            self[-1].weight.mul_(0.1)

    def lips(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the lips in normalised pictures (N, 3, 64, 64), as it answers once it is trained."""
        self.eval()
        with torch.no_grad():
            answers = self(torch.from_numpy(pictures)).view(-1, POINTS, 2).numpy()
        self.train()
        return answers

    def parameters_folded(self) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return `kernel_N` and `bias_N` of the nine layers, normalisation folded in."""
        count = len(STRIDES)
        pairs = [folded(self[place][0].weight, self[place][1]) for place in range(count)]
        pairs += [folded(self[count + 1].weight, self[count + 2]), (double(self[-1].weight), double(self[-1].bias))]
        return {
            f"{name}_{number}": values.astype(np.float32)
            for number, pair in enumerate(pairs)
            for name, values in zip(("kernel", "bias"), pair, strict=True)
        }


def loss_of(answers: Tensor, lips: Tensor) -> Tensor:
    """Return the mean distance of the points, plus the mean error of the nine heights of the opening."""
    distance = ((answers - lips).square().sum(2) + 1e-6).sqrt().mean()
    return distance + (_heights(answers) - _heights(lips)).abs().mean()


def _heights(lips: Tensor) -> Tensor:
    return lips[:, 1:10, 1] - lips[:, 11:20, 1].flip(1)
