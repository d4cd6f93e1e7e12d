"""Signatures of messages, and the verifier that receivers use."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webhook_material import holds

from facefusion.client import verify_webhook
from facefusion.client.signature import check_signature, new_secret, signed_headers
from facefusion.errors import WebhookSignatureError

NOW = 1_800_000_000
BODY = b'{"type":"job.succeeded","timestamp":"2027-01-15T08:00:00+00:00","data":{"job":{"id":"a"}}}'


def headers_of(*keys, body=BODY, timestamp=NOW):
    return signed_headers(body, message="msg_1", timestamp=timestamp, keys=keys)


def test_the_published_example_holds():
    """The example of the specification of Standard Webhooks."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert check_signature(b'{"test": 2432232314}', headers, secret, now=1614265330) == headers["webhook-id"]


@given(st.binary(max_size=300))
def test_what_is_signed_holds_and_another_has_written_the_check(body):
    secret = new_secret()
    headers = headers_of(secret, body=body)
    assert holds(body, headers, secret)
    assert check_signature(body, headers, secret, now=NOW) == "msg_1"


def test_a_message_is_read():
    secret = new_secret()
    headers = {name.title(): value for name, value in headers_of(secret).items()}
    message = verify_webhook(BODY, headers, secret, now=NOW)
    assert (message.id, message.type, message.data) == ("msg_1", "job.succeeded", {"job": {"id": "a"}})


def test_two_secrets_hold_while_one_is_changed():
    old, new = new_secret(), new_secret()
    headers = headers_of(new, old)
    assert verify_webhook(BODY, headers, old, now=NOW).id == verify_webhook(BODY, headers, new, now=NOW).id
    with pytest.raises(WebhookSignatureError):
        verify_webhook(BODY, headers, new_secret(), now=NOW)


@pytest.mark.parametrize("apart", [-301, 301, 86400, -86400])
def test_a_message_that_was_recorded_is_not_taken_later(apart):
    secret = new_secret()
    with pytest.raises(WebhookSignatureError, match="seconds"):
        verify_webhook(BODY, headers_of(secret), secret, now=NOW + apart)
    assert verify_webhook(BODY, headers_of(secret), secret, now=NOW + apart, tolerance=90000)


@pytest.mark.parametrize("apart", [-300, 300, 0, 12.5])
def test_clocks_may_differ_a_little(apart):
    secret = new_secret()
    assert verify_webhook(BODY, headers_of(secret), secret, now=NOW + apart).id == "msg_1"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "1", "ü", "v1,AAAA", "v1," + "A" * 43 + "=", "1e9", "-1", "9" * 40])
def test_headers_that_are_missing_or_changed_do_not_hold(name, value):
    secret = new_secret()
    headers = headers_of(secret)
    if value is None:
        del headers[name]
    else:
        headers[name] = value
    with pytest.raises(WebhookSignatureError):
        verify_webhook(BODY, headers, secret, now=NOW)


def test_a_body_that_was_changed_does_not_hold():
    secret = new_secret()
    with pytest.raises(WebhookSignatureError):
        verify_webhook(BODY.replace(b"succeeded", b"failed"), headers_of(secret), secret, now=NOW)


def test_a_signature_does_not_move_to_another_message_or_time():
    secret = new_secret()
    headers = headers_of(secret)
    for changed in ({"webhook-id": "msg_2"}, {"webhook-timestamp": str(NOW + 1)}):
        with pytest.raises(WebhookSignatureError):
            verify_webhook(BODY, headers | changed, secret, now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "whsec_ä", "whsec_" + "A" * 300, "not base64!"])
def test_secrets_that_are_none(secret):
    with pytest.raises(WebhookSignatureError, match="secret"):
        verify_webhook(BODY, headers_of(new_secret()), secret, now=NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"\xff", b'{"type":1}'])
def test_a_body_that_is_none_of_ours_is_told_of(body):
    secret = new_secret()
    with pytest.raises(WebhookSignatureError, match="none of a webhook"):
        verify_webhook(body, headers_of(secret, body=body), secret, now=NOW)


def test_many_signatures_cost_little():
    secret = new_secret()
    headers = headers_of(secret)
    headers["webhook-signature"] = " ".join(["v1,AAAA"] * 100_000) + " " + headers["webhook-signature"]
    with pytest.raises(WebhookSignatureError):
        verify_webhook(BODY, headers, secret, now=NOW)


def test_other_versions_of_signatures_are_passed_over():
    secret = new_secret()
    headers = headers_of(secret)
    headers["webhook-signature"] = f"v1a,AAAA {headers['webhook-signature']}"
    assert verify_webhook(BODY, headers, secret, now=NOW)


def test_the_system_clock_is_taken_where_none_is_given():
    secret = new_secret()
    with pytest.raises(WebhookSignatureError, match="seconds"):
        verify_webhook(BODY, headers_of(secret, timestamp=1_000_000_000), secret)


def test_the_client_needs_httpx_and_pydantic_alone():
    heavy = ["fastapi", "starlette", "sqlalchemy", "numpy", "cv2", "onnxruntime", "av", "cryptography", "fsspec"]
    code = f"import sys, facefusion.client; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []
