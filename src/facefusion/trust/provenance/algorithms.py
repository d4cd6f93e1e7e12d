"""Signature algorithms of C2PA, told by the key of a certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey | RSAPublicKey
PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | RSAPrivateKey
_CURVES: Final[dict[str, tuple[str, HashAlgorithm, int]]] = {
    "secp256r1": ("ES256", SHA256(), 32),
    "secp384r1": ("ES384", SHA384(), 48),
    "secp521r1": ("ES512", SHA512(), 66),
}
_LEAST_RSA: Final = 2048


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How a key signs.

    Attributes:
        name: as C2PA has it, such as `ES256`.
        digest: hash that is signed; None where the key takes the data itself.
        number_bytes: length of each of the two numbers of an ECDSA signature; 0 for the others.
    """

    name: str
    digest: HashAlgorithm | None
    number_bytes: int = 0

    @classmethod
    def of(cls, key: PublicKey) -> Algorithm:
        """Return how a public key's signatures are made."""
        if isinstance(key, Ed25519PublicKey):
            return cls("ED25519", None)
        if isinstance(key, ec.EllipticCurvePublicKey):
            return cls(*_CURVES[key.curve.name])
        return cls("PS256", SHA256())

    def signing(self, key: PrivateKey) -> Callable[[bytes], bytes]:
        """Return what signs with a private key of this algorithm; see `plain` for the form of its signatures."""

        def sign(data: bytes) -> bytes:
            if isinstance(key, Ed25519PrivateKey):
                return key.sign(data)
            assert self.digest is not None
            if isinstance(key, RSAPrivateKey):
                return key.sign(data, _pss(self.digest), self.digest)
            return key.sign(data, ec.ECDSA(self.digest))

        return sign

    def plain(self, signature: bytes) -> bytes:
        """Return a signature as COSE has it: of ECDSA its two numbers, which most tools give as DER.

        Raises:
            ValueError: it is neither.
        """
        if not self.number_bytes or len(signature) == 2 * self.number_bytes:
            return signature
        return b"".join(number.to_bytes(self.number_bytes) for number in decode_dss_signature(signature))

    def holds(self, key: PublicKey, signature: bytes, data: bytes) -> bool:
        """Return whether a signature, in the form of `plain`, is that of `data` by a key."""
        try:
            if isinstance(key, Ed25519PublicKey):
                key.verify(signature, data)
                return True
            assert self.digest is not None
            if isinstance(key, RSAPublicKey):
                key.verify(signature, data, _pss(self.digest), self.digest)
            else:
                key.verify(self._der(signature), data, ec.ECDSA(self.digest))
        except InvalidSignature:
            return False
        return True

    def _der(self, signature: bytes) -> bytes:
        half = self.number_bytes
        return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def signing_public_key(certificate: x509.Certificate) -> PublicKey:
    """Return the key of a certificate.

    Raises:
        ValueError: C2PA does not allow such a key; the message says which it does.
    """
    key = certificate.public_key()
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA:
        return key
    raise ValueError("its key is none of Ed25519, ECDSA on P-256, P-384 or P-521, and RSA of 2,048 bits or more")


def _pss(digest: HashAlgorithm) -> padding.PSS:
    return padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
