"""Files that show a consent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from facefusion.errors import ConsentRecordError, OptionsError
from facefusion.trust.consent.record import Consent, EvidenceFact, EvidenceKind

MOST_BYTES: Final = 32 << 20
_KINDS: Final[tuple[EvidenceKind, ...]] = get_args(EvidenceKind)


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file that shows a consent.

    Attributes:
        kind: what it is.
        name: the file's name.
        content: its bytes.
    """

    kind: EvidenceKind
    name: str
    content: bytes

    @property
    def fact(self) -> EvidenceFact:
        """What is known of it."""
        digest = hashlib.sha256(self.content).hexdigest()
        return EvidenceFact(kind=self.kind, name=self.name, sha256=digest, bytes=len(self.content))


def read_evidence(text: str) -> EvidenceFile:
    """Read a file of evidence.

    Args:
        text: `KIND=FILE` with one of agreement, identity, signature, other; or a file alone, of no kind of these.

    Raises:
        OptionsError: it cannot be read, is empty, or is larger than 32 MiB.
    """
    head, equals, rest = text.partition("=")
    kind: EvidenceKind = next((each for each in _KINDS if equals and each == head), "other")
    path = Path(rest if equals and kind == head else text)
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OptionsError(f"The evidence {path} cannot be read: {reason}", "Name another file") from error
    if not content or len(content) > MOST_BYTES:
        size = "is empty" if not content else f"has more than {MOST_BYTES >> 20} MiB"
        raise OptionsError(f"The evidence {path} {size}", "Name another file")
    return EvidenceFile(kind, path.name[:200], content)


def check_evidence(consent: Consent, contents: Sequence[bytes]) -> None:
    """Make sure that files are those that a consent speaks of.

    Raises:
        ConsentRecordError: one is not, or some are missing.
    """
    for number, fact in enumerate(consent.evidence):
        found = hashlib.sha256(contents[number]).hexdigest() if number < len(contents) else ""
        if found != fact.sha256:
            raise ConsentRecordError(
                f"Evidence {number} of the consent {consent.id} is damaged", "Put the records back from a backup"
            )
