"""From decoded frames to what the engine works on."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from facefusion.media.colour import ColourTags
from facefusion.media.orientation import Orientation
from facefusion.media.planes.chain import Chain
from facefusion.media.planes.code import PlaneCode, is_full
from facefusion.media.planes.fields import FieldLines
from facefusion.media.planes.layout import Layout, samples
from facefusion.media.planes.merge import Merger
from facefusion.media.planes.original import Original
from facefusion.media.planes.siting import Siting, siting_of
from facefusion.media.planes.turn import Turner, needs_full_chroma
from facefusion.media.planes.view import Viewer
from facefusion.media.region import Rectangle

_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP


class FrameConverter:
    """Turns the decoded frames of one stream into upright, cropped planes and their RGB view.

    Samples stay as they were decoded. Packed formats are taken apart into planes. Subsampled chroma becomes 4:4:4 where
    turning or cropping would otherwise move it against luma (odd corners; 4:2:2 on its side), or give it to the other
    field.

    Args:
        colour: tags of the stream; what is not tagged is taken as by `ColourTags` and `is_full`.
        orientation: what brings frames upright.
        crop: what is kept of the upright picture; all of it where None.
        is_interlaced: whether frames are made of two fields.
    """

    def __init__(
        self,
        colour: ColourTags,
        orientation: Orientation = Orientation.UPRIGHT,
        crop: Rectangle | None = None,
        *,
        is_interlaced: bool = False,
    ) -> None:
        self._colour = colour
        self._orientation = orientation
        self._crop = crop
        self._is_interlaced = is_interlaced
        self._stream: _Stream | None = None

    def convert(self, frame: av.VideoFrame) -> Original:
        """Return what the engine works on. All frames have one size and format.

        Raises:
            ValueError: the pixel format is one that no planes hold, or the crop reaches beyond the picture.
        """
        if self._stream is None or not self._stream.takes(frame):
            self._stream = _Stream(
                frame, self._colour, self._orientation, self._crop, is_interlaced=self._is_interlaced
            )
        return self._stream.convert(frame)


class _Stream:
    """Everything that is made once for frames of one format."""

    def __init__(
        self,
        first: av.VideoFrame,
        colour: ColourTags,
        orientation: Orientation,
        crop: Rectangle | None,
        *,
        is_interlaced: bool,
    ) -> None:
        self._kind = (first.width, first.height, first.format.name)
        self._orientation, self._crop = orientation, crop
        self._stored = stored = Layout.of(first.format.name)
        self._fields = FieldLines()
        size = (first.width, first.height)
        # What the stream leaves to be guessed is guessed by its own size, and stays so when it is cropped or scaled.
        colour = replace(colour, full_range=is_full(stored, colour), matrix=colour.sws_matrix(*size))
        self._planar = _Planar(first, stored, colour)
        frame = self._planar(first)
        siting = Siting(0, 0)
        self._tag = None
        if stored.is_subsampled:
            siting = siting_of(frame, stored, full_range=bool(colour.full_range))
            self._tag = Chain(frame, f"setparams=chroma_location={siting.location(stored)}")
        self._viewer = Viewer(stored, colour, *size)
        self._layout, self._finer = stored, None
        place = siting, orientation, crop
        if needs_full_chroma(stored, *place, width=size[0], height=size[1], is_interlaced=is_interlaced):
            self._layout, self._finer = stored.with_full_chroma(), VideoReformatter()
        self._turn = None
        if orientation is not Orientation.UPRIGHT or crop is not None:
            self._check_crop(size)
            self._turn = Turner(self._fine(self._tagged(frame)), self._layout, siting, orientation, crop)
            siting = self._turn.siting
        self._colour = colour
        self._merger = Merger(self._layout, PlaneCode.of(self._layout, colour, *size), siting)

    def takes(self, frame: av.VideoFrame) -> bool:
        """Whether a frame is of the format that this was made for."""
        return (frame.width, frame.height, frame.format.name) == self._kind

    def convert(self, frame: av.VideoFrame) -> Original:
        """Return planes and view."""
        frame = self._fields.completed(self._tagged(self._planar(frame)), self._stored)
        view = self._orientation.upright(self._viewer.render(frame))
        planes = self._fine(frame)
        if self._turn is not None:
            planes = self._turn(planes)
        if self._crop is not None:
            view = view[self._crop.slices]
        view = np.ascontiguousarray(view)
        view.flags.writeable = False
        return Original(planes, view, self._layout, self._colour, self._merger)

    def _tagged(self, frame: av.VideoFrame) -> av.VideoFrame:
        return frame if self._tag is None else self._tag(frame)

    def _fine(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the frame in 4:4:4 where it has to be."""
        if self._finer is None:
            return frame
        return self._finer.reformat(frame, format=self._layout.name, interpolation=_EXACT, threads=1)

    def _check_crop(self, size: tuple[int, int]) -> None:
        width, height = size[::-1] if self._orientation.swaps_sides else size
        if self._crop is not None and not self._crop.fits(width, height):
            raise ValueError(f"the crop {self._crop} reaches beyond the picture of {width}x{height}")


class _Planar:
    """Takes packed formats apart, sample by sample."""

    def __init__(self, first: av.VideoFrame, layout: Layout, colour: ColourTags) -> None:
        self._name = layout.name
        self._relabels = first.format.name.startswith("yuvj")
        self._reformatter = VideoReformatter()
        self._colour = colour

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the frame itself where it is planar already."""
        if self._relabels:
            return self._relabelled(frame)
        if frame.format.name != self._name:
            return self._reformatter.reformat(frame, format=self._name, interpolation=_EXACT, threads=1)
        return frame

    def _relabelled(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the same samples under the name that does not imply a range; swscale would convert the range."""
        result = av.VideoFrame(frame.width, frame.height, self._name)
        for index in range(len(frame.planes)):
            samples(result, index)[:] = samples(frame, index)
        result.colorspace, result.color_range = frame.colorspace, self._colour.range_code
        result.color_primaries, result.color_trc = frame.color_primaries, frame.color_trc
        result.pts, result.time_base = frame.pts, frame.time_base or result.time_base
        return result
