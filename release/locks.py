"""What the lock files name: Python packages of `requirements/*.txt`, and those of npm that build the console."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

Scope = Literal["required", "optional", "excluded"]
"""Whether the product needs it, may use it, or is only made with it (CycloneDX' words)."""

RUNTIME = "runtime"
TOOLS = frozenset({"bench", "build", "dev", "docs", "models", "openvino", "security", "training"})
"""Locks of what develops, measures, converts and checks; any other lock is of something that runs."""

_ENTRY = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NODE_FOLDER = "node_modules/"


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """A package in one version.

    Attributes:
        ecosystem: whose names these are, as package URLs have them.
        name: as the lock has it.
        version: as the lock has it.
        scope: whether the product needs it.
        locks: the lock files that name it, without their endings.
        sha256: digests of its files, hexadecimal; any of them may be installed.
        sha512: digest of its one file, hexadecimal; empty where it has several.
        licence: SPDX expression that its lock states; empty where it states none.
        needs: package URLs of what it needs, where its lock says so.
    """

    ecosystem: Literal["pypi", "npm"]
    name: str
    version: str
    scope: Scope
    locks: tuple[str, ...]
    sha256: tuple[str, ...] = ()
    sha512: str = ""
    licence: str = ""
    needs: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Return its package URL (purl)."""
        return f"pkg:{self.ecosystem}/{self.name.replace('@', '%40')}@{self.version}"


def python_packages(folder: Path) -> list[Package]:
    """Return what all lock files of a folder name, each version once, by name.

    Args:
        folder: that holds `*.txt` as `make lock` writes them.
    """
    found: dict[str, Package] = {}
    for path in sorted(folder.glob("*.txt")):
        for package in python_lock(path):
            known = found.get(package.url, package)
            locks = tuple(sorted({*known.locks, *package.locks}))
            found[package.url] = replace(known, locks=locks, scope=_python_scope(locks))
    return sorted(found.values())


def python_lock(path: Path) -> list[Package]:
    """Return the packages that one lock file names, in its order, whatever their environment markers say."""
    text = path.read_text()
    starts = [*_ENTRY.finditer(text)]
    ends = [entry.start() for entry in starts[1:]] + [len(text)]
    return [
        Package(
            "pypi",
            entry[1],
            entry[2],
            _python_scope((path.stem,)),
            (path.stem,),
            sha256=tuple(sorted(_HASH.findall(text, entry.end(), end))),
        )
        for entry, end in zip(starts, ends, strict=True)
    ]


def npm_packages(lock: Path, bundled: frozenset[str]) -> list[Package]:
    """Return what the lock of npm names, by name.

    Args:
        lock: `package-lock.json` of version 3.
        bundled: names of those that end up inside the built pages.
    """
    entries: dict[str, dict[str, Any]] = json.loads(lock.read_text())["packages"]
    found = {_npm_package(place, entries, bundled) for place in entries if place}
    return sorted(found)


def bundled_packages(licences: Path) -> frozenset[str]:
    """Return the names of the packages inside the built pages.

    Args:
        licences: `licences.md`, which the build of the console writes beside its pages.
    """
    return frozenset(re.findall(r"^## (\S+) - ", licences.read_text(), re.MULTILINE))


def _python_scope(locks: tuple[str, ...]) -> Scope:
    if RUNTIME in locks:
        return "required"
    return "excluded" if TOOLS.issuperset(locks) else "optional"


def _npm_package(place: str, entries: Mapping[str, dict[str, Any]], bundled: frozenset[str]) -> Package:
    entry = entries[place]
    name = place.rpartition(_NODE_FOLDER)[2]
    digest = entry.get("integrity", "").partition("sha512-")[2]
    needs = {_npm_url(found, entries) for found in _npm_needs(place, entry, entries)}
    return Package(
        "npm",
        name,
        entry["version"],
        "required" if name in bundled else "excluded",
        ("package-lock",),
        sha512=base64.b64decode(digest).hex(),
        licence=entry.get("license", ""),
        needs=tuple(sorted(needs)),
    )


def _npm_needs(place: str, entry: Mapping[str, Any], entries: Mapping[str, Any]) -> Iterator[str]:
    """Yield the places of what a package needs, found as node does: its own folder first, then those above it."""
    for name in {**entry.get("dependencies", {}), **entry.get("optionalDependencies", {})}:
        above = place
        while above and f"{above}/{_NODE_FOLDER}{name}" not in entries:
            above = above.rpartition(f"/{_NODE_FOLDER}")[0]
        found = f"{above}/{_NODE_FOLDER}{name}" if above else f"{_NODE_FOLDER}{name}"
        if found in entries:
            yield found


def _npm_url(place: str, entries: Mapping[str, Any]) -> str:
    name = place.rpartition(_NODE_FOLDER)[2]
    return f"pkg:npm/{name.replace('@', '%40')}@{entries[place]['version']}"
