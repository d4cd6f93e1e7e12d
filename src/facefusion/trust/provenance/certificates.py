"""X.509 certificates as the C2PA asks for them (its specification, section on certificate profiles)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from facefusion.trust.provenance.signer import DOCUMENT_SIGNING

_ROOT_DAYS: Final = 40 * 365
_LEAF_DAYS: Final = 10 * 365
_SKEW: Final = timedelta(minutes=5)  # for whoever verifies with a clock that is behind
_ORGANISATION: Final = "FaceFusion local authority"


def root_certificate(key: Ed25519PrivateKey, now: datetime) -> x509.Certificate:
    """Return a certificate that signs others; it names no person and no machine."""
    public = key.public_key()
    name = _name(f"Root {_digits(public)}")
    return (
        _builder(name, name, public, now, now + timedelta(days=_ROOT_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .sign(key, None)
    )


def leaf_certificate(
    public: Ed25519PublicKey, root: x509.Certificate, root_key: Ed25519PrivateKey, now: datetime
) -> x509.Certificate:
    """Return a certificate that signs manifests, and nothing else."""
    until = min(now + timedelta(days=_LEAF_DAYS), root.not_valid_after_utc)
    return (
        _builder(_name(f"Signer {_digits(public)}"), root.subject, public, now, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, DOCUMENT_SIGNING]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, None)
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public: Ed25519PublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _digits(public: Ed25519PublicKey) -> str:
    """Return the first digits of a key's identifier, by which people tell two places apart."""
    return x509.SubjectKeyIdentifier.from_public_key(public).digest.hex()[:8]


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
