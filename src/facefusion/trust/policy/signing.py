"""Signatures of policies: Ed25519 over all that a policy says."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from facefusion.errors import PolicyError
from facefusion.trust.keys.file import write_private
from facefusion.trust.pem import fingerprint, public_pem, read_public_key, read_small
from facefusion.trust.policy.names import is_profile
from facefusion.trust.policy.policy import Policy

MACHINE_KEYS: Final = Path("/etc/facefusion/policy_keys")
_KEYS, _SIGNATURES = "policy_keys", "policy_signatures"
_HEAD: Final = b"facefusion policy 1\n"


def sign_policy(policy: Policy, key: Ed25519PrivateKey, path: Path) -> str:
    """Write the signature of a policy; return the fingerprint of the key.

    Args:
        policy: with all that it extends; comments and layout of its file do not count.
        key: of whoever may sign.
        path: file of the signature, see `signature_of`.

    Raises:
        PolicyError: it cannot be written.
    """
    found = {"key": fingerprint(key.public_key()), "policy": policy.digest}
    signature = base64.b64encode(key.sign(_HEAD + policy.canonical())).decode()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps(found | {"signature": signature}, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise PolicyError(
            f"The signature {path} cannot be written: {error.strerror}", "Choose another place"
        ) from error
    return found["key"]


def check_signature(policy: Policy, path: Path, home: Path) -> str:
    """Make sure that somebody who may signed a policy as it is; return the fingerprint of their key.

    Raises:
        PolicyError: there is no signature, it is damaged, is by a key that is not trusted here, or is of something
            else.
    """
    key, signature = _read_signature(policy, path)
    trusted = trusted_keys(home)
    if key not in trusted:
        raise PolicyError(
            f"The policy {policy.name} is signed by a key that is not trusted here ({key})",
            "If you know whose it is: facefusion policy trust-key FILE.pem",
        )
    try:
        trusted[key].verify(signature, _HEAD + policy.canonical())
    except InvalidSignature as error:
        raise PolicyError(
            f"The policy {policy.name} is not what was signed: it, or what it extends, was changed",
            "Look at `facefusion policy show`; whoever is responsible signs it again with `facefusion policy sign`",
        ) from error
    return key


def signature_of(name_or_path: str | Path, home: Path) -> Path:
    """Return where the signature of a policy lies: beside its file; that of a profile in the folder of this place."""
    path = Path(name_or_path)
    return home / _SIGNATURES / f"{path}.toml.sig" if is_profile(path) else path.with_name(f"{path.name}.sig")


def trusted_keys(home: Path, machine_keys: Path = MACHINE_KEYS) -> dict[str, Ed25519PublicKey]:
    """Return the keys of those who may sign policies, by fingerprint.

    Raises:
        PolicyError: one of the files is no such key.
    """
    keys = (
        read_public_key(path, PolicyError) for folder in (home / _KEYS, machine_keys) for path in _pem_files(folder)
    )
    return {fingerprint(key): key for key in keys}


def trust_key(key: Ed25519PublicKey, home: Path) -> str:
    """Let a key sign policies of this place from now on; return its fingerprint.

    Raises:
        PolicyError: it cannot be written.
    """
    found, folder = fingerprint(key), home / _KEYS
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        write_private(folder / f"{found}.pem", public_pem(key))
    except OSError as error:
        raise PolicyError(f"The key cannot be kept in {folder}: {error.strerror}", "Mend the folder") from error
    return found


def _read_signature(policy: Policy, path: Path) -> tuple[str, bytes]:
    if not path.is_file():
        raise PolicyError(
            f"The policy {policy.name} must be signed, and there is no signature {path}",
            "Whoever is responsible signs it: facefusion policy sign",
        )
    try:
        found = json.loads(read_small(path, PolicyError))
        return str(found["key"]), base64.b64decode(found["signature"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PolicyError(f"The signature {path} is damaged", "Sign again: facefusion policy sign") from error


def _pem_files(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.iterdir() if path.suffix == ".pem")
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise PolicyError(
            f"The trusted keys in {folder} cannot be read: {error.strerror}", "Mend the folder"
        ) from error
