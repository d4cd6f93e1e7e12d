"""Signed manifests of provenance (C2PA): how a file was made, and that nobody changed it since."""

from facefusion.trust.provenance.authority import LocalAuthority
from facefusion.trust.provenance.carriers import can_hold, sidecar_path
from facefusion.trust.provenance.facts import ManifestFacts, ModelFact
from facefusion.trust.provenance.reading import ManifestReading, ManifestState, read_manifest
from facefusion.trust.provenance.signer import Signer
from facefusion.trust.provenance.signing import sign

__all__ = [
    "LocalAuthority",
    "ManifestFacts",
    "ManifestReading",
    "ManifestState",
    "ModelFact",
    "Signer",
    "can_hold",
    "read_manifest",
    "sidecar_path",
    "sign",
]
