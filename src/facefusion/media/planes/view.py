"""Planes as an 8-bit RGB picture that looks normal."""

from __future__ import annotations

import av
import cv2
from av.video.reformatter import ColorRange, VideoReformatter

from facefusion.media.colour import TO_RGB, ColourTags
from facefusion.media.frame import Image
from facefusion.media.planes.code import is_full, luma_range
from facefusion.media.planes.depth import scaled, white
from facefusion.media.planes.layout import Layout, Samples, samples
from facefusion.media.planes.tone import SIGNAL_BITS, Tone

_DEPTHS = (8, 9, 10, 12, 14, 16)


class Viewer:
    """Turns planar frames into RGB arrays.

    Args:
        layout: of the frames.
        colour: tags of the stream.
        width: of the frames.
        height: of the frames.
    """

    def __init__(self, layout: Layout, colour: ColourTags, width: int, height: int) -> None:
        self._layout = layout
        self._full = is_full(layout, colour)
        self._tops = {bits: white(bits, limited=layout.kind == "yuv" and not self._full) for bits in _DEPTHS}
        self._tone = Tone.of(colour, self._tops[SIGNAL_BITS])
        self._reformatter = VideoReformatter()
        self._held: av.VideoFrame | None = None
        self._matrix = colour.sws_matrix(width, height)

    def render(self, frame: av.VideoFrame) -> Image:
        """Return a new RGB uint8 array (height, width, 3) of `frame`."""
        bits = 8 if self._tone is None else SIGNAL_BITS
        picture = self._grey(frame, bits) if self._layout.kind == "grey" else self._rgb(frame, bits)
        return picture if self._tone is None else self._tone.view(picture)

    def _grey(self, frame: av.VideoFrame, bits: int) -> Samples:
        """Return grey as RGB of so many bits; swscale would take any for full range."""
        ends = luma_range(self._layout.depth, full=self._full)
        return cv2.cvtColor(scaled(samples(frame, 0), ends, self._tops[bits], bits), cv2.COLOR_GRAY2RGB)

    def _rgb(self, frame: av.VideoFrame, bits: int) -> Samples:
        """Return RGB values of so many bits, shape (height, width, 3)."""
        depth = self._layout.depth
        if self._layout.kind != "rgb":
            depth = SIGNAL_BITS if depth > 8 and self._full else bits  # to 8 bits swscale would round down
            frame = self._converted(frame, "gbrp" if depth == 8 else f"gbrp{depth}le")
        ends = (0, self._tops[depth])
        green, blue, red = (scaled(samples(frame, index), ends, self._tops[bits], bits) for index in range(3))
        return cv2.merge([red, green, blue])

    def _converted(self, frame: av.VideoFrame, pixel_format: str) -> av.VideoFrame:
        # Held until the next frame: were nothing held, the allocator would give the memory back to the system and take
        # it again for each frame, which costs as much as the conversion.
        self._held = self._reformatter.reformat(
            frame,
            format=pixel_format,
            src_colorspace=self._matrix,
            dst_colorspace=self._matrix,
            src_color_range=ColorRange.JPEG if self._full else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=TO_RGB,
            threads=1,
        )
        return self._held
