"""What is secret in the audit log, and what signs it."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from facefusion.trust.keys import KeyRing

_PURPOSE: Final = "audit"
_NONCE: Final = 12
_PSEUDONYM_DIGITS: Final = 32


class AuditKeys:
    """The keys of one audit log.

    Args:
        secret: 32 bytes that pseudonyms, sealed names and digests of inputs hang on.
        signing: what signs entries, the head and proofs.
    """

    __slots__ = ("_sealing", "_secret", "_signing", "public")

    def __init__(self, secret: bytes, signing: Ed25519PrivateKey) -> None:
        self._secret = secret
        self._signing = signing
        self._sealing = AESGCM(self._mac("seal"))
        self.public: Ed25519PublicKey = signing.public_key()

    @classmethod
    def of(cls, ring: KeyRing) -> Self:
        """Return those of a place."""
        return cls(ring.derived(_PURPOSE), ring.signing_key(_PURPOSE))

    @property
    def public_hex(self) -> str:
        """The key that signatures are checked with, 64 hexadecimal digits."""
        return self.public.public_bytes_raw().hex()

    @property
    def genesis(self) -> str:
        """What the first entry follows: no entry, but a digest of whose log it is."""
        return hashlib.sha256(b"facefusion audit log 1\0" + self.public.public_bytes_raw()).hexdigest()

    def sign(self, what: str, text: str) -> str:
        """Return the signature of a text, 128 hexadecimal digits; one of another matter never holds for it."""
        return self._signing.sign(_message(what, text)).hex()

    def holds(self, what: str, text: str, signature: str) -> bool:
        """Return whether a signature is ours."""
        try:
            data = bytes.fromhex(signature)
            self.public.verify(data, _message(what, text))
        except (InvalidSignature, ValueError):
            return False
        return data.hex() == signature  # there is one way to write it, so that any edit is found

    def lookup(self, role: str, tenant: str, name: str) -> str:
        """Return by what a person is found again as long as they are not erased."""
        return self._mac("lookup", role, tenant, name).hex()

    @staticmethod
    def pseudonym(key: bytes, role: str, tenant: str, name: str) -> str:
        """Return how a person is called in entries, by a random key of their own that goes when they are erased."""
        return hmac.digest(key, _joined(role, tenant, name), "sha256").hex()[:_PSEUDONYM_DIGITS]

    def input_digest(self, key: bytes, sha256: str) -> str:
        """Return the digest of an input as an entry holds it, by a random key of the entry's own."""
        return hmac.digest(self._mac("input", key.hex()), bytes.fromhex(sha256), "sha256").hex()

    def seal(self, text: str, label: str) -> bytes:
        """Encrypt a text that belongs to a label (AES-256-GCM)."""
        nonce = os.urandom(_NONCE)
        return nonce + self._sealing.encrypt(nonce, text.encode(), label.encode())

    def unseal(self, data: bytes, label: str) -> str | None:
        """Return what `seal` was given; None if it was altered, or sealed by another key or for another label."""
        try:
            return self._sealing.decrypt(data[:_NONCE], data[_NONCE:], label.encode()).decode()
        except (InvalidTag, ValueError):
            return None

    def _mac(self, *parts: str) -> bytes:
        return hmac.digest(self._secret, _joined(*parts), "sha256")


def _joined(*parts: str) -> bytes:
    """Return parts so that no other parts give the same bytes."""
    return b"".join(len(data).to_bytes(4, "big") + data for data in (part.encode() for part in parts))


def _message(what: str, text: str) -> bytes:
    return f"facefusion audit {what} 1\0{text}".encode()
