"""The commit that a release is made of."""

from __future__ import annotations

import re
import subprocess
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class SourceError(Exception):
    """The commit cannot be read; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A commit.

    Attributes:
        commit: its name, 40 hexadecimal digits.
        epoch: when it was made, seconds since 1970.
        version: of the package.
    """

    commit: str
    epoch: int
    version: str

    @property
    def moment(self) -> str:
        """When it was made, as ISO 8601 in UTC."""
        return datetime.fromtimestamp(self.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_source(revision: str = "HEAD", *, root: Path = ROOT) -> Source:
    """Return a commit of a checkout.

    Args:
        revision: how git calls it.
        root: the checkout.

    Raises:
        SourceError: there is none of that name, or git is not installed.
    """
    commit, epoch = _git(root, "log", "-1", "--format=%H %ct", revision, "--").decode().split()
    code = _git(root, "show", f"{commit}:src/facefusion/__init__.py").decode()
    version = re.search(r'^__version__ = "(.+?)"$', code, re.MULTILINE)
    if version is None:
        raise SourceError(f"Commit {commit} states no version in src/facefusion/__init__.py")
    return Source(commit, int(epoch), version[1])


def unpack(source: Source, folder: Path, *, root: Path = ROOT) -> None:
    """Put the files of a commit into a folder; what is not committed is not there.

    Raises:
        SourceError: git cannot give them.
    """
    archive = _git(root, "archive", "--format=tar", source.commit)
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")


def _git(root: Path, *arguments: str) -> bytes:
    try:
        command = ["git", "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise SourceError("git is not installed: a release is made of a commit") from error
    if done.returncode:
        raise SourceError(f"git {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
