"""Who signs: a chain of certificates, and something that signs bytes with the key of its first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from facefusion.errors import SigningError
from facefusion.trust.provenance.algorithms import Algorithm, PrivateKey, signing_public_key

DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
C2PA_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")  # of the C2PA's own trust list
_PURPOSES: Final = frozenset((ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING, C2PA_SIGNING))


@dataclass(frozen=True, slots=True)
class Signer:
    """What signs manifests.

    `sign` may be anything that signs: a key in memory, a program, a hardware module, a key service. What it returns is
    checked against the certificate before it is used.

    Attributes:
        chain: certificates, PEM: first the one whose key signs, then those that lead to the root, which is left out.
        sign: takes the bytes to be signed and returns the signature: Ed25519, RSA-PSS with a salt as long as the
            digest, or ECDSA, as DER or as its two numbers.
    """

    chain: str
    sign: Callable[[bytes], bytes] = field(repr=False)

    @classmethod
    def of_files(cls, certificate: Path, key: Path, passphrase: bytes | None = None) -> Signer:
        """Return what signs with a private key in a file.

        Args:
            certificate: chain, PEM.
            key: PKCS #8, PEM; may be encrypted.
            passphrase: of the key; None when it is not encrypted.

        Raises:
            SigningError: a file cannot be read, or they do not belong together.
        """
        chain, private = read_file(certificate).decode("ascii", "replace"), _loaded(key, passphrase)
        leaf = checked_leaf(chain, datetime.now(UTC))
        algorithm = Algorithm.of(signing_public_key(leaf))
        if private.public_key() != leaf.public_key():
            raise SigningError(
                f"The key {key} is not that of the certificate {certificate}", "Give the two that belong"
            )
        return cls(chain, algorithm.signing(private))


def checked_leaf(chain: str, now: datetime) -> x509.Certificate:
    """Return the certificate whose key signs, if it may sign manifests.

    Args:
        chain: PEM.
        now: moment at which it has to be valid.

    Raises:
        SigningError: it is not understood, not valid now, or not made for signing manifests.
    """
    try:
        leaf = x509.load_pem_x509_certificates(chain.encode())[0]
        signing_public_key(leaf)
    except ValueError as error:
        raise SigningError(f"The certificate does not serve for signing: {error}", "Give a chain as PEM") from error
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        when = f"{leaf.not_valid_before_utc:%Y-%m-%d} to {leaf.not_valid_after_utc:%Y-%m-%d}"
        raise SigningError(f"The certificate is valid from {when} only", "Renew it")
    if missing := _missing(leaf):
        raise SigningError(f"The certificate does not serve for signing manifests: {missing}", "Have another one made")
    return leaf


def pem(certificate: x509.Certificate) -> str:
    """Return a certificate as text."""
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _missing(leaf: x509.Certificate) -> str:
    """Return what the C2PA asks of a certificate and this one lacks; nothing when all is there."""
    try:
        if not leaf.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature:
            return "its key usage has no digitalSignature"
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if not _PURPOSES & set(purposes):
            return "its extended key usage has neither emailProtection nor documentSigning"
        leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound as error:
        return f"it has no extension {error.oid._name}"
    return "" if leaf.issuer != leaf.subject else "it has signed itself"


def _loaded(path: Path, passphrase: bytes | None) -> PrivateKey:
    try:
        key = load_pem_private_key(read_file(path), passphrase)
    except TypeError as error:  # how it tells of a passphrase that is missing, or that nothing wants
        hint = "Take the passphrase away" if passphrase else "Give its passphrase in a file or the environment"
        raise SigningError(f"The key {path} {'is not' if passphrase else 'is'} encrypted", hint) from error
    except ValueError as error:
        raise SigningError(
            f"The key {path} cannot be opened", "Check its passphrase, and that it is PKCS #8 as PEM"
        ) from error
    if not isinstance(key, PrivateKey):
        raise SigningError(f"The key {path} is of a kind that signs no manifests", "Use Ed25519, ECDSA or RSA")
    return key


def read_file(path: Path) -> bytes:
    """Return what is in a file of keys or certificates.

    Raises:
        SigningError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise SigningError(f"The file {path} cannot be read: {error.strerror or error}", "Check the path") from error
