"""Signatures of messages, as of Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256.

Signed are the message's identifier, the time of the try and the body, joined by points; the header holds one signature
for each secret that is good at that time, so that a secret can be changed without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Final

from facefusion.errors import WebhookSignatureError

ID_HEADER: Final = "webhook-id"
TIME_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"
TOLERANCE: Final = 300.0
"""Seconds by which clocks may differ, and after which a message that was recorded is not taken again."""

_PREFIX: Final = "whsec_"
_VERSION: Final = "v1"
_LENGTH: Final = 32
_LEAST, _MOST = 24, 64
_MOST_SIGNATURES: Final = 16


def new_secret() -> str:
    """Return a secret, as people copy it: `whsec_` and 32 random bytes in Base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_LENGTH)).decode()


def signed_headers(body: bytes, *, message: str, timestamp: int, keys: tuple[str, ...]) -> dict[str, str]:
    """Return the headers by which a receiver knows who sent a message.

    Args:
        body: of the message.
        message: its identifier, the same for every try.
        timestamp: of this try, in seconds since 1970.
        keys: the secrets that are good now, at least one.

    Raises:
        WebhookSignatureError: a secret is none.
    """
    made = " ".join(_signature(body, message, str(timestamp), _key(each)) for each in keys)
    return {ID_HEADER: message, TIME_HEADER: str(timestamp), SIGNATURE_HEADER: made}


def check_signature(
    body: bytes, headers: Mapping[str, str], secret: str, *, tolerance: float = TOLERANCE, now: float | None = None
) -> str:
    """Make sure that a message was signed with a secret, is unchanged, and is not older than it may be.

    Args:
        body: as it came, byte for byte.
        headers: of the request; their names in any case.
        secret: of the webhook.
        tolerance: seconds by which its time may differ from now.
        now: seconds since 1970; the system's when None.

    Returns:
        the message's identifier. A message may come more than once: whoever has seen it lets it be.

    Raises:
        WebhookSignatureError: it is not.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message, timestamp, signatures = (_header(given, name) for name in (ID_HEADER, TIME_HEADER, SIGNATURE_HEADER))
    _check_time(timestamp, tolerance, time.time() if now is None else now)
    wanted = _signature(body, message, timestamp, _key(secret)).encode()
    there = signatures.split(" ")[:_MOST_SIGNATURES]
    if not sum(hmac.compare_digest(wanted, each.encode()) for each in there):
        raise WebhookSignatureError(
            "The signature of the message does not hold", "Compare the secret, and take the body as it came"
        )
    return message


def _signature(body: bytes, message: str, timestamp: str, key: bytes) -> str:
    signed = b".".join((message.encode(), timestamp.encode(), body))
    return f"{_VERSION},{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WebhookSignatureError("The secret is not understood", "It looks like whsec_…") from error
    if not _LEAST <= len(key) <= _MOST:
        raise WebhookSignatureError(f"The secret has {len(key)} bytes", f"It has from {_LEAST} to {_MOST}")
    return key


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value or not value.isascii():
        raise WebhookSignatureError(f"The message has no header {name}, or an impossible one")
    return value


def _check_time(timestamp: str, tolerance: float, now: float) -> None:
    if not timestamp.isdecimal() or len(timestamp) > 15:
        raise WebhookSignatureError("The time of the message is not understood")
    apart = now - int(timestamp)
    if abs(apart) > tolerance:
        late = f"{apart:.0f} seconds old" if apart > 0 else f"{-apart:.0f} seconds ahead of the clock here"
        raise WebhookSignatureError(
            f"The message is {late}, and {tolerance:.0f} are allowed", "Set the clock, or let what is replayed be"
        )
