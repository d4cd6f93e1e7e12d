"""The certificate of the service's TLS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cryptography import x509

from facefusion.errors import SigningError
from facefusion.service.cluster.values import Finding, Place
from facefusion.trust.pem import read_small

_SOON_DAYS: Final = 30
_LAST_DAYS: Final = 7


def look_certificate(place: Place) -> Finding:
    """Look until when it holds, where the service speaks TLS by itself."""
    path = place.serving.access.tls_certificate
    if path is None:
        return Finding("ok", "the service does not speak TLS itself; whatever stands before it has the certificate")
    try:
        certificates = x509.load_pem_x509_certificates(read_small(path, SigningError))
    except ValueError:
        return Finding("fail", f"{path} is no chain of certificates in PEM", "name one with --tls-certificate")
    ends = min(each.not_valid_after_utc for each in certificates)
    begins = max(each.not_valid_before_utc for each in certificates)
    now = datetime.now(UTC)
    days = (ends - now).total_seconds() / 86_400
    found = f"{path} holds until {ends:%Y-%m-%d %H:%M} UTC"
    if begins > now:
        return Finding("fail", f"{path} holds only from {begins:%Y-%m-%d %H:%M} UTC on", "look at the clock")
    if days < _LAST_DAYS:
        ended = "has ended" if days < 0 else f"ends in {days:.0f} days"
        return Finding("fail", f"{found}: it {ended}", "put a new one in its place, and begin the service again")
    advice = "ask for a new one, put it in its place, and begin the service again"
    return Finding("warn", found, advice) if days < _SOON_DAYS else Finding("ok", found)
