"""What the networks of our own have in common: a layer, and how its normalisation is folded into its weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn


def convolution(before: int, after: int, stride: int) -> nn.Sequential:
    """Return a convolution of 3 × 3 from so many channels to so many, with its normalisation and a ReLU."""
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


def folded(weight: Tensor, norm: nn.Module) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return weights and bias that do what weights and the normalisation after them do."""
    kernel = double(weight)
    gain = double(norm.weight) / np.sqrt(double(norm.running_var) + norm.eps)
    bias = double(norm.bias) - double(norm.running_mean) * gain
    return kernel * gain.reshape(-1, *[1] * (kernel.ndim - 1)), bias


def double(values: Tensor) -> npt.NDArray[np.float64]:
    """Return values as float64."""
    return values.detach().double().numpy()
