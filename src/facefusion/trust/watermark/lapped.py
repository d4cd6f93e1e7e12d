"""A lapped cosine transform: low frequencies of overlapping blocks, orthonormal and without edges between blocks.

The modulated lapped transform of H. S. Malvar (1990), with the sine window of Princen and Bradley: the basis functions
of a block reach half-way over both neighbours and fade out there, so that what is added to a coefficient is never seen
as a block. Frequency `k` has `(k + ½) / (2 · HOP)` cycles per sample.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
HOP = 32
"""Samples from one block to the next; a block reaches over twice as many."""


def blocks(length: int) -> int:
    """Return how many blocks lie within a line of so many samples."""
    return length // HOP - 1


def lapped_basis(length: int, frequencies: int) -> Matrix:
    """Return the basis of one dimension, one function a row.

    Args:
        length: samples of a line, a multiple of `HOP`.
        frequencies: how many, from the lowest, of each block.

    Returns:
        (blocks × frequencies, length) float32, rows orthonormal, block by block.
    """
    within = np.arange(2 * HOP) + 0.5
    window = np.sqrt(2 / HOP) * np.sin(np.pi * within / (2 * HOP))
    waves = np.cos(np.pi / HOP * np.outer(np.arange(frequencies) + 0.5, within + HOP / 2))
    basis = np.zeros((blocks(length), frequencies, length))
    for block in range(blocks(length)):
        basis[block, :, block * HOP : (block + 2) * HOP] = window * waves
    return basis.reshape(-1, length).astype(np.float32)
