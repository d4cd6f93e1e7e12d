"""Making interlaced frames progressive."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
from av.filter import Graph

from facefusion.media.info import FieldOrder

_LEAST_WIDTH, _LEAST_HEIGHT = 3, 4
"""Pixels of a frame that bwdif works on."""


def deinterlaced(
    frames: Iterable[av.VideoFrame], *, field_order: FieldOrder, time_base: Fraction
) -> Iterator[av.VideoFrame]:
    """Make one progressive frame of each interlaced one, with libavfilter's bwdif; times stay.

    The lines of the field that is shown second are made anew from their neighbours in space and from the frames before
    and after. Frames that are marked as progressive stay as they are, unless the container says that all are
    interlaced and no frame is marked; so do frames of too few columns or lines for the filter.

    Args:
        frames: decoded frames. Some streams, such as DV, change their pixel format on their way.
        field_order: what is known of the whole video.
        time_base: seconds per tick of the frames' times.
    """
    graph: Graph | None = None
    waiting: deque[av.VideoFrame] = deque()
    shape: tuple[object, ...] = ()
    for frame in frames:
        if frame.width < _LEAST_WIDTH or frame.height < _LEAST_HEIGHT:
            yield frame
            continue
        if graph is None or shape != (frame.width, frame.height, frame.format.name):
            yield from _finished(graph, waiting)
            graph = _graph(frame, field_order, time_base)
            shape = (frame.width, frame.height, frame.format.name)
        waiting.append(frame)
        graph.vpush(frame)
        yield from _pulled(graph, waiting)
    yield from _finished(graph, waiting)


def _graph(frame: av.VideoFrame, field_order: FieldOrder, time_base: Fraction) -> Graph:
    """Make the filter for frames like the given one."""
    is_marked = frame.interlaced_frame
    parity = {"top": "tff", "bottom": "bff"}.get(field_order, "auto")
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)
    which = "interlaced" if is_marked or field_order == "progressive" else "all"
    bwdif = graph.add("bwdif", f"mode=send_frame:parity={'auto' if is_marked else parity}:deint={which}")
    graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
    return graph


def _finished(graph: Graph | None, waiting: deque[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Yield what a filter still holds."""
    if graph is not None:
        graph.vpush(None)
        yield from _pulled(graph, waiting)


def _pulled(graph: Graph, waiting: deque[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Yield what the filter has finished, each frame with the times of the one that it was made from."""
    while True:
        try:
            made = graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return
        original = waiting.popleft()
        made.pts, made.duration, made.time_base = original.pts, original.duration, original.time_base
        yield made
