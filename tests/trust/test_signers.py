"""Who signs: the authority of a place, own certificates, a program, a callable."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import signed_files as files
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from facefusion.errors import OptionsError, SecretError, SigningError
from facefusion.media import forms
from facefusion.options import load_options
from facefusion.options.signing import SigningOptions
from facefusion.trust.home import trust_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.provenance import LocalAuthority, ManifestState, Signer, read_manifest, sign
from facefusion.trust.provenance.opening import open_signer, trusted_anchors

KEYS = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}
ROOT = ec.derive_private_key(4242, ec.SECP256R1())


def name(text: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Studio"), x509.NameAttribute(NameOID.COMMON_NAME, text)]
    )


def certificate(
    key, *, ca=False, days=30, purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION, signs=True
) -> x509.Certificate:
    now, public = datetime.now(UTC), key.public_key()
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name("root" if ca else "signer"))
        .issuer_name(name("root"))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=signs and not ca, key_cert_sign=ca, crl_sign=ca or not signs, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ROOT.public_key()), critical=False)
    )
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    return builder.sign(ROOT, hashes.SHA256())


@pytest.fixture
def studio(tmp_path: Path):
    """Make a certificate and its key as files; returns where they are."""

    def make(key, passphrase: bytes | None = None, **kinds) -> tuple[Path, Path, Path]:
        chain, private, root = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "root.pem"
        chain.write_bytes(certificate(key, **kinds).public_bytes(Encoding.PEM))
        lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
        root.write_bytes(certificate(ROOT, ca=True).public_bytes(Encoding.PEM))
        return chain, private, root

    return make


def signed(folder: Path, signer: Signer, anchors=()):
    path = files.file_of("a.jpg", folder)
    sign(path, forms.JPEG, files.FACTS, signer)
    return read_manifest(path, anchors)


@pytest.mark.parametrize("kind", KEYS)
def test_every_kind_of_key_that_c2pa_allows_signs(kind, studio, tmp_path):
    chain, key, root = studio(KEYS[kind]())
    found = signed(tmp_path, Signer.of_files(chain, key), [root.read_text()])
    assert (found.state, found.sealed) == (ManifestState.TRUSTED, True), found.why
    assert found.said is not None
    assert found.said.signer == "signer of Studio"


@pytest.mark.parametrize("where", ["file", "environment"])
def test_an_encrypted_key_is_opened_by_its_passphrase(where, studio, tmp_path):
    chain, key, root = studio(KEYS["P-256"](), b"open sesame")
    options = SigningOptions(signing_certificate=chain, signing_key=key, trust_anchors=(root,))
    environment = {}
    if where == "file":
        (tmp_path / "pass").write_text("open sesame\n")
        options = options.model_copy(update={"signing_passphrase_file": tmp_path / "pass"})
    else:
        environment = {"FACEFUSION_SIGNING_PASSPHRASE": "open sesame"}
    assert load_options({}, environment=environment) == load_options({}, environment={}), "it is no option"
    home = trust_home(tmp_path / "trust")
    signer = open_signer(options, home, KeyRing.open(home), environment)
    assert signed(tmp_path, signer, trusted_anchors(options, home)).state is ManifestState.TRUSTED
    with pytest.raises(SigningError, match="cannot be opened"):
        Signer.of_files(chain, key, b"wrong")
    with pytest.raises(SigningError, match=r"is encrypted.*passphrase"):
        Signer.of_files(chain, key)


def test_a_passphrase_for_a_key_that_is_not_encrypted_is_told(studio):
    chain, key, _ = studio(KEYS["P-256"]())
    with pytest.raises(SigningError, match="is not encrypted"):
        Signer.of_files(chain, key, b"unneeded")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the program openssl is not here")
def test_a_program_signs_as_the_client_of_a_hardware_module_does(studio, tmp_path):
    chain, key, root = studio(KEYS["P-256"]())
    options = SigningOptions(signing_certificate=chain, signing_command=f"openssl dgst -sha256 -sign '{key}'")
    home = trust_home(tmp_path / "trust")
    found = signed(tmp_path, open_signer(options, home, KeyRing.open(home)), [root.read_text()])
    assert found.state is ManifestState.TRUSTED, found.why


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-program-at-all", "cannot be run"),
        (f'"{sys.executable}" -c "import sys; sys.exit(\'no token in the slot\')"', "no token in the slot"),
        (f'"{sys.executable}" -c "print(1)"', "signature"),
        (f'"{sys.executable}" -c ""', "failed"),
        ("'unbalanced", "not understood"),
        (" ", "empty"),
    ],
)
def test_a_program_that_does_not_sign_is_told_in_its_own_words(command, said, studio, tmp_path):
    chain, _, _ = studio(KEYS["P-256"]())
    before = files.file_of("a.jpg", tmp_path).read_bytes()
    home = trust_home(tmp_path / "trust")
    with pytest.raises(SigningError, match=said):
        signed(
            tmp_path,
            open_signer(SigningOptions(signing_certificate=chain, signing_command=command), home, KeyRing.open(home)),
        )
    assert (tmp_path / "a.jpg").read_bytes() == before, "the file is as it was"
    assert not list(tmp_path.glob(".facefusion-*"))


def test_anything_that_signs_bytes_is_a_signer(studio, tmp_path):
    key = KEYS["P-384"]()
    chain, _, root = studio(key)
    signer = Signer(chain.read_text(), lambda data: key.sign(data, ec.ECDSA(hashes.SHA384())))
    assert signed(tmp_path, signer, [root.read_text()]).state is ManifestState.TRUSTED


def test_what_a_signer_raises_reaches_the_caller_and_no_log(studio, tmp_path, caplog):
    chain, _, _ = studio(KEYS["P-256"]())

    def sign_badly(data: bytes) -> bytes:
        raise RuntimeError("the session of the module has ended")

    with caplog.at_level(logging.DEBUG), pytest.raises(SigningError, match="session of the module"):
        signed(tmp_path, Signer(chain.read_text(), sign_badly))
    assert caplog.text == ""


def test_a_key_of_another_certificate_is_refused(studio, tmp_path):
    chain, key, _ = studio(KEYS["P-256"]())
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(SigningError, match="not that of the certificate"):
        signed(tmp_path, Signer(chain.read_text(), lambda data: other.sign(data, ec.ECDSA(hashes.SHA256()))))
    key.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SigningError, match="not that of the certificate"):
        Signer.of_files(chain, key)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ({"days": -1}, "valid from .* only"),
        ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, "emailProtection"),
        ({"signs": False}, "digitalSignature"),
        ({"ca": True}, "digitalSignature"),
    ],
)
def test_a_certificate_that_does_not_serve_is_told_before_anything_is_signed(kinds, said, studio):
    chain, key, _ = studio(KEYS["P-256"](), **kinds)
    with pytest.raises(SigningError, match=said):
        Signer.of_files(chain, key)


@pytest.mark.parametrize(
    "key", [lambda: rsa.generate_private_key(65537, 1024), lambda: ec.generate_private_key(ec.SECP256K1())]
)
def test_keys_that_c2pa_does_not_allow_are_refused(key, studio):
    chain, private, _ = studio(key())
    with pytest.raises(SigningError, match="none of Ed25519"):
        Signer.of_files(chain, private)


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_refused(text, studio, tmp_path):
    chain, key, _ = studio(KEYS["P-256"]())
    chain.write_text(text)
    with pytest.raises(SigningError, match="certificate"):
        Signer.of_files(chain, key)
    with pytest.raises(SigningError, match="no certificates"):
        trusted_anchors(SigningOptions(trust_anchors=(chain,)), tmp_path)
    with pytest.raises(SigningError, match="cannot be read"):
        Signer.of_files(tmp_path / "none.pem", key)


@pytest.mark.parametrize(
    "options",
    [
        {"signing_key": "key.pem"},
        {"signing_command": "sign"},
        {"signing_certificate": "chain.pem"},
        {"signing_certificate": "chain.pem", "signing_key": "key.pem", "signing_command": "sign"},
    ],
)
def test_options_that_do_not_go_together_are_refused(options, tmp_path):
    home = trust_home(tmp_path / "trust")
    with pytest.raises(OptionsError, match="--signing-"):
        open_signer(SigningOptions(**options), home, KeyRing.open(home))


# the authority of a place


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return trust_home(tmp_path / "trust")


def test_an_authority_is_made_on_first_use_and_stays(home):
    first = LocalAuthority.open(home, KeyRing.open(home))
    again = LocalAuthority.open(home, KeyRing.open(home))
    assert (first.root, first.leaf) == (again.root, again.leaf)
    assert trusted_anchors(SigningOptions(), home) == [first.anchor()]


def test_its_certificates_are_what_c2pa_asks_for_and_name_nobody(home):
    authority = LocalAuthority.open(home, KeyRing.open(home))
    leaf, root = authority.leaf.extensions, authority.root.extensions
    assert leaf.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert ExtendedKeyUsageOID.EMAIL_PROTECTION in leaf.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert not leaf.get_extension_for_class(x509.BasicConstraints).value.ca
    of_root = root.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert leaf.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == of_root
    assert root.get_extension_for_class(x509.BasicConstraints).value.ca
    named = authority.root.subject.rfc4514_string() + authority.leaf.subject.rfc4514_string()
    assert not {os.environ.get("USER", "?"), *os.uname()[1:2]} & set(named.split())


def test_the_one_that_signs_is_renewed_after_a_year_and_what_it_signed_still_holds(home, tmp_path):
    keys, now = KeyRing.open(home), datetime.now(UTC)
    first = LocalAuthority.open(home, keys, clock=lambda: now - timedelta(days=364))
    assert LocalAuthority.open(home, keys, clock=lambda: now - timedelta(days=1)).leaf == first.leaf
    second = LocalAuthority.open(home, keys, clock=lambda: now + timedelta(days=2))
    assert second.leaf.public_key() != first.leaf.public_key()
    assert second.root == first.root
    for authority in (first, replace(second)):
        if authority.leaf.not_valid_before_utc <= now:
            assert signed(tmp_path, authority.signer(), [second.anchor()]).state is ManifestState.TRUSTED
    assert first.leaf.not_valid_after_utc - now > timedelta(days=8 * 365)


def test_lost_certificates_are_made_again_and_old_signatures_still_hold(home, tmp_path):
    keys = KeyRing.open(home)
    path = files.file_of("a.jpg", tmp_path)
    sign(path, forms.JPEG, files.FACTS, LocalAuthority.open(home, keys).signer())
    shutil.rmtree(home / "authority")
    assert read_manifest(path, [LocalAuthority.open(home, keys).anchor()]).state is ManifestState.TRUSTED


def test_certificates_of_other_keys_or_damaged_ones_are_refused(home, tmp_path):
    LocalAuthority.open(home, KeyRing.open(home))
    other = trust_home(tmp_path / "other")
    LocalAuthority.open(other, KeyRing.open(other))
    shutil.copy(other / "authority" / "root.pem", home / "authority" / "root.pem")
    with pytest.raises(SigningError, match=r"not one of the keys.*trust init"):
        LocalAuthority.open(home, KeyRing.open(home))
    (home / "authority" / "root.pem").write_text("nonsense")
    with pytest.raises(SigningError, match=r"damaged.*trust init"):
        LocalAuthority.open(home, KeyRing.open(home))


def test_a_file_in_place_of_the_folder_is_told(home):
    (home / "authority").touch()
    with pytest.raises(SecretError, match="authority"):
        LocalAuthority.open(home, KeyRing.open(home))


def test_no_secret_is_in_the_text_of_a_signer(home):
    authority = LocalAuthority.open(home, KeyRing.open(home))
    assert "sign=" not in repr(authority.signer())
