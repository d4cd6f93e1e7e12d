"""Names in a folder that are no keys."""

from __future__ import annotations

import secrets
from typing import Final

from facefusion.media.faults import HIDDEN

MARKER: Final = f"{HIDDEN}storage"
"""Name of the empty file by which a folder is known; it is not seen while the folder is not mounted."""

_PART: Final = f"{HIDDEN}part-"
_NFS: Final = ".nfs"


def part_name() -> str:
    """Return a name for a file that is being written."""
    return f"{_PART}{secrets.token_hex(8)}"


def is_part(name: str) -> bool:
    """Return whether a name is that of a file that is, or was, being written."""
    return name.startswith(_PART)


def is_hidden(name: str) -> bool:
    """Return whether a name is no part of a key: ours, or that of a file that NFS keeps for who has it still open."""
    return name.startswith((HIDDEN, _NFS))
