"""From options to the layers that can be read here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from facefusion.options import Options
from facefusion.trust.audit import AuditKeys, AuditLog
from facefusion.trust.home import trust_home, usual_home
from facefusion.trust.keys import KeyRing
from facefusion.trust.keys.file import SECRET_FILE
from facefusion.trust.provenance.opening import trusted_anchors
from facefusion.trust.verify.audit import AUDIT, AuditLayer
from facefusion.trust.verify.layers import LayerReader, UnreadLayer
from facefusion.trust.verify.metadata import MetadataLayer
from facefusion.trust.verify.provenance import ProvenanceLayer
from facefusion.trust.verify.watermark import WATERMARK, WatermarkLayer

_RECORDS: Final = "audit"
_WATERMARK_KEY: Final = "watermark"
_NO_KEYS: Final = "there are no keys here; ask the place that made the file"
_NO_LOG: Final = "there is no audit log here"


def open_layers(options: Options) -> Sequence[LayerReader]:
    """Return what reads the layers of a file. Nothing is made: where there are no keys, two of them say so.

    Args:
        options: where keys and records of this place lie, whose signatures are trusted, and what is not read.

    Raises:
        SecretError: keys of this place cannot be used.
        SigningError: a root certificate cannot be read.
    """
    home = options.trust.trust_dir or usual_home()
    everywhere = (ProvenanceLayer(tuple(trusted_anchors(options.signing, home))), MetadataLayer())
    if not (home / SECRET_FILE).exists():
        return *everywhere, UnreadLayer(WATERMARK, _NO_KEYS), UnreadLayer(AUDIT, _NO_KEYS)
    keys = KeyRing.open(trust_home(home))
    watermark = WatermarkLayer(keys.derived(_WATERMARK_KEY), options.limits)
    if not (home / _RECORDS).is_dir():
        return *everywhere, watermark, UnreadLayer(AUDIT, _NO_LOG)
    return *everywhere, watermark, AuditLayer(lambda: _opened(home, keys, options.trust.trust_database))


@contextmanager
def _opened(home: Path, keys: KeyRing, database: str | None) -> Iterator[AuditLog]:
    log = AuditLog.open(home, AuditKeys.of(keys), database=database)
    try:
        yield log
    finally:
        log.close()
