"""Small secrets at rest: AES-256-GCM, each bound to the place where it belongs."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE: Final = 12


class SealBrokenError(ValueError):
    """What was sealed was changed, moved, or sealed with another key."""


class Sealer:
    """Seals and opens with one key.

    Args:
        key: 32 secret bytes.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def sealed(self, content: bytes, place: str) -> bytes:
        """Return content that nobody can read or change without the key.

        Args:
            content: what is sealed, up to 2 GiB.
            place: where it belongs; at another it does not open.
        """
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, place.encode())

    def opened(self, sealed: bytes, place: str) -> bytes:
        """Return what was sealed.

        Raises:
            SealBrokenError: it was changed, belongs elsewhere, or was sealed with another key.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBrokenError("the seal is broken") from error
