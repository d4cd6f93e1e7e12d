"""What a backup says of itself: which files it has, of when they are, and how far the audit log went.

manifest.json            in the open, with a code by the key that everything else is encrypted with
jobs.db, jobs.dump       the database of jobs: a SQLite file, or what pg_dump made
trust.db, trust.dump     the records of trust; not there where they are in the database of jobs
home/…                   keys, certificates, policy, acknowledgement, lines of the audit log
policy/…                 the policy in force, where it is a file elsewhere
storage.jsonl            which files of the storage are needed
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Self

from facefusion.errors import InputDamagedError, InputMissingError, InputTypeError

NAME: Final = "manifest.json"
FORMAT: Final = 1
_LARGEST: Final = 16 << 20
_PURPOSE: Final = b"facefusion backup 1\0"

Kind = Literal["sqlite", "postgresql"]
"""Kinds of databases."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a backup.

    Attributes:
        name: below the backup's folder.
        size: in bytes, encrypted.
        sha256: of it, encrypted.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        created: when it was begun, in ISO 8601.
        version: of the program that made it.
        schema: version of the database of jobs.
        jobs: kind of the database of jobs.
        records: kind of that of records; None where there are none, or they are in the database of jobs.
        fingerprint: of the root secret; empty where there was none.
        audit: number and digest of the last entry of the audit log; None where there was none.
        policy: digest of the policy in force.
        counts: rows by table and state.
        storage: how many files of it are needed, and of how many bytes.
        parts: all other files.
        format: of the backup.
    """

    created: str
    version: str
    schema: str
    jobs: Kind
    records: Kind | None
    fingerprint: str
    audit: tuple[int, str] | None
    policy: str
    counts: Mapping[str, int]
    storage: Mapping[str, int]
    parts: tuple[Part, ...] = field(default=())
    format: int = FORMAT

    def text(self, key: bytes) -> str:
        """Return it as it is written.

        Args:
            key: with which the other files are encrypted.
        """
        return json.dumps(asdict(self) | {"code": self._code(key)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, folder: Path, key: bytes | None) -> Self:
        """Read that of a backup.

        Args:
            folder: the backup.
            key: with which it was made; None leaves unchecked whether somebody changed it on purpose.

        Raises:
            InputMissingError: there is no backup.
            InputTypeError: it is of a newer program.
            InputDamagedError: it was changed, or was made with another key.
        """
        try:
            with (folder / NAME).open("rb") as file:
                found = json.loads(file.read(_LARGEST))
        except OSError as error:
            raise InputMissingError(
                f"{folder} holds no backup: {error.strerror}", "Name the folder that backup create wrote"
            ) from error
        except ValueError as error:
            raise _damaged(folder, "its manifest is not JSON") from error
        if not isinstance(found, dict) or not isinstance(found.get("format"), int):
            raise _damaged(folder, "its manifest is none")
        if found["format"] > FORMAT:
            raise InputTypeError(
                f"The backup {folder} is of a newer program (format {found['format']})",
                "Install the version that made it",
            )
        code = found.pop("code", "")
        try:
            made = cls._of(found)
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(folder, "its manifest lacks something") from error
        if key is not None and not hmac.compare_digest(str(code), made._code(key)):
            raise _damaged(folder, "its manifest was changed, or the key is another than it was made with")
        return made

    @classmethod
    def _of(cls, found: dict[str, Any]) -> Self:
        parts = tuple(Part(str(each["name"]), int(each["size"]), str(each["sha256"])) for each in found.pop("parts"))
        audit = found.pop("audit")
        return cls(**found, parts=parts, audit=None if audit is None else (int(audit[0]), str(audit[1])))

    def _code(self, key: bytes) -> str:
        content = json.dumps(asdict(self), sort_keys=True).encode()
        return hmac.new(key, _PURPOSE + content, hashlib.sha256).hexdigest()


def _damaged(folder: Path, why: str) -> InputDamagedError:
    return InputDamagedError(f"The backup {folder} cannot be used: {why}", "Take another copy of it")
