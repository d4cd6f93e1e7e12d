"""How the samples of a frame lie in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt

Kind = Literal["yuv", "rgb", "grey"]
Samples = npt.NDArray[Any]
"""One plane, uint8 or uint16, shape (height, width)."""

_SIDE = 64  # of a made-up frame by which the subsampling of a format is found out
_FAMILIES = {(0, 0): "444", (1, 0): "422", (1, 1): "420", (0, 1): "440", (2, 0): "411", (2, 2): "410"}
_DEPTHS = (8, 9, 10, 12, 14, 16)
_MOST_BITS = 16  # of a sample; libav ends the process over some formats of 32 bits, and no decoder gives any
_SPLIT_BYTES = ("rgb4", "bgr4")


@dataclass(frozen=True, slots=True)
class Layout:
    """A format in which every component has a plane of its own and 16-bit samples are little-endian.

    Attributes:
        name: libav's name, such as `yuv420p10le`.
        kind: what the planes hold: Y, U, V or G, B, R or only luma; then alpha where there is any.
        depth: bits per sample.
        sub_x: binary logarithm of luma samples per chroma sample along a line.
        sub_y: the same down a column.
        has_alpha: whether the last plane is alpha.
    """

    name: str
    kind: Kind
    depth: int
    sub_x: int = 0
    sub_y: int = 0
    has_alpha: bool = False

    @property
    def is_subsampled(self) -> bool:
        """Whether chroma is stored more coarsely than luma."""
        return bool(self.sub_x or self.sub_y)

    @property
    def sampling(self) -> str:
        """How finely chroma is stored, as people write it, such as `4:2:0`; `4:4:4` where it is not subsampled."""
        return ":".join(_FAMILIES[self.sub_x, self.sub_y])

    def is_coarser(self, other: Layout) -> bool:
        """Whether it holds less of colour than another layout, down or across."""
        return other.kind != "grey" and (self.sub_x > other.sub_x or self.sub_y > other.sub_y)

    @property
    def planes(self) -> int:
        """How many planes hold colour."""
        return 1 if self.kind == "grey" else 3

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """Type of a sample in memory."""
        return np.uint8 if self.depth == 8 else np.uint16

    def with_full_chroma(self) -> Layout:
        """Return the 4:4:4 layout of the same depth (or the next that exists) and alpha."""
        return _named(self.kind, self.depth, 0, 0, self.has_alpha)

    def with_alpha(self) -> Layout:
        """Return the layout with the same planes (or the next that exists) and alpha."""
        return _named("rgb" if self.kind == "grey" else self.kind, self.depth, self.sub_x, self.sub_y, True)

    def with_colour(self) -> Layout:
        """Return the layout of the same depth that holds colours."""
        return _named("yuv", self.depth, 0, 0, self.has_alpha) if self.kind == "grey" else self

    def deepest(self) -> Layout:
        """Return the layout of 16 bits with the same planes."""
        return _named(self.kind, 16, self.sub_x, self.sub_y, self.has_alpha)

    @classmethod
    def of(cls, pixel_format: str) -> Layout:
        """Return the planar layout that holds every sample of a format: the format itself where it is such a one.

        Packed, palette, half-planar and big-endian formats are named by their planar equals. Where a depth does not
        exist in planes, the next higher does.

        Raises:
            ValueError: libav knows no such format, or none that holds it.
        """
        form = av.VideoFormat(pixel_format, _SIDE, _SIDE)
        parts = form.components
        if not parts:
            raise ValueError(f"{pixel_format} stands for frames on some device")
        if pixel_format in _SPLIT_BYTES or max(part.bits for part in parts) > _MOST_BITS:
            raise ValueError(f"{pixel_format} is converted to nothing else")
        has_alpha = any(part.is_alpha for part in parts)
        depth = min(16, max(8, *(part.bits for part in parts)))
        if form.is_rgb or form.has_palette or form.is_bayer or pixel_format.startswith("xyz"):
            return _named("rgb", depth, 0, 0, has_alpha or form.has_palette)
        if sum(not part.is_alpha for part in parts) == 1:
            return _named("rgb" if has_alpha else "grey", depth, 0, 0, has_alpha)
        sub_x, sub_y = (_SIDE // side(_SIDE) for side in (form.chroma_width, form.chroma_height))
        return _named("yuv", depth, sub_x.bit_length() - 1, sub_y.bit_length() - 1, has_alpha)


def _named(kind: Kind, depth: int, sub_x: int, sub_y: int, has_alpha: bool) -> Layout:
    """Return the layout of at least this depth."""
    alpha = "a" if has_alpha else ""
    stem = {"rgb": f"gbr{alpha}p", "grey": "gray"}.get(kind) or f"yuv{alpha}{_FAMILIES[sub_x, sub_y]}p"
    for bits in _DEPTHS:
        name = stem if bits == 8 else f"{stem}{bits}le"
        if bits >= depth and _exists(name):
            return Layout(name, kind, bits, sub_x, sub_y, has_alpha)
    if sub_x or sub_y:
        return _named(kind, depth, 0, 0, has_alpha)
    raise ValueError(f"no planar format holds {depth} bits of {kind}")


def _exists(pixel_format: str) -> bool:
    try:
        av.VideoFormat(pixel_format)
    except ValueError:
        return False
    return True


def samples(frame: av.VideoFrame, index: int) -> Samples:
    """Return one plane of a planar frame, writable, without the padding at the end of its lines."""
    plane = frame.planes[index]
    kind = np.uint8 if frame.format.components[0].bits <= 8 else np.uint16
    values = np.frombuffer(memoryview(plane), kind)
    lines = values.reshape(plane.height, -1)[:, : plane.width]
    return lines[::-1] if plane.line_size < 0 else lines
