"""An authority of this place alone: a root certificate, and under it the one that signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from filelock import FileLock, Timeout

from facefusion.errors import SecretError, SigningError
from facefusion.trust.keys import KeyRing
from facefusion.trust.keys.file import write_private
from facefusion.trust.provenance.certificates import leaf_certificate, root_certificate
from facefusion.trust.provenance.signer import Signer, pem

_FOLDER: Final = "authority"
_ROOT_KEY: Final = "certificate authority"
_LEAF_KEY: Final = "certificate {}"
_RENEW_AFTER: Final = timedelta(days=365)
_PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True)
class LocalAuthority:
    """Certificates of this place.

    Their keys lie in no file: they are derived from the root secret. The root is what others need to trust the outputs
    of this place. The one that signs is replaced after a year, with a new key, and stays valid for ten: a signature is
    dated by nobody, so it holds as long as its certificate does.

    Attributes:
        root: signed by itself.
        leaf: the one that signs.
    """

    root: x509.Certificate
    leaf: x509.Certificate
    _keys: KeyRing
    _number: int

    @classmethod
    def open(cls, home: Path, keys: KeyRing, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Self:
        """Return the authority of a folder, made on first use and renewed when it is time.

        Args:
            home: as `trust_home` returns it.
            keys: of the same folder.
            clock: tells the time, with its zone.

        Raises:
            SigningError: a certificate is damaged, or not one of these keys.
            SecretError: the folder cannot be written.
        """
        folder = home / _FOLDER
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            found = cls._read(folder, keys)
            if found is not None and found.is_fresh(clock()):
                return found
            with FileLock(folder / "lock", timeout=_PATIENCE, mode=0o600):
                found = cls._read(folder, keys)
                return found if found and found.is_fresh(clock()) else cls._made(folder, keys, found, clock())
        except (OSError, Timeout) as error:
            reason = getattr(error, "strerror", None) or error
            raise SecretError(f"The certificates in {folder} cannot be used: {reason}", "Check the folder") from error

    def is_fresh(self, now: datetime) -> bool:
        """Return whether the certificate that signs need not be replaced yet."""
        begun = self.leaf.not_valid_before_utc
        return begun <= now < min(begun + _RENEW_AFTER, self.leaf.not_valid_after_utc)

    def signer(self) -> Signer:
        """Return what signs in the name of this place."""
        return Signer(pem(self.leaf), self._keys.signing_key(_LEAF_KEY.format(self._number)).sign)

    def anchor(self) -> str:
        """Return the root certificate, PEM: what others need to trust what was signed here."""
        return pem(self.root)

    def facts(self) -> dict[str, dict[str, str]]:
        """Return what may be known of both certificates by everybody, under `root` and `signing`."""
        return {"root": _facts(self.root), "signing": _facts(self.leaf)}

    @classmethod
    def _made(cls, folder: Path, keys: KeyRing, found: Self | None, now: datetime) -> Self:
        root_key = keys.signing_key(_ROOT_KEY)
        root = found.root if found else root_certificate(root_key, now)
        number = found._number + 1 if found else 1
        leaf = leaf_certificate(keys.public_key(_LEAF_KEY.format(number)), root, root_key, now)
        write_private(folder / "root.pem", pem(root).encode())
        write_private(folder / f"signing-{number:04d}.pem", pem(leaf).encode())
        return cls(root, leaf, keys, number)

    @classmethod
    def _read(cls, folder: Path, keys: KeyRing) -> Self | None:
        """Return what lies in the folder; None where there is nothing yet."""
        leaves = sorted(folder.glob("signing-[0-9][0-9][0-9][0-9].pem"))
        if not leaves or not (folder / "root.pem").is_file():
            return None
        number = int(leaves[-1].stem[-4:])
        root, leaf = _loaded(folder / "root.pem"), _loaded(leaves[-1])
        for name, certificate, purpose in (
            (folder / "root.pem", root, _ROOT_KEY),
            (leaves[-1], leaf, _LEAF_KEY.format(number)),
        ):
            if certificate.public_key() != keys.public_key(purpose):
                raise SigningError(f"The certificate {name} is not one of the keys of this place", _again(folder))
        try:
            leaf.verify_directly_issued_by(root)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise SigningError(f"The certificate {leaves[-1]} is not one of {root.subject}", _again(folder)) from error
        return cls(root, leaf, keys, number)


def known_anchor(home: Path) -> str | None:
    """Return the root certificate of a folder, PEM; None where there is none. Nothing is made, and no key is needed.

    Raises:
        SigningError: it is damaged.
    """
    path = home / _FOLDER / "root.pem"
    return pem(_loaded(path)) if path.is_file() else None


def _loaded(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise SigningError(f"The certificate {path} is damaged", _again(path.parent)) from error


def _again(folder: Path) -> str:
    return f"Move {folder} away and run `facefusion trust init`: it is made again, with the same keys"


def _facts(certificate: x509.Certificate) -> dict[str, str]:
    return {
        "subject": certificate.subject.rfc4514_string(),
        "fingerprint": certificate.fingerprint(SHA256()).hex(),
        "serial": f"{certificate.serial_number:x}",
        "valid_from": certificate.not_valid_before_utc.isoformat(),
        "valid_until": certificate.not_valid_after_utc.isoformat(),
    }
