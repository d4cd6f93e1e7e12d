"""Which numbers planes hold for a colour: matrix, range and depth, without rounding."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from facefusion.media.colour import ColourTags
from facefusion.media.frame import Image
from facefusion.media.planes.layout import Layout
from facefusion.media.planes.tone import Tone

Floats = npt.NDArray[np.float32]

_EIGHTH = np.float32(1 / 255)


def is_full(layout: Layout, colour: ColourTags) -> bool:
    """Whether luma uses all codes: as tagged; untagged, grey and RGB do and YUV does not (as libav has it)."""
    if layout.kind == "rgb":
        return True
    return layout.kind == "grey" if colour.full_range is None else colour.full_range


def luma_range(depth: int, *, full: bool) -> tuple[int, int]:
    """Return the codes of black and white."""
    return (0, (1 << depth) - 1) if full else (16 << (depth - 8), 235 << (depth - 8))


def chroma_range(depth: int, *, full: bool) -> tuple[int, int]:
    """Return the code of no colour, and the codes between the extremes."""
    return 128 << (depth - 8), (1 << depth) - 1 if full else 224 << (depth - 8)


@dataclass(frozen=True)
class PlaneCode:
    """Turns pictures as they are shown into the numbers that planes hold.

    Attributes:
        matrix: float32 (3, 3); row k, applied to R'G'B' signals of 0 to 1, gives what plane k holds above `zero[k]`.
        zero: the codes of no light and no colour.
        spread: sum of each row's absolute values: by how much a step of the signals moves a plane.
        top: largest code.
        tone: curves between view and signals; None where the view shows the signals.
    """

    matrix: Floats
    zero: tuple[int, int, int]
    spread: tuple[float, float, float]
    top: int
    tone: Tone | None

    @classmethod
    def of(cls, layout: Layout, colour: ColourTags, width: int, height: int) -> PlaneCode:
        """Describe planes of a stream.

        Args:
            layout: of the planes.
            colour: tags of the stream.
            width: of the frames; with the height it decides about the matrix where there is no tag.
            height: of the frames.
        """
        top = (1 << layout.depth) - 1
        if layout.kind == "rgb":
            rows, zero = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]]) * top, (0, 0, 0)
        else:
            full = is_full(layout, colour)
            black, white = luma_range(layout.depth, full=full)
            none, span = chroma_range(layout.depth, full=full)
            rows, zero = _rows(*colour.luma_weights(width, height)), (black, none, none)
            rows *= np.array([[white - black], [span], [span]])
        spread = np.abs(rows).sum(axis=1)
        return cls(rows.astype(np.float32), zero, (spread[0], spread[1], spread[2]), top, Tone.of(colour))

    def signals(self, view: Image) -> Floats:
        """Return R'G'B' of 0 to 1 that is shown as a picture."""
        if self.tone is not None:
            return self.tone.signal(view)
        return np.multiply(view, _EIGHTH, dtype=np.float32)

    def step(self, view: Image) -> Floats:
        """Return by how much one step of the view changes the signals: float32 (height, width), or () for all alike."""
        return np.array(_EIGHTH) if self.tone is None else self.tone.step(view)

    def codes(self, signals: Floats) -> Floats:
        """Return what the planes hold above `zero`, float32 (height, width, 3)."""
        return cv2.transform(signals, self.matrix)  # type: ignore[return-value]


def _rows(red: float, blue: float) -> npt.NDArray[np.float64]:
    """Return the matrix from R'G'B' to Y'CbCr with chroma of ±0.5 (ITU-R BT.601, BT.709, BT.2020)."""
    luma = np.array([red, 1 - red - blue, blue])
    return np.stack([luma, (np.eye(3)[2] - luma) / (2 * (1 - blue)), (np.eye(3)[0] - luma) / (2 * (1 - red))])
