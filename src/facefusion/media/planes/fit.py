"""From edited frames to what an encoder takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from facefusion.media.colour import TO_RGB, TO_YUV, ColourTags
from facefusion.media.frame import Frame, Image
from facefusion.media.planes.chain import Chain
from facefusion.media.planes.code import chroma_range, is_full
from facefusion.media.planes.depth import rescaled, squeezed, stretched, white
from facefusion.media.planes.fields import FieldLines
from facefusion.media.planes.layout import Layout, samples
from facefusion.media.planes.opacity import on_white, reveal, shown, veil
from facefusion.media.planes.original import Original
from facefusion.media.planes.tone import Tone

_FINE = Interpolation.FULL_CHR_H_INP | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND


@dataclass(frozen=True, slots=True)
class Pixels:
    """What an encoder takes.

    Attributes:
        width: in pixels.
        height: in pixels.
        pixel_format: libav's name, such as `yuv420p10le`.
        colour: tags of the output.
    """

    width: int
    height: int
    pixel_format: str
    colour: ColourTags


class FrameFitter:
    """Makes frames for one encoder.

    Where size and pixel format are those that were decoded, samples that no edit touched are the decoded ones. Else the
    edited planes are scaled and converted; and where nothing was decoded to go back to, the RGB picture is.

    Args:
        encoding: what the encoder takes.
    """

    def __init__(self, encoding: Pixels) -> None:
        self._encoding = encoding
        self._rgb = _RgbFitter(encoding)
        self._planes = _PlaneFitter(encoding)

    def fit(self, frame: Frame) -> av.VideoFrame:
        """Return a new frame with the picture and the time of `frame`, ready for the encoder."""
        opacity, has_alpha = shown(frame.opacity, frame.opaque), Layout.of(self._encoding.pixel_format).has_alpha
        if opacity is not None and not has_alpha:
            frame = frame.with_image(on_white(frame.image, opacity))
        is_hdr = self._encoding.colour.is_hdr  # an output of ordinary range is made of the view, which is one
        if frame.original is not None and frame.original.colour.is_hdr == is_hdr:
            result = self._planes.fit(frame.original, frame.image)
        else:
            result = self._rgb.fit(frame.image)
        if opacity is not None and has_alpha:
            veil(result, opacity)
        if frame.opaque is not None and has_alpha:
            reveal(result, frame.opaque, frame.image.shape[1::-1])
        result.pts, result.duration, result.time_base = frame.pts, frame.duration, frame.time_base
        result.pict_type = 0  # what the source's encoder chose is not for this one
        return result


class _PlaneFitter:
    """Scales and converts planes."""

    def __init__(self, encoding: Pixels) -> None:
        self._encoding = encoding
        self._colours = _ColourFitter(encoding)

    def fit(self, original: Original, image: Image) -> av.VideoFrame:
        """Return the edited planes as the encoder takes them."""
        frame = original.reference(image)
        wanted = self._encoding
        same_size = (frame.width, frame.height) == (wanted.width, wanted.height)
        if same_size and original.layout == Layout.of(wanted.pixel_format) and self._same_colours(original):
            return self._colours.packed(frame)
        layout = original.layout
        if layout.kind == "grey":
            frame = _with_neutral_chroma(frame, layout, full=bool(original.colour.full_range))
            layout = Layout.of(frame.format.name)
        return self._colours.fit(frame, layout, original.colour)

    def _same_colours(self, original: Original) -> bool:
        """Whether matrix and range are those of the encoder, so that samples can stay as they are."""
        if original.layout.kind == "rgb":
            return True
        wanted, size = self._encoding.colour, (self._encoding.width, self._encoding.height)
        is_same_range = original.colour.full_range == is_full(original.layout, wanted)
        return is_same_range and original.colour.sws_matrix(*size) == wanted.sws_matrix(*size)


class _RgbFitter:
    """Converts RGB pictures."""

    def __init__(self, encoding: Pixels) -> None:
        self._tone = Tone.of(encoding.colour)
        self._colours = _ColourFitter(encoding)
        self._tag: Chain | None = None
        self._kind: tuple[int, int, str] | None = None

    def fit(self, image: Image) -> av.VideoFrame:
        """Return an RGB picture, uint8 (height, width, 3), as the encoder takes it."""
        if self._tone is None:
            frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(image))
        else:
            frame = _deep_frame(self._tone.signal(image))
        kind = (frame.width, frame.height, frame.format.name)
        if self._tag is None or kind != self._kind:
            self._tag, self._kind = Chain(frame, "setparams=chroma_location=left"), kind
        return self._colours.fit(self._tag(frame), Layout.of(frame.format.name), ColourTags(full_range=True))


class _ColourFitter:
    """swscale, told everything."""

    def __init__(self, encoding: Pixels) -> None:
        self._wanted = encoding
        self._layout = Layout.of(encoding.pixel_format)
        self._full = is_full(self._layout, encoding.colour)
        self._reformatter, self._packer = VideoReformatter(), VideoReformatter()
        self._fields = FieldLines()

    def fit(self, frame: av.VideoFrame, source: Layout, colour: ColourTags) -> av.VideoFrame:
        """Return `frame`, of the given layout and tags, in the encoder's size, format and colours."""
        layout = self._layout
        is_same = source.kind == layout.kind and source.depth == layout.depth
        if source.kind == "rgb" and source.depth > 8 and not is_same:
            top = white(16, limited=layout.kind != "rgb")
            source, frame = source.deepest(), rescaled(frame, source.deepest(), (1 << source.depth) - 1, top)
        if layout.kind == "rgb" and not is_same:
            return self.packed(self._to_rgb(frame, source, colour))
        if source.kind == "yuv" and colour.full_range and not (is_same and self._full):
            source, frame, colour = source.deepest(), squeezed(frame, source), replace(colour, full_range=False)
        # swscale makes full range of limited by mapping 16..240 to 0..255, which moves neutral chroma from 128 to 127.5
        # and tints each generation. It therefore makes 16-bit limited values, stretched here.
        if layout.kind == "yuv" and self._full and not (is_same and colour.full_range):
            result = self._scaled(frame, source, colour, layout.deepest().name, full=False)
            return self.packed(stretched(result, layout))
        # Packing is done apart: in one step with the rest, swscale would take a coarser way.
        return self.packed(self._scaled(frame, source, colour, layout.name, full=self._full))

    def _to_rgb(self, frame: av.VideoFrame, source: Layout, colour: ColourTags) -> av.VideoFrame:
        """Return RGB of another depth or made of YUV."""
        layout = self._layout
        if layout.depth == 8 and source.kind != "rgb":
            return self._scaled(frame, source, colour, layout.name, full=True)
        result = self._scaled(frame, source, colour, layout.deepest().name, full=True)
        top = white(16, limited=source.kind == "yuv" and not colour.full_range)
        return rescaled(result, layout, top, (1 << layout.depth) - 1)

    def _scaled(
        self, frame: av.VideoFrame, source: Layout, colour: ColourTags, pixel_format: str, *, full: bool
    ) -> av.VideoFrame:
        """Let swscale do it."""
        wanted = self._wanted
        target = wanted.colour.sws_matrix(wanted.width, wanted.height)
        is_full = source.kind == "rgb" or colour.full_range
        return self._reformatter.reformat(
            self._fields.completed(frame, source),
            width=wanted.width,
            height=wanted.height,
            format=pixel_format,
            src_colorspace=target if source.kind == "rgb" else colour.sws_matrix(frame.width, frame.height),
            dst_colorspace=target,
            src_color_range=ColorRange.JPEG if is_full else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            interpolation=self._method(frame),
            threads=1,
        )

    def packed(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return planes in the encoder's format where that is the same but for the order in memory."""
        if frame.format.name == self._wanted.pixel_format:
            return frame
        return self._packer.reformat(frame, format=self._wanted.pixel_format, interpolation=_FINE, threads=1)

    def _method(self, frame: av.VideoFrame) -> int:
        """Return swscale's method: exact where only colours change, else the best for the direction."""
        wanted = self._wanted
        if (frame.width, frame.height) == (wanted.width, wanted.height):
            return TO_RGB if self._layout.kind == "rgb" else TO_YUV
        if wanted.width * wanted.height < frame.width * frame.height / 4:
            return Interpolation.AREA | _FINE  # further down than the taps of Lanczos reach well
        return Interpolation.LANCZOS | _FINE


def _deep_frame(signals: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> av.VideoFrame:
    """Return RGB signals of 0 to 1 as planes of 16 bits."""
    height, width = signals.shape[:2]
    frame = av.VideoFrame(width, height, "gbrp16le")
    for index, channel in enumerate((1, 2, 0)):
        samples(frame, index)[:] = np.rint(signals[:, :, channel] * 65535)
    return frame


def _with_neutral_chroma(grey: av.VideoFrame, layout: Layout, *, full: bool) -> av.VideoFrame:
    """Return grey as YUV 4:4:4 of the same range; swscale would take any grey for full range."""
    colour = Layout.of("yuv444p" if layout.depth == 8 else f"yuv444p{layout.depth}le")
    frame = av.VideoFrame(grey.width, grey.height, colour.name)
    samples(frame, 0)[:] = samples(grey, 0)
    for index in (1, 2):
        samples(frame, index)[:] = chroma_range(colour.depth, full=full)[0]
    frame.color_primaries, frame.color_trc = grey.color_primaries, grey.color_trc
    return frame
