"""Where a video is cut into segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_FRAMES = 1 << 40
MOST_TICKS = 1 << 62
_Index = Annotated[int, Field(ge=0, lt=MOST_FRAMES)]
_Ticks = Annotated[int, Field(gt=-MOST_TICKS, lt=MOST_TICKS)]


class Part(BaseModel):
    """Base of what a plan is made of: frozen, strict, and nothing that is not foreseen."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class SegmentRange(Part):
    """Which frames a segment holds.

    Attributes:
        number: of the segment, from 0.
        first: index of its first frame, counted from the first frame of the job.
        frames: that it holds.
        lead: frames before these that are worked on and not written, so that what stages remember has settled.
        pts: presentation time of the first frame, in ticks of the reader.
        start: that of the first frame that is read: of the lead, or the same where there is none.
    """

    number: _Index
    first: _Index
    frames: Annotated[int, Field(ge=1, lt=MOST_FRAMES)]
    lead: _Index
    pts: _Ticks
    start: _Ticks

    @property
    def end(self) -> int:
        """Index of the frame that follows its last."""
        return self.first + self.frames


def cut_up(pts: Sequence[int], *, segment_frames: int, lead_frames: int) -> tuple[SegmentRange, ...]:
    """Return the segments of a video; the last is half as long as the others to half as long again.

    Args:
        pts: presentation times of all frames, in ticks of the reader.
        segment_frames: frames in a segment.
        lead_frames: frames that lead in to each segment but the first, as far as there are so many.
    """
    count = max(1, (len(pts) + segment_frames // 2) // segment_frames)
    firsts = [number * segment_frames for number in range(count)]
    ends = [*firsts[1:], len(pts)]
    leads = [min(lead_frames, first) for first in firsts]
    return tuple(
        SegmentRange(number=number, first=first, frames=end - first, lead=lead, pts=pts[first], start=pts[first - lead])
        for number, (first, end, lead) in enumerate(zip(firsts, ends, leads, strict=True))
    )


def follow_one_another(segments: Sequence[SegmentRange], frames: int) -> bool:
    """Whether segments are those of a video of so many frames, each where the last ends."""
    ends = [0, *(segment.end for segment in segments)]
    return ends[-1] == frames and all(
        segment.number == number
        and segment.first == end
        and segment.lead <= segment.first
        and (segment.start < segment.pts if segment.lead else segment.start == segment.pts)
        and (number == 0 or segments[number - 1].pts < segment.pts)
        for number, (segment, end) in enumerate(zip(segments, ends, strict=False))
    )
