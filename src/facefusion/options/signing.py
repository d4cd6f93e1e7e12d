"""Options of who signs the provenance of outputs, and whose signatures are trusted."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from facefusion.options.base import OptionGroup


class SigningOptions(OptionGroup):
    """With which certificate manifests are signed, and whose are trusted."""

    signing_certificate: Path | None = Field(
        default=None,
        description="chain of certificates (PEM) to sign provenance with; one of this place when not given",
    )
    signing_key: Path | None = Field(default=None, description="private key of that certificate (PKCS #8, PEM)")
    signing_passphrase_file: Path | None = Field(
        default=None,
        description="file whose first line opens an encrypted key; FACEFUSION_SIGNING_PASSPHRASE when not given",
    )
    signing_command: str | None = Field(
        default=None,
        min_length=1,
        description="instead of a key: program that signs what it gets on stdin, for a hardware module or key service",
    )
    trust_anchors: tuple[Path, ...] = Field(
        default=(), description="root certificates (PEM) whose signatures are trusted, beside the one of this place"
    )
