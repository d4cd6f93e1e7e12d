"""Ed25519 keys in PEM files, and what people tell them apart by."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from facefusion.errors import TrustError

_LARGEST: Final = 1 << 16
_MAKE: Final = "Make one with `openssl genpkey -algorithm ed25519`"


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the first 32 hexadecimal digits of the SHA-256 of a key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:32]


def public_pem(key: Ed25519PublicKey) -> bytes:
    """Return a public key as the content of a PEM file."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public_key(path: Path, error: type[TrustError]) -> Ed25519PublicKey:
    """Return the public key in a PEM file.

    Args:
        path: the file.
        error: what is raised.

    Raises:
        TrustError: of the kind that was asked for: there is no Ed25519 key.
    """
    try:
        key = load_pem_public_key(read_small(path, error))
    except (ValueError, UnsupportedAlgorithm) as cause:
        raise error(f"{path} is no public key in PEM form", "Name a file that begins BEGIN PUBLIC KEY") from cause
    if not isinstance(key, Ed25519PublicKey):
        raise error(f"{path} is no Ed25519 key", _MAKE)
    return key


def read_private_key(path: Path, error: type[TrustError]) -> Ed25519PrivateKey:
    """Return the private key in a PEM file; see `read_public_key`.

    Raises:
        TrustError: of the kind that was asked for: there is no Ed25519 key, or it has a password.
    """
    try:
        key = load_pem_private_key(read_small(path, error), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as cause:
        raise error(f"{path} is no private key in PEM form without a password", _MAKE) from cause
    if not isinstance(key, Ed25519PrivateKey):
        raise error(f"{path} is no Ed25519 key", _MAKE)
    return key


def read_small(path: Path, error: type[TrustError]) -> bytes:
    """Return the content of a small file.

    Raises:
        TrustError: of the kind that was asked for: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as cause:
        raise error(f"{path} cannot be read: {cause.strerror}", "Name another file") from cause
