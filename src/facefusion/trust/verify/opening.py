"""From options to the layers that can be read here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facefusion.options import Options
from facefusion.trust.home import usual_home
from facefusion.trust.provenance.opening import trusted_anchors
from facefusion.trust.verify.layers import LayerReader
from facefusion.trust.verify.provenance import ProvenanceLayer


def open_layers(options: Options) -> Sequence[LayerReader]:
    """Return what reads the layers of a file. Nothing is made: where there are no keys, fewer can be read.

    Args:
        options: where the keys of this place lie, and whose signatures are trusted.

    Raises:
        SecretError: keys of this place cannot be used.
        SigningError: a root certificate cannot be read.
    """
    home = _home(options.trust.trust_dir)
    return (ProvenanceLayer(tuple(trusted_anchors(options.signing, home))),)


def _home(folder: Path | None) -> Path:
    return usual_home() if folder is None else folder
