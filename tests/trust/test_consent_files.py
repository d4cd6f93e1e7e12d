"""Consents as signed files: verified by anybody with the public key, taken over by other places."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from faces_like import person
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facefusion.errors import ConsentRecordError
from facefusion.trust.consent import Consent, EvidenceFile, Scope, file_text, verify_file
from facefusion.trust.pem import fingerprint

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
AGREEMENT = EvidenceFile("agreement", "deal.pdf", b"we agree")
CONSENT = Consent(
    id="c-0123456789abcdef",
    person="Ann",
    granted_by="Ann",
    scope=Scope(project="film", territories=("DE",), valid_from=NOW),
    recorded=NOW,
    pictures=1,
    evidence=(AGREEMENT.fact,),
)
WHOLE = file_text(CONSENT, KEY, NOW, faces=[person(1)], evidence=[AGREEMENT.content])


@pytest.fixture
def path(tmp_path) -> Path:
    found = tmp_path / "ann.consent"
    found.write_text(WHOLE)
    return found


def test_a_file_says_all_that_is_on_record(path):
    found = verify_file(path, [KEY.public_key()])
    assert found.consent == CONSENT
    assert found.exported == NOW
    assert found.signed_by == fingerprint(KEY.public_key())
    assert np.array_equal(found.faces[0], person(1))
    assert found.evidence == (b"we agree",)


def test_without_being_asked_no_face_and_no_evidence_goes_into_a_file(path):
    path.write_text(file_text(CONSENT, KEY, NOW))
    found = verify_file(path, [KEY.public_key()])
    assert (found.faces, found.evidence) == ((), ())
    assert found.consent.evidence[0].sha256 == AGREEMENT.fact.sha256


def test_the_layout_of_a_file_does_not_count(path):
    path.write_text(json.dumps(json.loads(WHOLE)))
    assert verify_file(path, [KEY.public_key()]).consent == CONSENT


def test_a_file_by_a_key_that_was_not_named_is_not_believed(path):
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    with pytest.raises(ConsentRecordError, match="signed by a key that was not named") as caught:
        verify_file(path, [other.public_key()])
    assert "--key" in caught.value.hint


def test_a_file_that_names_a_key_which_did_not_sign_it_is_not_believed(path):
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    path.write_text(WHOLE.replace(fingerprint(KEY.public_key()), fingerprint(other.public_key())))
    with pytest.raises(ConsentRecordError, match="it was changed"):
        verify_file(path, [other.public_key()])


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["consent"].update(person="Ben"),
        lambda content: content["consent"]["scope"].update(territories=[]),
        lambda content: content["consent"]["scope"].update(until="2100-01-01T00:00:00Z"),
        lambda content: content.update(evidence=[]),
        lambda content: content.update(faces=content["faces"] * 2),
        lambda content: content.update(version=2),
        lambda content: content.update(extra=1),
        lambda content: content.update(signature=""),
        lambda content: content.update(signature=None),
        lambda content: content.pop("signature"),
        lambda content: content.pop("consent"),
    ],
)
def test_any_change_is_found(path, change):
    content = json.loads(WHOLE)
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(ConsentRecordError):
        verify_file(path, [KEY.public_key()])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_found_or_changes_nothing(path, place, bit):
    data = bytearray(WHOLE.encode())
    data[place] ^= 1 << bit
    path.write_bytes(bytes(data))
    try:
        found = verify_file(path, [KEY.public_key()])
    except ConsentRecordError:
        return
    assert found.consent == CONSENT


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"format": "other"}'])
def test_what_is_no_such_file_is_told(path, content):
    path.write_bytes(content)
    with pytest.raises(ConsentRecordError, match="is no file of a consent"):
        verify_file(path, [KEY.public_key()])


def test_a_file_that_is_missing_is_told(tmp_path):
    with pytest.raises(ConsentRecordError, match="cannot be read"):
        verify_file(tmp_path / "none.consent", [KEY.public_key()])


def test_signed_evidence_that_is_not_what_the_consent_speaks_of_is_told(path):
    path.write_text(file_text(CONSENT, KEY, NOW, evidence=[b"something else"]))
    with pytest.raises(ConsentRecordError, match=r"Evidence 0 .* is damaged"):
        verify_file(path, [KEY.public_key()])


def test_a_face_that_is_none_is_told(path):
    path.write_text(file_text(CONSENT, KEY, NOW, faces=[np.zeros(128, np.float32)]))
    with pytest.raises(ConsentRecordError, match="of a form that this version does not know"):
        verify_file(path, [KEY.public_key()])
