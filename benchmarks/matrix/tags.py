"""What stored numbers mean, by the codes of ITU-T H.273."""

from __future__ import annotations

from dataclasses import dataclass

import av

BT601, BT709, BT2020 = 6, 1, 9
PQ, HLG = 16, 18
UNKNOWN = 2
"""Code of matrix, primaries and transfer where nothing is said."""
_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
_HD_LINES = 720


@dataclass(frozen=True)
class Tags:
    """What numbers mean: codes of H.273; `drawn_matrix` where a file does not say what it was drawn with."""

    matrix: int = UNKNOWN
    primaries: int = UNKNOWN
    transfer: int = UNKNOWN
    is_full: bool | None = None
    drawn_matrix: int = 0

    @classmethod
    def all_of(cls, code: int, *, is_full: bool | None = False) -> Tags:
        """Return tags of a standard whose three codes are the same."""
        return cls(code, code, code, is_full)

    @classmethod
    def of(cls, frame: av.VideoFrame) -> Tags:
        """Return what a decoded frame says."""
        full = {1: False, 2: True}.get(int(frame.color_range))
        if full is None and frame.format.name.startswith(("yuvj", "gray")):
            full = True
        return cls(int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc), full)

    def weights(self, lines: int) -> tuple[float, float]:
        """Return the weights of red and blue in luma; for what says nothing, those that players guess by its size.

        Args:
            lines: rows or columns of the picture, whichever are fewer.
        """
        matrix = self.matrix if self.matrix in _WEIGHTS else self.drawn_matrix
        return _WEIGHTS[matrix or (BT709 if lines >= _HD_LINES else BT601)]
