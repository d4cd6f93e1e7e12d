"""Signs bytes and statements as Sigstore bundles, by a key that the maintainers keep.

The bundles hold ECDSA P-256 signatures over SHA-256, which `release/verify.py` and cosign check alike.

    python -m release.signing FOLDER      makes facefusion-release.key and facefusion-release.pub there
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from release.verify import BUNDLE_TYPE, PAYLOAD_TYPE, pre_authentication

PASSWORD = "FACEFUSION_RELEASE_PASSWORD"  # nosec B105 - the name of a variable
PRIVATE, PUBLIC = "facefusion-release.key", "facefusion-release.pub"


class SigningError(Exception):
    """Something cannot be signed; the message says why, and what to do."""


def make_key() -> ec.EllipticCurvePrivateKey:
    """Return a new key."""
    return ec.generate_private_key(ec.SECP256R1())


def load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a private key, PEM; its password, if it has one, is in the environment (`PASSWORD`).

    Raises:
        SigningError: it is none, or cannot be opened.
    """
    password = os.environ.get(PASSWORD)
    try:
        key = load_pem_private_key(path.read_bytes(), password.encode() if password else None)
    except (OSError, TypeError, ValueError) as error:
        raise SigningError(f"{path} cannot be opened ({error}): is {PASSWORD} right?") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningError(f"{path} is no key of ECDSA P-256: make one with python -m release.signing FOLDER")
    return key


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public half of a key, PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def sign_blob(key: ec.EllipticCurvePrivateKey, blob: bytes) -> dict[str, Any]:
    """Return a bundle with the signature of bytes."""
    digest = {"algorithm": "SHA2_256", "digest": _text(hashlib.sha256(blob).digest())}
    message = {"messageDigest": digest, "signature": _text(_sign(key, blob))}
    return _bundle(key) | {"messageSignature": message}


def sign_statement(key: ec.EllipticCurvePrivateKey, statement: dict[str, Any]) -> dict[str, Any]:
    """Return a bundle with an in-toto statement in a DSSE envelope."""
    payload = json.dumps(statement, sort_keys=True).encode()
    signature = _text(_sign(key, pre_authentication(PAYLOAD_TYPE, payload)))
    envelope = {"payload": _text(payload), "payloadType": PAYLOAD_TYPE, "signatures": [{"sig": signature}]}
    return _bundle(key) | {"dsseEnvelope": envelope}


def write_key(folder: Path, *, password: str | None) -> None:
    """Make a key and write both halves; the private one for its owner alone, sealed where there is a password.

    Raises:
        SigningError: there is one already.
    """
    if (folder / PRIVATE).exists():
        raise SigningError(f"{folder / PRIVATE} exists: nobody could check older releases without its other half")
    key = make_key()
    sealing = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing)
    with os.fdopen(os.open(folder / PRIVATE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private)
    (folder / PUBLIC).write_bytes(public_pem(key))


def _bundle(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    hint = _text(hashlib.sha256(spki).digest())
    return {"mediaType": BUNDLE_TYPE, "verificationMaterial": {"publicKey": {"hint": hint}}}


def _sign(key: ec.EllipticCurvePrivateKey, blob: bytes) -> bytes:
    return key.sign(blob, ec.ECDSA(hashes.SHA256()))


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def main(arguments: list[str]) -> str | None:
    """Make a key in a folder; return what went wrong, if anything did."""
    if len(arguments) != 1:
        return "usage: python -m release.signing FOLDER"
    try:
        write_key(Path(arguments[0]), password=os.environ.get(PASSWORD))
    except (OSError, SigningError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
