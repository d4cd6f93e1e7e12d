"""The policy of a place: what administrators set for one folder of records, where nobody names another policy."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import tomli_w

from facefusion.errors import PolicyError
from facefusion.trust.keys.file import write_private
from facefusion.trust.policy.loading import laid_over
from facefusion.trust.policy.names import is_profile
from facefusion.trust.policy.policy import Policy

OWN_POLICY: Final = "policy.toml"


def own_policy(home: Path) -> Path:
    """Return where the policy of a place lies, which need not be there.

    Args:
        home: folder of the place.
    """
    return home / OWN_POLICY


def own_base(path: Path) -> str | None:
    """Return the profile that the policy of a place extends; None where it extends something else.

    Args:
        path: of the policy.

    Raises:
        PolicyError: it cannot be read.
    """
    try:
        base = tomllib.loads(path.read_text("utf-8")).get("extends")
    except (OSError, ValueError) as error:
        raise PolicyError(f"The policy {path} cannot be read", "Mend the file") from error
    return base if isinstance(base, str) and is_profile(base) else None


def check_own_policy(content: Mapping[str, Any]) -> Policy:
    """Return what a policy says that may be set for a place.

    Args:
        content: as TOML has it; it extends a profile.

    Raises:
        PolicyError: it is none, is below what holds always, or extends what counts only when signed.
    """
    rest = dict(content)
    policy = laid_over(str(rest.pop("extends")), rest, "this policy")
    if policy.signed:
        raise PolicyError(
            f"The policy {policy.name} would count only with a signature, which nobody can give it here",
            "Write it as a file, and sign it: facefusion policy sign",
        )
    return policy


def set_own_policy(content: Mapping[str, Any], *, home: Path) -> None:
    """Set the policy of a place; jobs that begin from now on keep to it.

    Args:
        content: that `check_own_policy` let through.
        home: folder of the place.

    Raises:
        PolicyError: it cannot be written; the one before holds.
    """
    path = own_policy(home)
    try:
        write_private(path, tomli_w.dumps(content).encode())
    except OSError as error:
        raise PolicyError(f"The policy {path} cannot be written: {error.strerror}", "Mend the folder") from error
