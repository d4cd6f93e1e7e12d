"""The 64 bits of a mark: a number that names a job, and a part that only who has the key can make.

The upper 40 bits are the number, the lower 24 a keyed digest of it (HMAC-SHA256, cut short). A made-up payload passes
once in 16.8 million times: enough to tell a made-up mark from a real one in a log, not enough to be a signature.
"""

from __future__ import annotations

import hmac
import secrets

NUMBER_BITS, DIGEST_BITS = 40, 24
PAYLOAD_BITS = NUMBER_BITS + DIGEST_BITS


def new_payload(key: bytes, number: int | None = None) -> int:
    """Return a payload of 64 bits.

    Args:
        key: 32 bytes, the same that marks.
        number: below 2**40; drawn by lot when None.

    Raises:
        ValueError: the number does not fit.
    """
    chosen = secrets.randbits(NUMBER_BITS) if number is None else number
    if not 0 <= chosen < 1 << NUMBER_BITS:
        raise ValueError(f"the number of a mark has {NUMBER_BITS} bits, which {chosen} does not fit")
    return chosen << DIGEST_BITS | _digest(key, chosen)


def check_payload(key: bytes, payload: int) -> bool:
    """Say whether a payload of 64 bits was made with this key."""
    number, digest = payload >> DIGEST_BITS, payload & ((1 << DIGEST_BITS) - 1)
    return hmac.compare_digest(_digest(key, number).to_bytes(3, "big"), digest.to_bytes(3, "big"))


def _digest(key: bytes, number: int) -> int:
    message = b"watermark 1 payload" + number.to_bytes(NUMBER_BITS // 8, "big")
    return int.from_bytes(hmac.digest(key, message, "sha256")[: DIGEST_BITS // 8], "big")
