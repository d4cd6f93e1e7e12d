"""Options of make-up."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from facefusion.options.base import OptionGroup


class MakeupOptions(OptionGroup):
    """Which layers of a reference picture faces wear, and how strongly."""

    makeup_reference: Path | None = Field(
        default=None, description="picture of the face whose make-up or wrinkles are taken; the source's when not given"
    )
