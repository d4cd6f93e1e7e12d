"""Verifies a folder of released files offline: signatures, digests, and where they were built.

    python release/verify.py FOLDER --key facefusion-release.pub [--commit SHA]

This file stands alone: it needs Python and the package `cryptography`, and nothing else of this project. What it checks
is in docs/deploy/release.md; the signatures are those that `cosign verify-blob --key` and `cosign
verify-blob-attestation --key` check.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

SUMS = "SHA256SUMS"
SUMS_BUNDLE = f"{SUMS}.sigstore.json"
PROVENANCE = "provenance.sigstore.json"
KEYLESS = ".keyless.sigstore.json"
"""End of names of signatures by an identity, which need a trusted root of Sigstore: cosign checks them."""
IMAGE_ENDING = ".tar"
"""End of names of images of containers, which `docker load` and `podman load` read."""
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


class NotVerifiedError(Exception):
    """What was released is not as it was signed; the message says what, and what to do."""


def main(arguments: list[str]) -> int:
    """Verify one folder; return 0 where all is as it was signed, else 1."""
    asked = _arguments(arguments)
    try:
        names = verify(asked.folder, asked.key.read_bytes(), commit=asked.commit)
    except (NotVerifiedError, OSError) as error:
        sys.stderr.write(f"NOT VERIFIED: {error}\nDo not install or run any of these files.\n")
        return 1
    sys.stdout.write("".join(f"verified  {name}\n" for name in names))
    return 0


def verify(folder: Path, key: bytes, *, commit: str | None = None) -> list[str]:
    """Verify all files of a folder; return their names.

    Args:
        folder: the released files, without folders in it.
        key: the public key of releases, PEM.
        commit: the commit that they must have been built from, 40 hexadecimal digits; any where None.

    Raises:
        NotVerifiedError: a file, a signature or the record of the build is not as it should be.
        OSError: a file cannot be read.
    """
    public = _public_key(key)
    sums = (folder / SUMS).read_bytes()
    check_blob(public, sums, _json(folder / SUMS_BUNDLE))
    listed = read_sums(sums.decode("utf-8", "replace"))
    _check_digests(folder, listed)
    _check_nothing_else(folder, listed)
    statement = check_statement(public, _json(folder / PROVENANCE))
    _check_provenance(statement, {name: digest for name, digest in listed.items() if name != PROVENANCE}, commit)
    for name in listed:
        if name.endswith(IMAGE_ENDING):
            _check_image(folder / name)
    return sorted(listed)


def bom_of_image(path: Path) -> Path:
    """Return where the bill of materials of an image lies."""
    return path.with_name(path.name.removesuffix(IMAGE_ENDING) + ".cdx.json")


def check_blob(public: ec.EllipticCurvePublicKey, blob: bytes, bundle: Mapping[str, Any]) -> None:
    """Check the signature of bytes that a Sigstore bundle holds.

    Raises:
        NotVerifiedError: it is not theirs, or the bundle is none.
    """
    message = _field(bundle, "messageSignature")
    digest = _bytes(_field(_field(message, "messageDigest"), "digest"))
    if digest != hashlib.sha256(blob).digest():
        raise NotVerifiedError(f"{SUMS_BUNDLE} is of another {SUMS}: fetch both again")
    _check_signature(public, _bytes(_field(message, "signature")), blob, SUMS)


def check_statement(public: ec.EllipticCurvePublicKey, bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Check the signature of an in-toto statement in a Sigstore bundle; return the statement.

    Raises:
        NotVerifiedError: it is not signed by this key, or no statement of provenance.
    """
    envelope = _field(bundle, "dsseEnvelope")
    kind, payload = str(_field(envelope, "payloadType")), _bytes(_field(envelope, "payload"))
    signatures = envelope.get("signatures")
    if kind != PAYLOAD_TYPE or not isinstance(signatures, list) or len(signatures) != 1:
        raise NotVerifiedError(f"{PROVENANCE} holds no single signed statement: fetch it again")
    _check_signature(public, _bytes(_field(signatures[0], "sig")), pre_authentication(kind, payload), PROVENANCE)
    try:
        statement = json.loads(payload)
    except ValueError as error:
        raise NotVerifiedError(f"{PROVENANCE} holds no JSON: fetch it again") from error
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT_TYPE:
        raise NotVerifiedError(f"{PROVENANCE} holds no statement: fetch it again")
    if statement.get("predicateType") != PREDICATE_TYPE:
        raise NotVerifiedError(f"{PROVENANCE} tells nothing of a build: fetch it again")
    return statement


