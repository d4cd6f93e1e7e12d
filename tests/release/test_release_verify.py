"""Verifying a release: one command, offline, and whatever is not as it was signed is refused."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from release.signing import SigningError, load_key, make_key, public_pem, sign_blob, sign_statement, write_key
from release.verify import PROVENANCE, SUMS, SUMS_BUNDLE, NotVerifiedError
from release_material import ROOT, SOURCE, Release, sign_sums, write_release

from release import verify

WHEEL = "facefusion-1.2.3-py3-none-any.whl"
_ALONE = f"""
import runpy, sys
sys.path.append({str(Path(pytest.__file__).parent.parent)!r})
sys.exit(runpy.run_path(sys.argv[1])["main"](sys.argv[2:]))
"""
"""Runs a file with the libraries that are installed, without the .pth files that lead to the project itself."""


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return write_release(tmp_path_factory.mktemp("signed"))


@pytest.fixture
def release(signed: Release, tmp_path: Path) -> Release:
    return signed.copy(tmp_path / "release")


def check(release: Release, **more: str) -> list[str]:
    return verify.verify(release.folder, release.key.read_bytes(), **more)


def test_one_command_verifies_a_release_without_the_rest_of_the_project(release, tmp_path):
    alone = tmp_path / "verify.py"
    alone.write_bytes((ROOT / "release/verify.py").read_bytes())
    command = [sys.executable, "-S", "-c", _ALONE, alone, release.folder, "--key", release.key]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in done.stdout.splitlines()] == sorted(
        [WHEEL, "facefusion-1.2.3.tar.gz", PROVENANCE]
    )


def test_a_changed_file_is_refused(release, capsys):
    (release.folder / WHEEL).write_bytes(b"another wheel")
    assert verify.main([str(release.folder), "--key", str(release.key)]) == 1
    told = capsys.readouterr().err
    assert f"NOT VERIFIED: {WHEEL} is not what was signed" in told
    assert "Do not install" in told


def test_a_missing_file_is_refused(release):
    (release.folder / WHEEL).unlink()
    with pytest.raises(NotVerifiedError, match=f"{WHEEL} is missing"):
        check(release)


def test_a_file_that_was_not_signed_is_refused(release):
    (release.folder / "facefusion-1.2.4-py3-none-any.whl").write_bytes(b"from elsewhere")
    with pytest.raises(NotVerifiedError, match=r"1\.2\.4.* was not signed"):
        check(release)


def test_changed_digests_are_refused(release):
    (release.folder / SUMS).write_bytes((release.folder / SUMS).read_bytes() + b"\n")
    with pytest.raises(NotVerifiedError, match=f"of another {SUMS}"):
        check(release)


def test_a_signature_by_another_key_is_refused(release):
    with pytest.raises(NotVerifiedError, match="not signed by this key"):
        verify.verify(release.folder, public_pem(make_key()))


def test_digests_that_another_key_signed_are_refused(release):
    sums = (release.folder / SUMS).read_bytes()
    (release.folder / SUMS_BUNDLE).write_text(json.dumps(sign_blob(make_key(), sums)))
    with pytest.raises(NotVerifiedError, match=f"{SUMS} is not signed by this key"):
        check(release)


def test_provenance_of_other_files_is_refused(release, tmp_path):
    other = write_release(tmp_path / "other")
    (other.folder / WHEEL).write_bytes(b"another wheel")
    files = dict(line.split("  ")[::-1] for line in (release.folder / SUMS).read_text().splitlines())
    told = json.loads(base64.b64decode(_envelope(release)["payload"]))
    told["subject"][0]["digest"]["sha256"] = "0" * 64
    (release.folder / PROVENANCE).write_text(json.dumps(sign_statement(release.private, told)))
    files[PROVENANCE] = verify.digest_of(release.folder / PROVENANCE)
    sign_sums(release.folder, files, release.private)
    with pytest.raises(NotVerifiedError, match="of other files"):
        check(release)


def test_provenance_that_another_key_signed_is_refused(release):
    told = json.loads(base64.b64decode(_envelope(release)["payload"]))
    (release.folder / PROVENANCE).write_text(json.dumps(sign_statement(make_key(), told)))
    files = dict(line.split("  ")[::-1] for line in (release.folder / SUMS).read_text().splitlines())
    sign_sums(release.folder, files | {PROVENANCE: verify.digest_of(release.folder / PROVENANCE)}, release.private)
    with pytest.raises(NotVerifiedError, match=f"{PROVENANCE} is not signed by this key"):
        check(release)


def test_another_commit_is_refused(release):
    assert check(release, commit=SOURCE.commit)
    with pytest.raises(NotVerifiedError, match="not built from commit"):
        check(release, commit="f" * 40)


@pytest.mark.parametrize("name", [SUMS_BUNDLE, PROVENANCE])
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}'])
def test_what_is_no_bundle_is_refused(release, name, text):
    (release.folder / name).write_text(text)
    if name == PROVENANCE:
        files = dict(line.split("  ")[::-1] for line in (release.folder / SUMS).read_text().splitlines())
        sign_sums(release.folder, files | {PROVENANCE: verify.digest_of(release.folder / PROVENANCE)}, release.private)
    with pytest.raises(NotVerifiedError):
        check(release)


@pytest.mark.parametrize(
    "line", ["no digest", f"{'0' * 64}  ../wheel", f"{'0' * 64}  a\n{'0' * 64}  a", f"{'0' * 64}  "]
)
def test_digests_name_files_of_the_folder_once(line):
    with pytest.raises(NotVerifiedError, match="has a line that is none"):
        verify.read_sums(line)


@pytest.mark.parametrize(
    "key",
    [
        b"no key",
        ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=["no PEM", "another kind"],
)
def test_what_is_no_key_of_releases_is_refused(release, key):
    with pytest.raises(NotVerifiedError, match="key"):
        verify.verify(release.folder, key)


def test_another_program_checks_the_same_signatures(release, tmp_path):
    bundle = json.loads((release.folder / SUMS_BUNDLE).read_text())
    envelope = _envelope(release)
    payload = base64.b64decode(envelope["payload"])
    signed = verify.pre_authentication(envelope["payloadType"], payload)
    assert signed.startswith(b"DSSEv1 28 application/vnd.in-toto+json ")
    for signature, blob in (
        (bundle["messageSignature"]["signature"], (release.folder / SUMS).read_bytes()),
        (envelope["signatures"][0]["sig"], signed),
    ):
        (tmp_path / "signature").write_bytes(base64.b64decode(signature))
        (tmp_path / "blob").write_bytes(blob)
        command = ["openssl", "dgst", "-sha256", "-verify", release.key, "-signature", "signature", "blob"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "Verified OK"


def test_a_key_is_made_once_sealed_and_for_its_owner_alone(tmp_path, monkeypatch):
    write_key(tmp_path, password="a long one")
    private = tmp_path / "facefusion-release.key"
    assert private.stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in private.read_bytes()
    with pytest.raises(SigningError, match="FACEFUSION_RELEASE_PASSWORD"):
        load_key(private)
    monkeypatch.setenv("FACEFUSION_RELEASE_PASSWORD", "a long one")
    assert public_pem(load_key(private)) == (tmp_path / "facefusion-release.pub").read_bytes()
    with pytest.raises(SigningError, match="exists"):
        write_key(tmp_path, password=None)


def _envelope(release: Release) -> dict[str, object]:
    return json.loads((release.folder / PROVENANCE).read_text())["dsseEnvelope"]
