"""Small releases to be verified, and what a release is made of."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from release.provenance import Builder, statement
from release.signing import PUBLIC, make_key, public_pem, sign_blob, sign_statement
from release.source import Source
from release.verify import PROVENANCE, SUMS, SUMS_BUNDLE, digest_of

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = Source("0123456789abcdef0123456789abcdef01234567", 1_700_000_000, "1.2.3")


@dataclass(frozen=True, slots=True)
class Release:
    """A signed folder, and the public key beside it."""

    folder: Path
    key: Path
    private: ec.EllipticCurvePrivateKey

    def copy(self, place: Path) -> Release:
        shutil.copytree(self.folder, place)
        return Release(place, self.key, self.private)


def write_release(place: Path) -> Release:
    folder, private = place / "release", make_key()
    folder.mkdir(parents=True)
    (folder / "facefusion-1.2.3-py3-none-any.whl").write_bytes(b"a wheel")
    (folder / "facefusion-1.2.3.tar.gz").write_bytes(b"a source package")
    sign(folder, private)
    (place / PUBLIC).write_bytes(public_pem(private))
    return Release(folder, place / PUBLIC, private)


def sign(folder: Path, private: ec.EllipticCurvePrivateKey) -> None:
    ours = {PROVENANCE, SUMS, SUMS_BUNDLE}
    files = {path.name: digest_of(path) for path in folder.iterdir() if path.name not in ours}
    told = statement(files, SOURCE, Builder(), [ROOT / "requirements/runtime.txt"])
    (folder / PROVENANCE).write_text(json.dumps(sign_statement(private, told)))
    sign_sums(folder, files | {PROVENANCE: digest_of(folder / PROVENANCE)}, private)


def sign_sums(folder: Path, files: dict[str, str], private: ec.EllipticCurvePrivateKey) -> None:
    sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items())).encode()
    (folder / SUMS).write_bytes(sums)
    (folder / SUMS_BUNDLE).write_text(json.dumps(sign_blob(private, sums)))
