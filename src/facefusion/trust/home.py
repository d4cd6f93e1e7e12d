"""Where keys, consents, lists and the audit log of this place lie."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from platformdirs import user_data_path

from facefusion.errors import SecretError
from facefusion.trust.keys.file import adopt_secret

_OWN = 0o700
_OTHERS = 0o077


def usual_home() -> Path:
    """Return the user's own folder, whether it is there or not."""
    return user_data_path("facefusion", appauthor=False) / "trust"


def trust_home(folder: Path | None, key: Path | None = None) -> Path:
    """Return the folder of this place, made when it is not there; nobody but its owner may look into it.

    Args:
        folder: of the option `trust_dir`; the user's own when None.
        key: of the option `trust_key_file`, which the folder takes over; None where it has one of its own.

    Raises:
        SecretError: it cannot be made, belongs to somebody else, is open to others, or has another key.
    """
    home = usual_home() if folder is None else folder
    try:
        home.mkdir(mode=_OWN, parents=True, exist_ok=True)
        found = home.stat()
    except OSError as error:
        raise SecretError(
            f"The folder of keys and records {home} cannot be used: {error.strerror or error}",
            "Choose another with --trust-dir",
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise SecretError(f"{home} is not a folder", "Choose another with --trust-dir")
    if os.name == "posix" and stat.S_IMODE(found.st_mode) & _OTHERS:
        raise SecretError(f"The folder of keys and records {home} is open to others", f"Run chmod 700 {home}")
    if key is not None:
        adopt_secret(home, key)
    return home
