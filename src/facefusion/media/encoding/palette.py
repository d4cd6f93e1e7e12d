"""The colours of a GIF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, cast

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.filter import Graph
from av.filter.context import FilterContext

Numbers = npt.NDArray[Any]

_ENTRIES, _SIDE = 256, 16
_CUBES, _SHIFT = 64, 2
_SEEN = 128  # opacity from which a pixel counts as there
PACKED = "bgra"
"""What the palette filters take."""


def common_palette(frames: Iterable[av.VideoFrame]) -> av.VideoFrame:
    """Return the 255 colours that serve all frames best, and a transparent one.

    Each is the colour that is farthest from those before it in CIE L*a*b*, where distances are those seen (Gonzalez
    1985), weighted by the square root of how often it is there: so eyes and lips keep theirs beside a wide background,
    and dither, which cannot reach beyond the palette, has the outermost. Means of clusters would take both away.
    """
    colours, counts = _colours(frames)
    chosen = colours[_spread(_to_lab(colours), np.sqrt(counts))]
    entries = np.zeros((_ENTRIES, 4), np.uint8)
    entries[: len(chosen), 2::-1] = np.rint(chosen * 255)
    entries[: len(chosen), 3] = 255
    palette = av.VideoFrame(_SIDE, _SIDE, PACKED)
    lines = np.frombuffer(memoryview(palette.planes[0]), np.uint8).reshape(_SIDE, -1)
    lines[:, : 4 * _SIDE] = entries.reshape(_SIDE, 4 * _SIDE)
    return palette


def _colours(frames: Iterable[av.VideoFrame]) -> tuple[Numbers, Numbers]:
    """Return the mean of each small cube of colours that is met, RGB of 0 to 1, (n, 3), and how often it is met."""
    sums = np.zeros((4, _CUBES**3))
    for frame in frames:
        pixels: Numbers = frame.reformat(format=PACKED).to_ndarray(format=PACKED).reshape(-1, 4)
        pixels = pixels[pixels[:, 3] >= _SEEN]
        cubes = (pixels[:, :3] >> _SHIFT) @ np.array([1, _CUBES, _CUBES**2])
        for row, values in enumerate((None, pixels[:, 2], pixels[:, 1], pixels[:, 0])):
            sums[row] += np.bincount(cubes, values, _CUBES**3)
    met = np.flatnonzero(sums[0])
    if not met.size:
        return np.zeros((1, 3)), np.ones(1)
    return (sums[1:, met] / sums[0, met] / 255).T, sums[0, met]


def _spread(colours: Numbers, weights: Numbers) -> list[int]:
    """Return the places of the colours that are chosen."""
    place = int(np.argmax(weights))
    chosen = [place]
    distances = ((colours - colours[place]) ** 2).sum(1)
    while len(chosen) < min(_ENTRIES - 1, len(colours)):
        place = int(np.argmax(distances * weights))
        chosen.append(place)
        distances = np.minimum(distances, ((colours - colours[place]) ** 2).sum(1))
    return chosen


def _to_lab(colours: Numbers) -> Numbers:
    lab: Numbers = np.asarray(cv2.cvtColor(colours.astype(np.float32)[None], cv2.COLOR_RGB2Lab))
    return lab.reshape(-1, 3)


def in_colours(frames: Iterable[av.VideoFrame], palette: av.VideoFrame) -> Iterator[av.VideoFrame]:
    """Yield frames in the colours of a palette, with their times; dither changes only where the picture does."""
    graph, source, sink = Graph(), None, None
    for frame in frames:
        picture = frame.reformat(format=PACKED)
        if source is None or sink is None:
            source, sink = _mapper(graph, picture, palette)
        source.push(picture)
        mapped = cast(av.VideoFrame, sink.pull())
        mapped.pts, mapped.duration, mapped.time_base = frame.pts, frame.duration, frame.time_base or Fraction(1)
        yield mapped


def _mapper(graph: Graph, like: av.VideoFrame, palette: av.VideoFrame) -> tuple[FilterContext, FilterContext]:
    """Set the filters up; return where frames go in and where they come out."""
    source, colours, sink = _source(graph, like), _source(graph, palette), graph.add("buffersink")
    use = graph.add("paletteuse", "dither=sierra2_4a:diff_mode=rectangle")
    source.link_to(use, 0, 0)
    colours.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    palette.pts = 0
    colours.push(palette)
    colours.push(None)
    return source, sink


def _source(graph: Graph, frame: av.VideoFrame) -> FilterContext:
    return graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 25)
    )