def pre_authentication(kind: str, payload: bytes) -> bytes:
    """Return what a DSSE envelope signs: type and payload with their lengths (DSSE protocol, version 1)."""
    name = kind.encode()
    return b" ".join((b"DSSEv1", str(len(name)).encode(), name, str(len(payload)).encode(), payload))


def read_sums(text: str) -> dict[str, str]:
    """Return digests by file name.

    Args:
        text: as `sha256sum` writes it.

    Raises:
        NotVerifiedError: a line is none of these, or names a file of another folder.
    """
    listed: dict[str, str] = {}
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        if len(digest) != 64 or not name or Path(name).name != name or name in listed:
            raise NotVerifiedError(f"{SUMS} has a line that is none: {line!r}")
        listed[name] = digest
    return listed


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_digests(folder: Path, listed: Mapping[str, str]) -> None:
    for name, digest in listed.items():
        if not (folder / name).is_file():
            raise NotVerifiedError(f"{name} is missing: fetch it into {folder}")
        if digest_of(folder / name) != digest:
            raise NotVerifiedError(f"{name} is not what was signed: fetch it again")


def _check_nothing_else(folder: Path, listed: Mapping[str, str]) -> None:
    known = {*listed, SUMS, SUMS_BUNDLE}
    for path in sorted(folder.iterdir()):
        if path.name not in known and path.suffix != ".pub" and not path.name.endswith(KEYLESS):
            raise NotVerifiedError(f"{path.name} was not signed: remove it from {folder}")


def _check_provenance(statement: Mapping[str, Any], listed: Mapping[str, str], commit: str | None) -> None:
    subjects = statement.get("subject")
    told = {
        str(_field(subject, "name")): str(_field(_field(subject, "digest"), "sha256"))
        for subject in (subjects if isinstance(subjects, list) else [])
    }
    if told != dict(listed):
        raise NotVerifiedError(f"{PROVENANCE} is of other files: fetch all of one release")
    if commit is not None and commit not in _commits(statement):
        raise NotVerifiedError(f"These files were not built from commit {commit}")


def _check_image(path: Path) -> None:
    """Check that the bill of materials beside an image is of this one, by the digest of its description."""
    try:
        with tarfile.open(path) as archive:
            [image] = json.loads(_member(archive, "manifest.json"))
            digest = hashlib.sha256(_member(archive, image["Config"])).hexdigest()
        told = json.loads(bom_of_image(path).read_bytes())["metadata"]["component"]["bom-ref"]
    except (tarfile.TarError, OSError, KeyError, TypeError, ValueError) as error:
        raise NotVerifiedError(f"{path.name} is no image with a bill of materials beside it: {error}") from error
    if told != f"sha256:{digest}":
        raise NotVerifiedError(f"{bom_of_image(path).name} is of another image than {path.name}")


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file.read()


def _commits(statement: Mapping[str, Any]) -> set[str]:
    definition = _field(_field(statement, "predicate"), "buildDefinition")
    sources = definition.get("resolvedDependencies")
    digests = [source.get("digest", {}) for source in (sources if isinstance(sources, list) else [])]
    return {digest["gitCommit"] for digest in digests if "gitCommit" in digest}


def _check_signature(public: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes, name: str) -> None:
    try:
        public.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise NotVerifiedError(f"{name} is not signed by this key: fetch the files and the key again") from None


def _public_key(pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise NotVerifiedError("The key is no public key in PEM form: fetch it again") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise NotVerifiedError("The key is none of ECDSA P-256, which releases are signed by")
    return key


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise NotVerifiedError(f"{path.name} is no JSON: fetch it again") from error
    if not isinstance(value, dict) or value.get("mediaType") != BUNDLE_TYPE:
        raise NotVerifiedError(f"{path.name} is no Sigstore bundle of version 0.3: fetch it again")
    return value


def _field(table: object, name: str) -> Any:
    if not isinstance(table, Mapping) or name not in table:
        raise NotVerifiedError(f"A signature lacks its field {name}: fetch the files again")
    return table[name]


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error as error:
        raise NotVerifiedError("A signature is not in base64: fetch the files again") from error


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="verify.py", description="Verify a folder of released files offline.")
    parser.add_argument("folder", type=Path, help="all files of one release")
    parser.add_argument(
        "--key", type=Path, required=True, help="public key of releases, PEM; from a place that you trust"
    )
    parser.add_argument("--commit", help="commit that they must have been built from, 40 hexadecimal digits")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
