"""Markers: what is known of a finished segment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from facefusion.media.encoding.segment import Segment


@dataclass(frozen=True, slots=True)
class NextFrame:
    """The frame with which the next segment begins.

    Attributes:
        index: its number, counted from the first frame of the job.
        pts: its presentation time, in ticks of the reader.
        digest: SHA-256 of its pixels as they were read.
    """

    index: int
    pts: int
    digest: str


@dataclass(frozen=True, slots=True)
class Marker:
    """A finished segment.

    Attributes:
        number: position among the segments, from 0.
        parts: its files, one for each output of the job.
        following: the frame that comes next; None after the last segment.
        state: SHA-256 of what the stages remembered when the segment was finished.
    """

    number: int
    parts: tuple[Segment, ...]
    following: NextFrame | None
    state: str

    def to_json(self) -> str:
        """Return the marker as text."""
        following = self.following
        values: dict[str, Any] = {
            "number": self.number,
            "parts": [part.to_json() for part in self.parts],
            "following": None if following is None else [following.index, following.pts, following.digest],
            "state": self.state,
        }
        return json.dumps(values)

    @classmethod
    def of_json(cls, text: str, folder: Path) -> Self:
        """Read a marker.

        Raises:
            ValueError: this is none.
        """
        try:
            values = json.loads(text)
            following = values["following"]
            return cls(
                number=values["number"],
                parts=tuple(Segment.of_json(folder, part) for part in values["parts"]),
                following=None if following is None else NextFrame(*following),
                state=values["state"],
            )
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"not a marker: {error!r}") from error
