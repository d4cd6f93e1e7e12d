"""Public keys of an issuer (JWKS, RFC 7517): each for one algorithm, which its type decides and no token can."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
"""That are taken; whatever else a token names is refused, `none` and those with shared secrets first of all."""
_PUBLIC: Final[Mapping[tuple[str, str | None], tuple[str, tuple[str, ...]]]] = {
    ("RSA", None): ("RS256", ("n", "e")),
    ("EC", "P-256"): ("ES256", ("crv", "x", "y")),
    ("OKP", "Ed25519"): ("EdDSA", ("crv", "x")),
}
_MOST_KEYS: Final = 64
_LONGEST_ID: Final = 200
_RSA_BITS: Final = range(2048, 8193)


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key.

    Attributes:
        id: by which tokens name it (`kid`); None where it has no name.
        algorithm: the one it verifies.
        key: itself.
    """

    id: str | None
    algorithm: str
    key: RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of an issuer.

    Attributes:
        keys: all that are usable.
    """

    keys: tuple[VerifyingKey, ...]

    def named(self, key_id: str | None, algorithm: str) -> VerifyingKey | None:
        """Return the key that a token was signed with, if it is there.

        A token that names no key is verified with the only one of its algorithm, never by trial.
        """
        found = [key for key in self.keys if key.algorithm == algorithm and (key_id is None or key.id == key_id)]
        return found[0] if len(found) == 1 else None


def read_keys(data: bytes) -> KeySet:
    """Return the keys in a JSON document; those of other types and for other uses are left out.

    Raises:
        ValueError: it is none, or holds no usable key.
    """
    try:
        content = json.loads(data)
    except RecursionError as error:
        raise ValueError("not a set of keys") from error
    entries = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(entries, list) or len(entries) > _MOST_KEYS:
        raise ValueError("not a set of keys")
    keys = tuple(key for entry in entries if isinstance(entry, dict) and (key := _key(entry)) is not None)
    if not keys:
        raise ValueError(f"no key for {', '.join(ALGORITHMS)}")
    names = [key.id for key in keys if key.id is not None]
    if len(set(names)) != len(names):
        raise ValueError("two keys have one name")
    return KeySet(keys)


def _key(entry: Mapping[str, Any]) -> VerifyingKey | None:
    """Return the key of an entry; None where it is not one of ours."""
    kind = str(entry.get("kty")), None if entry.get("kty") == "RSA" else str(entry.get("crv"))
    name = entry.get("kid")
    is_named = name is None or (isinstance(name, str) and len(name) <= _LONGEST_ID)
    if kind not in _PUBLIC or not is_named or entry.get("use", "sig") != "sig":
        return None
    algorithm, members = _PUBLIC[kind]
    if entry.get("alg", algorithm) != algorithm or "verify" not in entry.get("key_ops", ["verify"]):
        return None
    try:
        # The public members alone: whatever else an entry has, nothing here ever signs.
        key = PyJWK({"kty": kind[0]} | {member: entry[member] for member in members}, algorithm).key
    except (PyJWTError, ValueError, KeyError, TypeError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size not in _RSA_BITS:
        return None
    return VerifyingKey(name, algorithm, key) if isinstance(key, _KINDS) else None


_KINDS: Final = (RSAPublicKey, EllipticCurvePublicKey, Ed25519PublicKey)
