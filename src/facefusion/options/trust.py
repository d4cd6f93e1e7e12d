"""Options of what makes results accountable."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from facefusion.options.base import OptionGroup


class TrustOptions(OptionGroup):
    """Under which rules the work is done, and who does it."""

    policy: str = Field(
        default="personal",
        description="rules of consent, content, marks and records: a profile (personal, studio, hosted, eu, cn) or a"
        " TOML file",
    )
    trust_dir: Path | None = Field(
        default=None, description="folder of keys, consents, lists and the audit log; your own when not given"
    )
    acknowledge: bool = Field(
        default=False, description="say that you know the terms of use, which a person is otherwise asked once"
    )
    actor: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="who does the work, as the audit log shall name them; the user of this machine when not given",
    )
    tenant: str = Field(
        default="default",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="for whom the work is done: each has consents, lists and records of its own",
    )
    content_every: float = Field(
        default=2.0,
        ge=0.1,
        le=10,
        description="seconds of a video between looks of the content check, which also looks where shots begin; less"
        " where something was nearly refused, up to twice as many where nothing changes",
    )
    content_every_live: int = Field(
        default=25, ge=1, le=250, description="live: the content check looks at one of so many frames, and at cuts"
    )
    content_terms: tuple[Path, ...] = Field(
        default=(), description="files with further terms that texts may not hold, one on each line"
    )
    project: str | None = Field(
        default=None, min_length=1, max_length=200, description="the project that consents are held against"
    )
    territory: str | None = Field(
        default=None, pattern=r"^[A-Z]{2}$", description="where the output will be shown, such as DE, against consents"
    )
