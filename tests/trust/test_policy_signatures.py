"""Policies that count only when somebody who may has signed them, and which policy holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from facefusion.errors import PolicyError
from facefusion.trust.pem import read_private_key, read_public_key
from facefusion.trust.policy import load_policy, policy_in_force
from facefusion.trust.policy.loading import read_policy
from facefusion.trust.policy.own import check_own_policy, own_policy, set_own_policy
from facefusion.trust.policy.signing import sign_policy, signature_of, trust_key

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
TEXT = 'schema = 1\nname = "ours"\ndescription = "ours"\nextends = "hosted"\n'


@pytest.fixture
def policy(tmp_path) -> Path:
    """A policy that has to be signed, and is."""
    path = tmp_path / "policy.toml"
    path.write_text(TEXT)
    sign_policy(read_policy(path), KEY, signature_of(path, tmp_path))
    return path


def test_a_signed_policy_counts_where_its_key_is_trusted(policy, tmp_path):
    trust_key(KEY.public_key(), tmp_path)
    assert load_policy(policy, home=tmp_path).name == "ours"


def test_a_signed_policy_does_not_count_where_nobody_trusts_its_key(policy, tmp_path):
    trust_key(Ed25519PrivateKey.from_private_bytes(b"o" * 32).public_key(), tmp_path)
    with pytest.raises(PolicyError, match="by a key that is not trusted here"):
        load_policy(policy, home=tmp_path)


def test_a_policy_without_its_signature_stops_the_service(policy, tmp_path):
    trust_key(KEY.public_key(), tmp_path)
    signature_of(policy, tmp_path).unlink()
    with pytest.raises(PolicyError, match="must be signed"):
        load_policy(policy, home=tmp_path)


def test_comments_may_change_after_the_signature(policy, tmp_path):
    trust_key(KEY.public_key(), tmp_path)
    policy.write_text(f"# checked in spring\n{TEXT}")
    assert load_policy(policy, home=tmp_path).name == "ours"


@pytest.mark.parametrize(
    "change",
    [
        '[disclosure]\nlabel = { value = "none", why = "x" }',
        '[disclosure]\nlabel = { value = "start", why = "another reason" }',
        "[audit]\nretention_days = { value = 31, why = 'x' }",
    ],
)
def test_any_change_of_what_is_said_breaks_the_signature(policy, tmp_path, change):
    trust_key(KEY.public_key(), tmp_path)
    policy.write_text(TEXT + change)
    with pytest.raises(PolicyError, match="is not what was signed"):
        load_policy(policy, home=tmp_path)


def test_a_change_of_what_is_extended_breaks_the_signature(tmp_path):
    base = tmp_path / "base.toml"
    base.write_text(TEXT)
    path = tmp_path / "policy.toml"
    path.write_text(TEXT.replace('"hosted"', '"base.toml"'))
    trust_key(KEY.public_key(), tmp_path)
    sign_policy(read_policy(path), KEY, signature_of(path, tmp_path))
    load_policy(path, home=tmp_path)
    base.write_text(f'{TEXT}[models]\nlicences = {{ value = "any", why = "x" }}')
    with pytest.raises(PolicyError, match="is not what was signed"):
        load_policy(path, home=tmp_path)


def test_that_it_has_to_be_signed_cannot_be_taken_back_by_what_extends_it(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(TEXT + "signed = false\n")
    assert read_policy(path).signed


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"key": 1, "signature": "!"}', "[" * 100_000])
def test_a_damaged_signature_is_told(policy, tmp_path, content):
    trust_key(KEY.public_key(), tmp_path)
    signature_of(policy, tmp_path).write_text(content)
    with pytest.raises(PolicyError):
        load_policy(policy, home=tmp_path)


def test_the_hosted_profile_itself_has_to_be_signed_at_each_place(tmp_path):
    with pytest.raises(PolicyError, match="The policy hosted must be signed"):
        load_policy("hosted", home=tmp_path)
    trust_key(KEY.public_key(), tmp_path)
    sign_policy(read_policy("hosted"), KEY, signature_of("hosted", tmp_path))
    assert load_policy("hosted", home=tmp_path).disclosure.label.value == "start"


def test_keys_are_read_from_pem_files_and_nothing_else(tmp_path):
    private, public, other = tmp_path / "private.pem", tmp_path / "public.pem", tmp_path / "other.pem"
    private.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    curve = generate_private_key(SECP256R1())
    other.write_bytes(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert read_private_key(private, PolicyError).private_bytes_raw() == b"k" * 32
    assert read_public_key(public, PolicyError) == KEY.public_key()
    for path in (public, other, tmp_path / "none.pem"):
        with pytest.raises(PolicyError):
            read_private_key(path, PolicyError)
    with pytest.raises(PolicyError):
        read_public_key(private, PolicyError)


def in_force(asked: str, tmp_path: Path, **given: object) -> tuple[str, str, str]:
    given = {"environment": {}, "machine_policy": tmp_path / "none.toml"} | given
    found = policy_in_force(asked, home=tmp_path, **given)
    return found.policy.name, found.origin, found.instead_of


def test_without_a_policy_of_the_machine_the_job_has_the_one_it_asks_for(tmp_path):
    assert in_force("studio", tmp_path) == ("studio", "option", "")


def test_an_installed_policy_wins_over_the_option_and_over_the_environment(tmp_path):
    machine = tmp_path / "machine.toml"
    machine.write_text(TEXT.replace('"hosted"', '"eu"'))
    assert in_force("studio", tmp_path, machine_policy=machine) == ("ours", "machine", "studio")
    variables = {"FACEFUSION_POLICY": "cn"}
    assert in_force("cn", tmp_path, machine_policy=machine, environment=variables) == ("ours", "machine", "cn")


def test_the_policy_of_a_place_holds_where_nobody_names_another(tmp_path):
    set_own_policy({"schema": 1, "name": "own", "extends": "eu", "description": "Ours"}, home=tmp_path)
    assert in_force("personal", tmp_path) == ("own", "place", "")
    assert in_force("studio", tmp_path) == ("studio", "option", "")
    assert in_force("personal", tmp_path, environment={"FACEFUSION_POLICY": "cn"}) == ("cn", "environment", "")
    own_policy(tmp_path).write_text("schema =")
    with pytest.raises(PolicyError, match="TOML"):
        in_force("personal", tmp_path)


def test_a_policy_of_a_place_cannot_ask_for_a_signature():
    with pytest.raises(PolicyError, match="signature"):
        check_own_policy({"schema": 1, "name": "own", "extends": "hosted", "description": "Ours"})


def test_the_environment_of_a_service_wins_over_the_option(tmp_path):
    assert in_force("personal", tmp_path, environment={"FACEFUSION_POLICY": "cn"}) == ("cn", "environment", "")
    assert in_force("eu", tmp_path, environment={"FACEFUSION_POLICY": "cn"}) == ("cn", "environment", "eu")


def test_an_installed_policy_that_cannot_be_read_is_no_reason_to_go_on_without(tmp_path):
    machine = tmp_path / "machine.toml"
    machine.symlink_to(tmp_path / "gone.toml")
    with pytest.raises(PolicyError):
        in_force("personal", tmp_path, machine_policy=machine)
    machine.unlink()
    machine.write_text(TEXT)
    with pytest.raises(PolicyError, match="must be signed"):
        in_force("personal", tmp_path, machine_policy=machine)
