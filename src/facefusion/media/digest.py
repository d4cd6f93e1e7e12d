"""What the bytes of an input are told by."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from facefusion.media.sequence import find_sequence, is_sequence
from facefusion.media.sniff import open_input


def content_digest(path: Path) -> Any:
    """Return the SHA-256 of a file, or those of the pictures that a folder or a pattern stands for, by number.

    Raises:
        OSError: a file cannot be read to its end.
        InputError: it cannot be opened, or there is no such sequence.
    """
    if is_sequence(path):
        pattern, numbers = find_sequence(path)
        return [(number, content_digest(pattern.path(number))) for number in numbers]
    with open_input(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
