"""What was decoded, and the picture that was made of it."""

from __future__ import annotations

import av
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from facefusion.media.colour import ColourTags
from facefusion.media.frame import Image
from facefusion.media.planes.code import PlaneCode, is_full
from facefusion.media.planes.fields import FieldLines
from facefusion.media.planes.layout import Layout
from facefusion.media.planes.merge import Merger
from facefusion.media.planes.siting import Siting
from facefusion.media.planes.view import Viewer

_SMOOTH = (
    Interpolation.LANCZOS | Interpolation.FULL_CHR_H_INP | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND
)


class Original:
    """The planes of a decoded frame, upright and cropped, and their RGB view.

    Args:
        planes: see below.
        view: see below.
        layout: see below.
        colour: see below.
        merger: puts edits of the view into the planes.

    Attributes:
        planes: decoded samples; never written to.
        view: RGB uint8 (height, width, 3), read-only. The array that `Frame.image` begins as.
        layout: how the samples lie.
        colour: how they are to be read; matrix and range are always said, guessed where the stream does not tell.
    """

    __slots__ = ("_last", "_merger", "colour", "layout", "planes", "view")

    def __init__(self, planes: av.VideoFrame, view: Image, layout: Layout, colour: ColourTags, merger: Merger) -> None:
        self.planes = planes
        self.view = view
        self.layout = layout
        self.colour = colour
        self._merger = merger
        self._last: tuple[Image, av.VideoFrame] = (view, planes)

    def __repr__(self) -> str:
        """Show size and format, not samples."""
        return f"Original({self.planes.width}x{self.planes.height}, {self.layout.name})"

    @property
    def chroma_location(self) -> str:
        """Where chroma lies among luma, in libav's words, such as `left`; `unspecified` where it is not subsampled."""
        return self._merger.chroma_location

    def enlarged(self, width: int, height: int) -> Original | None:
        """Return the same in another size, with chroma at full resolution.

        Returns:
            None where it holds no more than an 8-bit picture of ordinary range and no opacity, which needs no planes.
        """
        if self.layout.depth == 8 and not self.layout.has_alpha and not self.colour.is_hdr:
            return None
        layout, matrix = self.layout.with_full_chroma(), self.colour.sws_matrix(width, height)
        colour_range = ColorRange.JPEG if is_full(layout, self.colour) else ColorRange.MPEG
        planes = VideoReformatter().reformat(
            FieldLines().completed(self.planes, self.layout),
            width=width,
            height=height,
            format=layout.name,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=colour_range,
            dst_color_range=colour_range,
            interpolation=_SMOOTH,
            threads=1,
        )
        view = Viewer(layout, self.colour, width, height).render(planes)
        view.flags.writeable = False
        merger = Merger(layout, PlaneCode.of(layout, self.colour, width, height), Siting(0, 0))
        return Original(planes, view, layout, self.colour, merger)

    def merged(self, image: Image) -> av.VideoFrame:
        """Return the planes with what `image` changes against `view` written in; `planes` itself where nothing is.

        Only samples that a changed pixel has part in are touched; see `Merger`. Alpha is never touched. The last answer
        is kept, so that several renditions cost one.

        Raises:
            ValueError: the image is of another size or type.
        """
        if image is self.view:
            return self.planes
        edit, merged = self._last
        if edit is not image:
            merged = self._merger.merged(self.planes, self.view, image)
            self._last = (image, merged)
        return merged

    def reference(self, image: Image) -> av.VideoFrame:
        """Return a frame on the samples of `merged(image)` whose time and flags may be set."""
        return self._merger.reference(self.merged(image))
