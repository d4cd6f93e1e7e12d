"""libav's filters on single frames: one in, one out."""

from __future__ import annotations

import threading

import av
from av.filter import Graph


class Chain:
    """Sends frames through filters one after the other; all properties that the filters do not change are kept.

    May be called from several threads.

    Args:
        like: a frame of the size, format and colour tags that all others have.
        filters: such as `hflip` or `crop=16:16:0:0`; without any, frames come back as further references to the same
            samples.
    """

    def __init__(self, like: av.VideoFrame, *filters: str) -> None:
        self._graph = Graph()
        self._graph.threads = 1
        source = self._graph.add(
            "buffer",
            video_size=f"{like.width}x{like.height}",
            pix_fmt=like.format.name,
            time_base="1/1",
            pixel_aspect="1/1",
            colorspace=str(int(like.colorspace)),
            range=str(int(like.color_range)),
        )
        nodes = [self._graph.add(*text.split("=", 1)) for text in filters]
        self._graph.link_nodes(source, *nodes, self._graph.add("buffersink"))
        self._graph.configure()
        self._lock = threading.Lock()

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return what the filters make of `frame`, with its time."""
        with self._lock:
            self._graph.vpush(frame)
            result = self._graph.vpull()
        result.pts, result.time_base = frame.pts, frame.time_base or result.time_base
        return result


class Copier:
    """Makes deep copies of frames of one size and format, with all their properties."""

    def __init__(self) -> None:
        self._chain: Chain | None = None
        self._lock = threading.Lock()

    def reference(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return another frame on the same samples, whose time and flags can be set apart."""
        with self._lock:
            if self._chain is None:
                self._chain = Chain(frame)
        return self._chain(frame)

    def copy(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return a frame with samples of its own."""
        result = self.reference(frame)
        result.make_writable()  # copies, as `frame` holds the same samples
        return result
