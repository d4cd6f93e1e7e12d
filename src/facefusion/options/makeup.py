"""Options of make-up."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from facefusion.options.base import OptionGroup


class MakeupOptions(OptionGroup):
    """Which layers of a reference faces wear, and how strongly."""

    makeup_reference: Path | None = Field(
        default=None,
        description="picture of the face whose make-up and wrinkles are taken; that of the source when not given",
    )
    makeup_lips: int = Field(default=80, ge=0, le=100, description="colour of the reference's lips, in percent")
    makeup_eyes: int = Field(default=80, ge=0, le=100, description="colour of its lids, in percent")
    makeup_brows: int = Field(
        default=0, ge=0, le=100, description="how dark its brows are and their colour, in percent; no other form"
    )
    makeup_blush: int = Field(
        default=60, ge=0, le=100, description="where its skin is redder or paler than the rest of it, in percent"
    )
    makeup_wrinkles: int = Field(
        default=0, ge=0, le=100, description="its wrinkles, which come on top of the face's own, in percent"
    )
