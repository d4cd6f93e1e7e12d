"""Options of what makes results accountable."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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
    trust_key_file: Path | None = Field(
        default=None,
        description="root.key of another machine, which this one takes over into a folder that has none: machines that"
        " share a database work with the same keys",
    )
    trust_database: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="where consents, lists and the audit log are kept: a file, or the postgresql:// URL of a database"
        " that several machines share; trust.db in --trust-dir when not given",
    )
    trust_database_password_file: Path | None = Field(
        default=None, description="file whose first line is the password of that URL, which then has none"
    )
    work_dir: Path | None = Field(
        default=None,
        description="folder for what a job keeps only while it runs; one in memory where there is room, else the"
        " system's, when not given",
    )
    encrypt_output_key: Path | None = Field(
        default=None,
        description="key of 32 bytes, as facefusion storage key makes it, with which finished outputs are encrypted",
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
    content_every: float | None = Field(
        default=None,
        ge=0.1,
        le=10,
        description="seconds of a video between looks of the content check, which also looks where shots begin; less"
        " where something was nearly refused, up to twice as many where nothing changes; as the policy says when not"
        " given, and never more",
    )
    content_every_live: int | None = Field(
        default=None,
        ge=1,
        le=250,
        description="live: the content check looks at one of so many frames, and at cuts; as the policy says when not"
        " given, and never fewer",
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
    label: Literal["start", "ends", "throughout"] | None = Field(
        default=None,
        description="when a video shows the visible label: for two seconds at the start, at the start and at the end,"
        " or all the time; as the policy says when not given, and never less. Pictures and animations always show it",
    )
    label_language: Literal["en", "zh", "both"] | None = Field(
        default=None, description="language of the visible label; as the policy says when not given"
    )
    label_place: Literal["top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right"] | None = Field(
        default=None, description="corner or edge of the visible label; as the policy says when not given"
    )
    label_text: str | None = Field(
        default=None,
        min_length=1,
        max_length=40,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
        description="words of your own below the visible label, which they never replace",
    )
    content_producer: str | None = Field(
        default=None,
        pattern=r"^[!#-\[\]-~]{1,200}$",
        description="who makes the output, as its metadata shall name them: a registered code or a name without spaces,"
        " such as example.com, in the AIGC object, which it asks for; the program when not given",
    )
