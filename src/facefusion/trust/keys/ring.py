"""Keys by purpose: one root secret, and HKDF between it and everything that needs a key."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NoReturn, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from facefusion.trust.keys.file import opened_secret

_LENGTH: Final = 32
_SECRET: Final = b"facefusion 1 secret\0"
_SEED: Final = b"facefusion 1 ed25519\0"


class KeyRing:
    """The keys of this place.

    One random secret of 32 bytes lies in the folder of keys. What is derived from it differs by purpose: who learns one
    key learns neither the secret nor another key (HKDF-SHA256, RFC 5869). The same purpose always gives the same key.
    Neither the secret nor a key is in its text form, and it cannot be pickled.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """Take the root secret itself.

        Args:
            secret: 32 bytes.

        Raises:
            ValueError: it is of another length.
        """
        if len(secret) != _LENGTH:
            raise ValueError(f"a root secret has {_LENGTH} bytes")
        self._secret = secret

    @classmethod
    def open(cls, home: Path) -> Self:
        """Return the keys of a folder; on first use a secret is made there.

        Two processes that do so at once get the same one.

        Args:
            home: as `trust_home` returns it.

        Raises:
            SecretError: the secret is missing although there was one, damaged, open to others, or cannot be written.
        """
        return cls(opened_secret(home))

    def derived(self, purpose: str) -> bytes:
        """Return the 32 bytes for a purpose, such as `watermark` or `templates/2026-11`.

        Raises:
            ValueError: the purpose is empty.
        """
        return self._expanded(_SECRET, purpose)

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """Return the key that signs for a purpose; it is none of the keys of `derived`.

        Raises:
            ValueError: the purpose is empty.
        """
        return Ed25519PrivateKey.from_private_bytes(self._expanded(_SEED, purpose))

    def public_key(self, purpose: str) -> Ed25519PublicKey:
        """Return what checks the signatures of `signing_key`.

        Raises:
            ValueError: the purpose is empty.
        """
        return self.signing_key(purpose).public_key()

    def _expanded(self, kind: bytes, purpose: str) -> bytes:
        if not purpose:
            raise ValueError("a key is for a purpose")
        return HKDF(SHA256(), _LENGTH, salt=None, info=kind + purpose.encode()).derive(self._secret)

    def __repr__(self) -> str:
        return "KeyRing(…)"

    def __reduce__(self) -> NoReturn:
        """Refuse: keys are opened where they are used, and never sent."""
        raise TypeError("keys cannot be pickled")
