"""What a key looks like: `ff_ID_SECRET`, where the last six letters of the secret are a checksum.

    ff_3f9c2a71d0b4_7Kq…(43 letters and digits, 256 bits)…aB3x9Z

The identifier is no secret: it stands in lists and in the audit log. By the prefix and the checksum, programs that look
for secrets in code and logs know a key for certain: `ff_[0-9a-f]{12}_[0-9A-Za-z]{49}`.
"""

from __future__ import annotations

import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "ff_"
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32
_SECRET_LETTERS: Final = 43  # 62 ** 43 > 2 ** 256
_CHECK_LETTERS: Final = 6  # 62 ** 6 > 2 ** 32
_FORM: Final = re.compile(
    rf"ff_([0-9a-f]{{{2 * _ID_BYTES}}})_[0-9A-Za-z]{{{_SECRET_LETTERS + _CHECK_LETTERS}}}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as its owner has it.

    Attributes:
        id: by which it is known.
        text: all of it, a secret; not in its text form.
    """

    id: str
    text: str = field(repr=False)


def make_key() -> KeyText:
    """Return a new key."""
    key_id = secrets.token_hex(_ID_BYTES)
    secret = _letters(int.from_bytes(secrets.token_bytes(_SECRET_BYTES), "big"), _SECRET_LETTERS)
    body = f"{PREFIX}{key_id}_{secret}"
    return KeyText(key_id, body + _check(body))


def read_key(text: str) -> KeyText | None:
    """Return a key that has the form of one, whoever made it; None for anything else, such as one with a typo."""
    found = _FORM.fullmatch(text)
    if found is None or text[-_CHECK_LETTERS:] != _check(text[:-_CHECK_LETTERS]):
        return None
    return KeyText(found.group(1), text)


def _check(body: str) -> str:
    return _letters(zlib.crc32(body.encode()), _CHECK_LETTERS)


def _letters(number: int, count: int) -> str:
    letters = []
    for _ in range(count):
        number, digit = divmod(number, len(_DIGITS))
        letters.append(_DIGITS[digit])
    return "".join(reversed(letters))
