"""Provenance never asks the network, whatever a file or a certificate names."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import c2pa
import pytest
import signed_files as files
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from facefusion.media import forms
from facefusion.trust.provenance import ManifestState, Signer, read_manifest, sign


class Listener:
    """A server that counts who comes, and sends them away."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/somewhere"
        self.visits = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.visits += 1
                connection.close()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def signer(listener: Listener) -> Signer:
    """A signer whose certificate says where to ask whether it was revoked."""
    key = Ed25519PrivateKey.generate()
    now, root = datetime.now(UTC), Ed25519PrivateKey.generate()
    usage = x509.KeyUsage(True, *[False] * 8)
    ocsp = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(listener.url))
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Leaf")]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Root")]))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
        .add_extension(x509.AuthorityInformationAccess([ocsp]), critical=False)
        .sign(root, None)
    )
    return Signer(leaf.public_bytes(Encoding.PEM).decode(), key.sign)


@pytest.fixture
def remote(tmp_path: Path, signer: Signer, listener: Listener) -> Path:
    """A picture whose manifest lies on the network."""
    path = tmp_path / "remote.jpg"
    with (
        c2pa.Context() as context,
        c2pa.Signer.from_callback(signer.sign, c2pa.C2paSigningAlg.ED25519, signer.chain) as signing,
    ):
        builder = c2pa.Builder({"claim_generator_info": [{"name": "x"}]}, context=context)
        builder.set_intent(c2pa.C2paBuilderIntent.CREATE, c2pa.C2paDigitalSourceType.DIGITAL_CREATION)
        builder.set_no_embed()
        builder.set_remote_url(listener.url)
        with files.file_of("a.jpg", tmp_path).open("rb") as source, path.open("w+b") as output:
            builder.sign(signing, "image/jpeg", source, output)
    assert listener.url.encode() in path.read_bytes()
    return path


def test_the_usual_settings_of_the_library_would_ask(remote: Path, listener: Listener) -> None:
    with pytest.raises(c2pa.C2paError), remote.open("rb") as file, c2pa.Context() as context:
        c2pa.Reader("image/jpeg", file, context=context)
    assert listener.visits


def test_a_manifest_on_the_network_is_not_fetched(remote: Path, listener: Listener) -> None:
    assert read_manifest(remote).state is ManifestState.ABSENT
    assert not listener.visits


def test_a_target_with_a_manifest_on_the_network_is_edited_without_it(
    remote: Path, tmp_path: Path, signer: Signer, listener: Listener
) -> None:
    path = files.file_of("a.png", tmp_path)
    sign(path, forms.PNG, replace(files.FACTS, target=remote), signer)
    assert read_manifest(path).state is ManifestState.VALID
    assert not listener.visits


def test_nobody_is_asked_whether_a_certificate_was_revoked(tmp_path: Path, signer: Signer, listener: Listener) -> None:
    path = files.file_of("a.jpg", tmp_path)
    sign(path, forms.JPEG, files.FACTS, signer)
    assert read_manifest(path).state is ManifestState.VALID
    assert not listener.visits
