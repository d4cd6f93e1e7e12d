"""Passwords that lie in files of their own, as Docker and Kubernetes hand them to a container."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

from facefusion.errors import OptionsError, SecretError
from facefusion.options.base import OptionGroup

_ENDING: Final = "_password_file"
_LARGEST: Final = 4096
_WITHOUT_USER: Final = frozenset({"redis", "rediss", "sentinel"})
Tree = TypeVar("Tree", bound=OptionGroup)


def with_passwords(options: Tree) -> Tree:
    """Return options in which each address has the password of the file that is named for it.

    The option `NAME_password_file` belongs to the address `NAME` of the same group. Files are read now, and not again.

    Args:
        options: a tree of groups.

    Raises:
        OptionsError: an address is missing, is no URL, names nobody, or has a password already.
        SecretError: a file cannot be read, or holds no password.
    """
    groups = {name: _opened(group) for name, group in options if isinstance(group, OptionGroup)}
    changed = {name: group for name, group in groups.items() if group is not getattr(options, name)}
    return options.model_copy(update=changed) if changed else options


def _opened(group: OptionGroup) -> OptionGroup:
    files = {name.removesuffix(_ENDING): path for name, path in group if name.endswith(_ENDING) and path is not None}
    return (
        group.model_copy(update={name: _joined(group, name, path) for name, path in files.items()}) if files else group
    )


def _joined(group: OptionGroup, name: str, path: Path) -> str:
    address, flag = getattr(group, name), name.replace("_", "-")
    if address is None or "://" not in address:
        raise OptionsError(
            f"There is a password for {flag}, but no address that takes one",
            f"Name one such as {flag}=SCHEME://user@host, or leave out {flag}-password-file",
        )
    password = quote(_password(path), safe="")
    return ";".join(_with(part, password, flag) for part in address.split(";"))


def _with(address: str, password: str, flag: str) -> str:
    scheme, rest = address.split("://", 1)
    user, at, _ = urlsplit(address).netloc.rpartition("@")
    if ":" in user:
        raise OptionsError(
            f"The address {flag} has a password, and there is one in a file",
            f"Leave the password out of the address, or leave out {flag}-password-file",
        )
    if not user and scheme not in _WITHOUT_USER:
        raise OptionsError(f"The address {flag} does not say whose password it is", f"Write {scheme}://user@…")
    return f"{scheme}://{user}:{password}@{rest[len(user + at) :]}"


def _password(path: Path) -> str:
    """Return the first line of a file."""
    try:
        with path.open("rb") as file:
            password = file.read(_LARGEST).split(b"\n")[0].rstrip(b"\r").decode()
    except OSError as error:
        raise SecretError(
            f"The password file {path} cannot be read: {error.strerror or error}",
            "Name a file that the user of this program may read",
        ) from error
    except UnicodeDecodeError as error:
        raise SecretError(f"The password file {path} is no text in UTF-8", "Its first line is the password") from error
    if not password:
        raise SecretError(f"The password file {path} is empty", "Its first line is the password")
    return password
