"""Signed manifests of provenance (C2PA): how a file was made, and that nobody changed it since."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from facefusion.trust.provenance.carriers import can_hold as can_hold
from facefusion.trust.provenance.carriers import sidecar_path as sidecar_path
from facefusion.trust.provenance.facts import ManifestFacts as ManifestFacts
from facefusion.trust.provenance.facts import ModelFact as ModelFact

if TYPE_CHECKING:
    from facefusion.trust.provenance.authority import LocalAuthority as LocalAuthority
    from facefusion.trust.provenance.opening import open_signer as open_signer
    from facefusion.trust.provenance.reading import ManifestReading as ManifestReading
    from facefusion.trust.provenance.reading import ManifestState as ManifestState
    from facefusion.trust.provenance.reading import read_manifest as read_manifest
    from facefusion.trust.provenance.signer import Signer as Signer
    from facefusion.trust.provenance.signing import sign as sign

_HOMES = {
    "LocalAuthority": "authority",
    "ManifestReading": "reading",
    "ManifestState": "reading",
    "Signer": "signer",
    "open_signer": "opening",
    "read_manifest": "reading",
    "sign": "signing",
}


def __getattr__(name: str) -> Any:
    """Import a part on first use (PEP 562): what signs and reads takes a while to load, and a job signs at its end."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
