"""Errors by which work is refused for what it is, not because something does not work."""

from __future__ import annotations

from typing import Final

from facefusion import errors

REFUSING: Final[frozenset[type[errors.FaceFusionError]]] = frozenset(
    (
        errors.AcknowledgementError,
        errors.ConsentMissingError,
        errors.ConsentRevokedError,
        errors.ConsentScopeError,
        errors.ContentRefusedError,
        errors.ContentUncheckedError,
        errors.DisclosureError,
        errors.FaceBlockedError,
        errors.PolicyError,
    )
)


def is_refusal(error: BaseException) -> bool:
    """Return whether an error says that work is refused for what it is."""
    return type(error) in REFUSING
