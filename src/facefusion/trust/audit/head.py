"""The head: a signed note beside the log of how far it goes, so that a log cut off at its end is known."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from facefusion.trust.audit.entry import canonical
from facefusion.trust.audit.keys import AuditKeys

_SIGNED: Final = "head"


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log goes.

    Attributes:
        sequence: number of the last entry; 0 where there is none yet.
        digest: of the last entry.
    """

    sequence: int
    digest: str

    @classmethod
    def read(cls, path: Path, keys: AuditKeys) -> Self | None:
        """Return what the file says; None where there is no file.

        Raises:
            ValueError: it is damaged, or its signature is not ours.
            OSError: it cannot be read.
        """
        try:
            found = json.loads(path.read_text("utf-8"))
            head = cls(found["sequence"], found["digest"])
            is_ours = keys.holds(_SIGNED, head._text(), found["signature"])
        except FileNotFoundError:
            return None
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("it is damaged") from error
        if not is_ours:
            raise ValueError("its signature does not hold")
        return head

    def write(self, path: Path, keys: AuditKeys) -> None:
        """Put it in place of the one that is there, in one step.

        It is not forced onto the disk: one that lags behind the log after a loss of power is no harm.

        Raises:
            OSError: it cannot be written.
        """
        data = canonical(asdict(self) | {"signature": keys.sign(_SIGNED, self._text())}) + "\n"
        part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data.encode())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def _text(self) -> str:
        return canonical(asdict(self))
