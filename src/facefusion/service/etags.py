"""Entity tags: what a client has already, and what it means to change (RFC 9110, 8.8.3 and 13.1)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from facefusion.errors import PreconditionError, RequestInvalidError

_TAG: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')


def tag_of(content: bytes) -> str:
    """Return the tag of an answer by its bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def tags_of(header: str) -> list[tuple[bool, str]] | None:
    """Return the tags of a header, each with whether it is weak; None for `*`.

    Raises:
        RequestInvalidError: it is not understood.
    """
    if header.strip() == "*":
        return None
    found, place = [], 0
    while place < len(header):
        match = _TAG.match(header, place)
        if match is None:
            raise RequestInvalidError("An entity tag is not understood", 'Tags look like "3-120"')
        found.append((match[1] is not None, match[2]))
        place = match.end()
    return found


def is_known(header: str | None, tag: str) -> bool:
    """Return whether a client has what a tag stands for, going by its `If-None-Match`."""
    if header is None:
        return False
    found = tags_of(header)
    return found is None or any(f'"{each}"' == tag for _, each in found)


def revision_wanted(header: str | None, revision: int) -> None:
    """Make sure that what is to be changed is what the client has seen, going by its `If-Match`.

    Args:
        header: as sent; None where anything may be changed.
        revision: of what is there.

    Raises:
        PreconditionError: it was changed meanwhile.
        RequestInvalidError: the header is not understood.
    """
    found = None if header is None else tags_of(header)
    if found is None:
        return
    if not any(not weak and tag.partition("-")[0] == str(revision) for weak, tag in found):
        raise PreconditionError(
            f"It was changed meanwhile: its revision is {revision}", "Look at it again, then decide anew"
        )
