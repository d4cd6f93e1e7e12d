"""From options to who signs, and whom one trusts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from cryptography import x509

from facefusion.errors import OptionsError, SigningError
from facefusion.options.signing import SigningOptions
from facefusion.trust.keys import KeyRing
from facefusion.trust.provenance.authority import LocalAuthority, known_anchor
from facefusion.trust.provenance.command import command_signing
from facefusion.trust.provenance.signer import Signer, pem, read_file

PASSPHRASE_VARIABLE: Final = "FACEFUSION_SIGNING_PASSPHRASE"


def open_signer(
    options: SigningOptions, home: Path, keys: KeyRing, environment: Mapping[str, str] = os.environ
) -> Signer:
    """Return who signs: the certificate that the options name, or the authority of this place, made on first use.

    Args:
        options: certificate, and key or command.
        home: as `trust_home` returns it.
        keys: of the same folder.
        environment: where the passphrase of the key may stand.

    Raises:
        OptionsError: the options do not go together.
        SigningError: the certificate or the key does not serve.
        SecretError: keys or certificates of this place cannot be used.
    """
    certificate, key, command = options.signing_certificate, options.signing_key, options.signing_command
    if certificate is None:
        if key is not None or command is not None:
            raise OptionsError("There is something to sign with, but no certificate", "Give --signing-certificate, too")
        return LocalAuthority.open(home, keys).signer()
    if key is not None and command is None:
        return Signer.of_files(certificate, key, _passphrase(options, environment))
    if command is not None and key is None:
        return Signer(read_file(certificate).decode("ascii", "replace"), command_signing(command))
    raise OptionsError("A certificate signs by a key or by a command", "Give --signing-key or --signing-command")


def trusted_anchors(options: SigningOptions, home: Path) -> list[str]:
    """Return the roots that are trusted, PEM: that of this place, if it has one, and those that the options name.

    Raises:
        SigningError: a file of certificates cannot be read.
    """
    own = known_anchor(home)
    return [*([] if own is None else [own]), *(anchor for path in options.trust_anchors for anchor in _anchors(path))]


def _anchors(path: Path) -> Sequence[str]:
    try:
        return [pem(certificate) for certificate in x509.load_pem_x509_certificates(read_file(path))]
    except ValueError as error:
        raise SigningError(f"There are no certificates in {path}", "Give PEM") from error


def _passphrase(options: SigningOptions, environment: Mapping[str, str]) -> bytes | None:
    if options.signing_passphrase_file is not None:
        return read_file(options.signing_passphrase_file).split(b"\n")[0].rstrip(b"\r") or None
    return environment.get(PASSPHRASE_VARIABLE, "").encode() or None
