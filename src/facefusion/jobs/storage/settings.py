"""How storage is used: all that is set about it, and no secret."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from facefusion.errors import OptionsError

MIB: Final = 1 << 20
_SMALLEST_PART: Final = 5 * MIB
_LARGEST_PART: Final = 512 * MIB

ServerEncryption = Literal["AES256", "aws:kms"]
"""How an S3 store encrypts what it keeps: by its own keys (SSE-S3), or by one of a key service (SSE-KMS)."""


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Settings of a storage. Credentials are none of them: each library finds its own, as docs/storage.md says.

    Attributes:
        endpoint: URL of an S3 server that is not AWS, such as MinIO or Ceph, or of an emulator.
        region: of the S3 bucket.
        server_encryption: asked for with every object of S3; None leaves it to the bucket's own rule.
        kms_key: which key of the key service; None for the bucket's or account's own.
        key_file: a customer's key; everything is encrypted with it before it leaves this machine.
        part_bytes: size of parts of an upload or download; from 5 to 512 MiB, more only for objects that need it.
        concurrency: how many parts are on their way at once, from 1 to 32.
        attempts: how often a request is made before the storage counts as unavailable, from 1.
        longest_wait: seconds between two attempts at most.
        connect_seconds, read_seconds: how long a connection, and an answer on it, may take.
        checksums: whether requests carry a checksum that the S3 server verifies; older servers do not know them.
        share_with_group: whether files in a folder are for the group as well (0660), not for the owner alone (0600).
    """

    endpoint: str | None = None
    region: str | None = None
    server_encryption: ServerEncryption | None = None
    kms_key: str | None = None
    key_file: Path | None = None
    part_bytes: int = 16 * MIB
    concurrency: int = 4
    attempts: int = 8
    longest_wait: float = 8.0
    connect_seconds: float = 5.0
    read_seconds: float = 60.0
    checksums: bool = True
    share_with_group: bool = False

    def __post_init__(self) -> None:
        """Refuse values that cannot work.

        Raises:
            OptionsError: one of them is out of its range.
        """
        self._check("part_bytes", _SMALLEST_PART <= self.part_bytes <= _LARGEST_PART, "5 to 512 MiB")
        self._check("concurrency", 1 <= self.concurrency <= 32, "1 to 32")
        self._check("attempts", 1 <= self.attempts <= 100, "1 to 100")
        self._check("longest_wait", 0 <= self.longest_wait <= 3600, "0 to 3600 seconds")
        self._check("connect_seconds", 0 < self.connect_seconds <= 3600, "up to 3600 seconds")
        self._check("read_seconds", 0 < self.read_seconds <= 3600, "up to 3600 seconds")
        self._check("server_encryption", self.server_encryption in (None, "AES256", "aws:kms"), "AES256 or aws:kms")
        self._check("kms_key", self.kms_key is None or self.server_encryption == "aws:kms", "set with aws:kms only")
        self._check(
            "endpoint", self.endpoint is None or _is_endpoint(self.endpoint), "a URL such as https://minio:9000"
        )

    def _check(self, name: str, holds: bool, allowed: str) -> None:
        if not holds:  # the value is not told: an endpoint may hold a password
            raise OptionsError(f"The setting {name} of the storage is out of its range", f"It may be {allowed}")


def _is_endpoint(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not (parts.query or parts.fragment)
    )
