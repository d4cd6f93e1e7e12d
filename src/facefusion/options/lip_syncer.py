"""Options of lip sync: which speech, and how faces follow it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from facefusion.options.base import Names, OptionGroup


class LipSyncerOptions(OptionGroup):
    """Which speech lips follow, and how."""

    source_audio: Annotated[Path | None, Names(also=("source_audio_path",))] = Field(
        default=None,
        description="speech that lips follow, which takes the place of the target's sound: a file of sound, or a video"
        " that has some; lips follow the target's own sound where it is not given",
    )
    voice_extractor_model: str | None = Field(
        default=None,
        description="model that parts the voice from music and noise before lips follow it; none where not given",
    )
    lip_syncer_model: str = Field(default="wav2lip_gan_96", description="model of the lip syncer")
    lip_syncer_weight: float = Field(
        default=0.5, ge=0, le=1, description="how far the mouth moves: 0.5 is as the model was trained, 1 is most"
    )
