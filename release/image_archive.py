"""An image of containers as `docker save` and `podman save` write it: what it is called, and which packages it holds.

Nothing of it is run: the layers are read one after the other, each over those before it.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath
from typing import Any, Literal

_DEBIAN = re.compile(r"var/lib/dpkg/status\.d/[^/]+")
_PYTHON = re.compile(r"opt/facefusion/lib/python3\.\d+/site-packages/[^/]+\.dist-info/METADATA")
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_BLOCK = 1 << 20
_NAME = re.compile(r"[-_.]+")


class ArchiveError(Exception):
    """An archive cannot be read; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Installed:
    """A package that lies in an image.

    Attributes:
        ecosystem: whose names these are, as package URLs have them.
        name: in the form that package URLs have.
        version: as the image states it.
        architecture: of a package of Debian; empty for others.
    """

    ecosystem: Literal["deb/debian", "pypi"]
    name: str
    version: str
    architecture: str = ""

    @property
    def url(self) -> str:
        """Return its package URL (purl)."""
        version = self.version.replace("+", "%2B").replace(":", "%3A")
        qualifiers = f"?arch={self.architecture}" if self.architecture else ""
        return f"pkg:{self.ecosystem}/{self.name}@{version}{qualifiers}"


@dataclass(frozen=True, slots=True)
class ImageArchive:
    """One image in a file.

    Attributes:
        path: of the file.
        identifier: digest of the image's description, `sha256:…`, by which engines know it once it is loaded.
        packages: what lies in it, by name.
    """

    path: Path
    identifier: str
    packages: tuple[Installed, ...]


def read_archive(path: Path) -> ImageArchive:
    """Read an archive.

    Raises:
        ArchiveError: it holds no image, or several, or what it holds is not what it is called by.
    """
    try:
        with tarfile.open(path) as archive:
            [image] = json.loads(_bytes(archive, "manifest.json"))
            description = _bytes(archive, image["Config"])
            _check_layers(archive, image["Layers"], json.loads(description))
            texts = _texts(archive, image["Layers"])
    except (tarfile.TarError, OSError, KeyError, TypeError, ValueError) as error:
        raise ArchiveError(f"{path} holds no single image as docker and podman save one: {error}") from error
    packages = tuple(sorted(_package(name, text) for name, text in texts.items()))
    return ImageArchive(path, f"sha256:{hashlib.sha256(description).hexdigest()}", packages)


def _bytes(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file.read()


def _check_layers(archive: tarfile.TarFile, names: list[str], description: dict[str, Any]) -> None:
    """Hold each layer against the description, so that its digest stands for all that the image holds."""
    digests = [f"sha256:{_digest(archive, name)}" for name in names]
    if digests != description["rootfs"]["diff_ids"]:
        raise ValueError("its layers are not those that it describes")


def _digest(archive: tarfile.TarFile, name: str) -> str:
    """Return the SHA-256 of a file of the archive, which may be larger than memory."""
    file, digest = archive.extractfile(name), hashlib.sha256()
    if file is None:
        raise ValueError(f"{name} is no file")
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _texts(archive: tarfile.TarFile, layers: list[str]) -> dict[str, str]:
    """Return what packages say of themselves, by path, as the last layer leaves it."""
    found: dict[str, str] = {}
    for name in layers:
        own: dict[str, str] = {}
        for path, text in _said(archive, name):
            if text is not None:
                own[path] = text
            elif path.endswith(_OPAQUE):
                found = {key: value for key, value in found.items() if not _is_within(key, path.removesuffix(_OPAQUE))}
            else:
                gone = path.replace(_WHITEOUT, "", 1)
                found = {key: value for key, value in found.items() if key != gone and not _is_within(key, gone)}
        found |= own
    return found


def _said(archive: tarfile.TarFile, layer: str) -> Iterator[tuple[str, str | None]]:
    """Yield the texts of a layer, and with None the names of what it takes away."""
    with tarfile.open(fileobj=archive.extractfile(layer)) as files:
        for item in files:
            path = item.name.removeprefix("./").strip("/")
            if PurePosixPath(path).name.startswith(_WHITEOUT):
                yield path, None
            elif item.isfile() and (_DEBIAN.fullmatch(path) or _PYTHON.fullmatch(path)):
                file = files.extractfile(item)
                assert file is not None  # a file has content
                yield path, file.read().decode("utf-8", "replace")


def _is_within(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _package(path: str, text: str) -> Installed:
    fields = HeaderParser().parsestr(text)
    if _DEBIAN.fullmatch(path):
        return Installed("deb/debian", fields["Package"], fields["Version"], fields["Architecture"])
    return Installed("pypi", _NAME.sub("-", fields["Name"]).lower(), fields["Version"])
