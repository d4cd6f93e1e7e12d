"""Large films: whether they can be hashed in blocks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from facefusion.media import forms
from facefusion.media.forms import Form

_LARGE: Final = 64 << 20
_HEAD: Final = 16
_FRAGMENT: Final = b"moof"
_MEDIA: Final = b"mdat"


def is_hashed_in_blocks(path: Path, form: Form) -> bool:
    """Return whether a film is so large that hashing it in one piece would take much memory, and can be done otherwise.

    The C2PA library holds up to 512 MiB while it hashes a film in one piece. It can hash the samples in blocks (C2PA's
    specification, Merkle trees of BMFF), where they lie in one box.
    """
    if form not in (forms.MP4, forms.MOV) or path.stat().st_size < _LARGE:
        return False
    kinds = _kinds(path)
    return kinds.count(_MEDIA) == 1 and _FRAGMENT not in kinds


def _kinds(path: Path) -> list[bytes]:
    """Return the types of the boxes at the top of a file, in their order."""
    kinds, start = [], 0
    with path.open("rb") as file:
        while len(head := file.read(_HEAD)) >= 8:
            size = int.from_bytes(head[:4])
            size = int.from_bytes(head[8:]) if size == 1 else size
            kinds.append(head[4:8])
            if size < 8:  # to the end of the file, or damaged
                break
            start = file.seek(start + size, os.SEEK_SET)
    return kinds
