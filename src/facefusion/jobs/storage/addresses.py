"""Addresses: URLs of a folder, a bucket, or of something below one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn
from urllib.parse import unquote, urlsplit

from facefusion.errors import StorageAddressError
from facefusion.jobs.storage.keys import checked_key, is_plain

Scheme = Literal["file", "s3", "gs", "az"]
"""Kinds of places."""

_SCHEMES: Final[dict[str, Scheme]] = {
    "file": "file",
    "s3": "s3",
    "s3a": "s3",
    "gs": "gs",
    "gcs": "gs",
    "az": "az",
    "abfs": "az",
    "abfss": "az",
}
_AZURE_HOSTS: Final = (".dfs.core.windows.net", ".blob.core.windows.net")
_LONGEST_SCHEME: Final = 12
_KNOWN: Final = "Give a folder, or a URL that begins with file:///, s3://, gs://, az:// or abfs://"


@dataclass(frozen=True, slots=True)
class Address:
    """A place in a folder or bucket.

    Attributes:
        scheme: kind of place.
        bucket: its bucket or container; empty for folders.
        path: below the bucket, with no slash around it; for folders the absolute path.
        account: of Azure, where the address names it; else empty.
    """

    scheme: Scheme
    bucket: str
    path: str
    account: str = ""

    def __str__(self) -> str:
        """Return it as a URL; there is no secret in it."""
        if self.scheme == "file":
            return Path(self.path).as_uri()
        host = f"@{self.account}{_AZURE_HOSTS[0]}" if self.account else ""
        return f"{'abfs' if self.account else self.scheme}://{self.bucket}{host}/{self.path}".rstrip("/")

    def below(self, root: Address) -> str | None:
        """Return the key of this address below another, or None where it is not below it.

        Raises:
            StorageAddressError: it is below, but such a key may not be.
        """
        if (self.scheme, self.bucket, self.account) != (root.scheme, root.bucket, root.account):
            return None
        above = f"{root.path.rstrip('/')}/" if root.path else ""
        if not self.path.startswith(above) or self.path == above:
            return None
        return checked_key(self.path[len(above) :])


def parsed_address(text: str) -> Address:
    """Return what an address means.

    Folders are given as a path or as `file:///…`, in which `%20` stands for a space; the other forms are taken as they
    are. An address holds no name and password, no query, no fragment and no way up.

    Raises:
        StorageAddressError: it is none that is known, or holds what it must not; a secret in it is not told.
    """
    head, separator, _ = text.partition("://")
    if not separator or len(head) == 1:  # C://… is a path of Windows
        return _folder(text)
    scheme = _SCHEMES.get(head.lower())
    if scheme is None:
        form = f" ({head}://…)" if head.isalnum() and len(head) <= _LONGEST_SCHEME else ""
        _refused(f"Addresses of this form{form} are not used for storage", _KNOWN)
    try:
        parts = urlsplit(text)
    except ValueError:
        _refused("An address of storage is no URL", _KNOWN)
    if parts.query or parts.fragment or "?" in text or "#" in text:
        _refused(f"An address of storage ({head}://…) has a query or a fragment", "Leave out what follows ? or #")
    if scheme == "file":
        if parts.netloc:
            _refused("A file:// address names a machine", "Write file:///folder, with three slashes")
        return _folder(_unescaped(parts.path))
    return _object(scheme, parts.netloc, parts.path)


def allowed_root(address: Address, allowed: Sequence[str]) -> tuple[Address, str]:
    """Return the first of the allowed roots that an address lies below, and its key there.

    Raises:
        StorageAddressError: it lies below none of them.
    """
    for text in allowed:
        root = parsed_address(text)
        key = address.below(root)
        if key is not None:
            return root, key
    raise StorageAddressError(
        f"{address} is below none of the places that may be used", "Ask who runs the service to allow it"
    )


def _unescaped(path: str) -> str:
    """Return the path of a folder without its escapes; what they hide is looked at as the rest is."""
    try:
        found = unquote(path, errors="strict")
    except UnicodeDecodeError:
        _refused("A file:// address has escapes that are no UTF-8", "Write its letters as they are")
    if not is_plain(found):
        _refused("A file:// address has a control character", "Choose another name")
    return found


def _folder(text: str) -> Address:
    if not text or "\0" in text:
        _refused("The address of a folder is empty or has a zero byte", _KNOWN)
    if text.startswith("~"):
        _refused("The address of a folder begins with ~", "Write the whole path")
    if text.startswith(("//", "\\\\")):
        _refused("The address of a folder names a machine", "Mount its folder here, and give the path")
    path = Path(text)
    if ".." in path.parts:
        _refused("The address of a folder has a part '..'", "Write the whole path")
    return Address("file", "", Path(os.path.abspath(path)).as_posix())  # noqa: PTH100 - links are not followed yet


def _object(scheme: Scheme, netloc: str, path: str) -> Address:
    bucket, account = netloc, ""
    if "@" in netloc:
        bucket, _, host = netloc.rpartition("@")
        account = next((host.removesuffix(end) for end in _AZURE_HOSTS if host.endswith(end)), "")
        if scheme != "az" or not account or ":" in bucket or "@" in bucket:
            _refused(
                f"An address of storage ({scheme}://…) holds a name or a password",
                "Leave it out: credentials come from the environment or the files of each provider",
            )
    if not bucket or ":" in bucket or bucket in (".", "..") or not bucket.isprintable() or "\\" in bucket:
        _refused(f"An address of storage ({scheme}://…) names no bucket", f"Write {scheme}://bucket/folder")
    path = path.removeprefix("/").removesuffix("/")
    return Address(scheme, bucket, checked_key(path) if path else "", account)


def _refused(what: str, hint: str) -> NoReturn:
    raise StorageAddressError(what, hint)
