"""Policies by name and from files."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facefusion.errors import PolicyError
from facefusion.trust.policy.names import PROFILES, is_profile, profile_text
from facefusion.trust.policy.policy import Policy, made
from facefusion.trust.policy.signing import check_signature, signature_of

_LARGEST = 1 << 20


def load_policy(name_or_path: str | Path, *, home: Path) -> Policy:
    """Return a policy that may be used here.

    Args:
        name_or_path: a profile, or a TOML file.
        home: folder of this place, with the keys of those who may sign (see `trust_home`).

    Raises:
        PolicyError: there is none, it is not understood or below what holds always, or it has to be signed and no
            trusted signature holds.
    """
    policy = read_policy(name_or_path)
    if policy.signed:
        check_signature(policy, signature_of(name_or_path, home), home)
    return policy


def read_policy(name_or_path: str | Path) -> Policy:
    """Return a policy without a look at its signature: to be shown, checked or signed.

    Raises:
        PolicyError: as of `load_policy`, less the signature.
    """
    return made(_content(name_or_path, ()), _called(name_or_path))


def laid_over(base: str, content: Mapping[str, Any], place: str) -> Policy:
    """Return the policy that a profile is with some changes, without a look at signatures.

    Args:
        base: the profile.
        content: what is said instead of it, as TOML has it.
        place: how messages call it.

    Raises:
        PolicyError: it is none, or below what holds always.
    """
    return made(_laid_over(_content(base, ()), content), place)


def _content(name_or_path: str | Path, below: Sequence[str]) -> dict[str, Any]:
    """Return what a policy says, with all that it extends."""
    identity = str(name_or_path) if is_profile(name_or_path) else str(Path(name_or_path).absolute())
    if identity in below:
        chain = " -> ".join(Path(each).name for each in (*below[below.index(identity) :], identity))
        raise PolicyError(f"Policies extend one another in a circle: {chain}", "Take one `extends` away")
    content = _parsed(_text(name_or_path), _called(name_or_path))
    base = content.pop("extends", None)
    if base is None:
        return content
    if not isinstance(base, str):
        raise PolicyError(f"In {_called(name_or_path)}: extends is not the name of a policy", _profiles())
    beside = base if is_profile(base) else Path(name_or_path).parent / base
    return _laid_over(_content(beside, (*below, identity)), content)


def _laid_over(base: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one policy says where it says anything, else what the other says; `signed` cannot be taken back."""
    result = dict(base)
    for key, value in content.items():
        both_tables = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = {**result[key], **value} if both_tables else value
    if base.get("signed") is True:
        result["signed"] = True
    return result


def _text(name_or_path: str | Path) -> str:
    if is_profile(name_or_path):
        return profile_text(str(name_or_path))
    path = Path(name_or_path)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except FileNotFoundError as error:
        raise PolicyError(f"There is no policy {name_or_path}", _profiles(str(name_or_path))) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PolicyError(f"The policy {path} cannot be read: {reason}", _profiles()) from error
    if len(data) > _LARGEST:
        raise PolicyError(f"The policy {path} has more than {_LARGEST} bytes", _profiles())
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise PolicyError(f"The policy {path} is not text in UTF-8", _profiles()) from error


def _parsed(text: str, place: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"In {place}: this is not valid TOML: {error}", "Mend the file") from error


def _called(name_or_path: str | Path) -> str:
    return f"the {'profile' if is_profile(name_or_path) else 'policy'} {name_or_path}"


def _profiles(near_to: str = "") -> str:
    near = difflib.get_close_matches(near_to, PROFILES, n=1)
    meant = f"Perhaps you meant {near[0]}; " if near else ""
    return f"{meant}Name a TOML file or one of {', '.join(PROFILES)}".replace("; Name", "; name")
