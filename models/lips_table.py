"""How far lips lie from the teacher's, as the table in the card."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def errors(lips: npt.NDArray[np.float32], teacher: npt.NDArray[np.float32]) -> tuple[float, float, float]:
    """Return mean errors in per cent of the crop's side: of the rim, of the outline, and of the opening's height.

    Args:
        lips: float32 (N, 40, 2), in shares of the crop.
        teacher: likewise.
    """
    distance = np.linalg.norm(lips - teacher, axis=2)
    apart = np.abs(heights(lips) - heights(teacher)).mean()
    rim, outline = distance[:, :20].mean(), distance[:, 20:].mean()
    return float(rim) * 100, float(outline) * 100, float(apart) * 100


def heights(lips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the nine heights of the opening, (N, 9)."""
    return np.asarray(lips[:, 1:10, 1] - lips[:, 19:10:-1, 1])


def line(name: str, values: tuple[float, float, float]) -> str:
    """Return a line of the table."""
    return f"| {name} | " + " | ".join(f"{value:.2f}" for value in values) + " |"


def table(lines: Sequence[str]) -> str:
    """Return the table as Markdown."""
    return "\n".join(["| | rim of the opening | outline | gap |", "|---|---|---|---|", *lines])
