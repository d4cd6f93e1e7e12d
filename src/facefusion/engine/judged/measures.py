"""The figures of a result."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from facefusion.engine.judged.faces import Likeness


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of a result. What could not be told is None.

    Attributes:
        frames: that were looked at.
        faces: of the target in these, each wide enough to tell whose it is.
        found: share of those where the result shows a face, too.
        changed: share of the faces found that differ from the target's.
        changed_frames: share of the frames with faces in which at least one differs.
        nearer: share of the changed faces that are nearer to a source than to whoever was there.
        to_source: identity distance of changed faces to the nearest source, median.
        to_target: to the face that was there, median.
        expression: how far eyes and mouth are bent otherwise, in distances of the eyes, median.
        pose: by how many degrees heads are turned otherwise, median.
        sharpness: of changed faces over that of those that were there, median.
    """

    frames: int
    faces: int
    found: float | None = None
    changed: float | None = None
    changed_frames: float | None = None
    nearer: float | None = None
    to_source: float | None = None
    to_target: float | None = None
    expression: float | None = None
    pose: float | None = None
    sharpness: float | None = None

    @classmethod
    def of(cls, seen: Sequence[Sequence[Likeness | None]]) -> Measures:
        """Return the figures of frames, each with what became of its faces."""
        faces = [each for frame in seen for each in frame]
        found = [each for each in faces if each is not None]
        changed = [each for each in found if each.is_changed]
        with_faces = [[each for each in frame if each is not None] for frame in seen if frame]
        nearer = [each.to_source < each.to_target for each in changed if each.to_source is not None]
        return cls(
            frames=len(seen),
            faces=len(faces),
            found=_share(each is not None for each in faces),
            changed=_share(each.is_changed for each in found),
            changed_frames=_share(any(each.is_changed for each in frame) for frame in with_faces),
            nearer=_share(nearer),
            to_source=_median(each.to_source for each in changed),
            to_target=_median(each.to_target for each in changed),
            expression=_median(each.expression for each in changed),
            pose=_median(each.pose for each in changed),
            sharpness=_median(each.sharpness for each in changed),
        )

    def to_json(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _share(values: Iterable[bool]) -> float | None:
    known = list(values)
    return round(sum(known) / len(known), 4) if known else None


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 4) if known else None
