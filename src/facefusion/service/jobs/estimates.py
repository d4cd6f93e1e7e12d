"""What a job would be like, before it is asked for."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from facefusion.service.jobs.creation import Found
from facefusion.service.parts import ServiceParts
from facefusion.service.values import Answer


class Estimate(Answer):
    """What a job would be like."""

    is_cut: bool = Field(description="whether several workers would share it")
    frames: int | None = Field(description="of the target, as far as is known")
    segments: int | None = Field(description="that it would be cut into, about")
    request: dict[str, Any] = Field(description="as workers would get it")


def estimated(parts: ServiceParts, what: Found) -> Estimate:
    """Return what a job would be like; nothing is begun.

    Args:
        parts: of the service.
        what: was asked for.
    """
    is_cut = what.is_cut(parts.settings.cut_after)
    segments = 1 if not is_cut else None
    if is_cut and what.frames is not None:
        segments = max(1, -(-what.frames // parts.settings.segment_frames))
    return Estimate(
        is_cut=is_cut,
        frames=what.frames,
        segments=segments,
        request=what.request.to_json(),
    )
