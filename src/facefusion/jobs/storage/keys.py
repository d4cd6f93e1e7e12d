"""What a key of the storage may be."""

from __future__ import annotations

import unicodedata
from typing import Final, NoReturn

from facefusion.errors import StorageAddressError
from facefusion.jobs.storage.names import is_hidden

_LONGEST: Final = 800
_LONGEST_PART: Final = 240
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")
"""Letters of several scripts, and pictures, are joined or kept apart by these."""
_SHOWN: Final = 80


def checked_key(key: str) -> str:
    """Return a key as it is, if it may be one.

    A key is parts with a slash between them: none empty, `.` or `..`, at most 240 bytes of UTF-8 each and 800 together,
    without backslashes and what `is_plain` refuses, and not named like files that are being written. It is taken letter
    by letter: forms of Unicode are not made one, as there may be keys of both.

    Raises:
        StorageAddressError: it is none.
    """
    if not key:
        _refused(key, "it is empty")
    for part in key.split("/"):
        _check_part(key, part)
    if len(key.encode()) > _LONGEST:
        _refused(key, f"it is longer than {_LONGEST} bytes")
    return key


def checked_prefix(prefix: str) -> str:
    """Return a prefix without a slash at its end, if it may be one; an empty one stands for all keys.

    Raises:
        StorageAddressError: it is none.
    """
    prefix = prefix.removesuffix("/")
    return checked_key(prefix) if prefix else ""


def is_below(key: str, prefix: str) -> bool:
    """Return whether a key is a prefix, or lies below it."""
    return not prefix or key == prefix or key.startswith(f"{prefix}/")


def is_plain(text: str) -> bool:
    """Return whether a text shows what it is: letters and signs of any script and blanks, and nothing unseen.

    Control characters, marks that turn the direction of writing, ends of lines and halves of characters are none.
    """
    return all(sign in _JOINERS or unicodedata.category(sign) not in _UNSEEN for sign in text)


def _check_part(key: str, part: str) -> None:
    if part in ("", ".", ".."):
        _refused(key, f"it has a part {part!r}")
    if "\\" in part or not is_plain(part):
        _refused(key, "it has a backslash or a control character")
    if is_hidden(part):
        _refused(key, "it has a part that is named like files that are being written")
    if len(part.encode()) > _LONGEST_PART:
        _refused(key, f"a part is longer than {_LONGEST_PART} bytes")


def _refused(key: str, why: str) -> NoReturn:
    shown = key if len(key) <= _SHOWN else f"{key[:_SHOWN]}…"
    raise StorageAddressError(f"{shown!r} is no key of the storage: {why}", "Choose another name")
