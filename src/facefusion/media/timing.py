"""Presentation times: what containers leave out or repeat is put right, everything else kept as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av

from facefusion.errors import InputDamagedError

_LARGEST_STEP_BACK = Fraction(1)


def timed(
    frames: Iterable[av.VideoFrame],
    *,
    time_base: Fraction,
    frame_rate: Fraction,
    path: Path,
    origin: int = 0,
    end: int | None = None,
) -> Iterator[tuple[av.VideoFrame, int, int]]:
    """Give each decoded frame its presentation time and its duration, in ticks.

    Times that the container states are kept. Where it states none, a frame follows the one before it. Where two frames
    share one time, the later is moved by the least there is, one tick, so that no frame is lost. A frame lasts until
    the next; how long the last one lasts, the container says.

    Args:
        frames: in presentation order.
        time_base: seconds per tick.
        frame_rate: frames per second on average, for what the container leaves out.
        path: of the video, for messages.
        origin: presentation time of the clip's first frame, from which messages count.
        end: where the last frame ends, if the container says that of the whole stream; not used if it is before that
            frame, as in files whose muxer counted by the order of decoding.

    Raises:
        InputDamagedError: time jumps back by more than a second, as in files pasted together.
    """
    usual = max(1, round(1 / (frame_rate * time_base)))
    held: tuple[av.VideoFrame, int] | None = None
    for frame in frames:
        pts = frame.pts
        if held is not None:
            before, last = held
            pts = last + (before.duration or usual) if pts is None else pts
            if (last - pts) * time_base > _LARGEST_STEP_BACK:
                raise InputDamagedError(
                    f"The timestamps of {path} jump back at {float((last - origin) * time_base):.3f} s",
                    "Join its parts with a tool that rewrites timestamps first",
                )
            pts = max(pts, last + 1)
            yield before, last, pts - last
        held = frame, pts or 0
    if held is not None:
        before, last = held
        yield before, last, end - last if end is not None and end > last else before.duration or usual
