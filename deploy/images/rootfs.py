"""Copies out of a Debian what runs one program, and no more: no shell, no package manager, no tools.

    python3 rootfs.py TARGET PACKAGE ...

Named packages come with all that they depend on, but for what only sets packages up or is only typed. What scanners
need to know the packages lies in `var/lib/dpkg/status.d`, and the copyright of each package stays.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TOOLS = frozenset(
    (
        *("apt", "bash", "coreutils", "dash", "debconf", "debianutils", "diffutils", "dpkg", "findutils", "gpgv"),
        *("grep", "gzip", "hostname", "init-system-helpers", "login", "mount", "openssl", "passwd", "perl-base"),
        *("sed", "sysvinit-utils", "tar", "util-linux", "mawk", "readline-common"),
    )
)
"""What packages depend on for being set up and for people; nothing of it is needed to run a program."""
LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Names at the top that lead into `usr`."""
LEFT_OUT = re.compile(
    r"/usr/share/(?:man|info|lintian|locale|bug|doc-base|bash-completion)/|/usr/share/doc/(?!.*/copyright$)"
    r"|(?:/usr)?/s?bin/(?!python3|tini$)"
)
"""Manuals, and programs that nobody is there to type."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is installed.

    Attributes:
        name: with its architecture, where dpkg tells it by that.
        needs: for each thing that it depends on, the packages of which one will do.
        provides: further names that it goes by.
    """

    name: str
    needs: tuple[tuple[str, ...], ...]
    provides: tuple[str, ...] = ()


def main(arguments: list[str]) -> str | None:
    """Copy; return what went wrong, if anything did."""
    if len(arguments) < 2:
        return "usage: rootfs.py TARGET PACKAGE ..."
    target, names = Path(arguments[0]), arguments[1:]
    packages = installed()
    missing = [name for name in names if name not in packages]
    if missing:
        return f"Not installed here: {', '.join(missing)}"
    for link in LINKS:
        if Path("/", link).is_symlink():
            (target / Path("/", link).resolve().relative_to("/")).mkdir(parents=True, exist_ok=True)
            (target / link).symlink_to(Path("/", link).readlink())
    for package in closure(names, packages):
        for path in files(package):
            copy(path, target)
        note(package, target)
    return None


def installed() -> dict[str, Package]:
    """Return the packages of this system by all names that they go by."""
    told = dpkg("-W", "-f", "${binary:Package}\t${Pre-Depends}, ${Depends}\t${Provides}\n")
    return by_name(line.split("\t") for line in told.splitlines())


def by_name(rows: Iterable[list[str]]) -> dict[str, Package]:
    """Return packages by their names and by those that they provide.

    Args:
        rows: name, what it depends on and what it provides, as dpkg writes them.
    """
    found: dict[str, Package] = {}
    provided: dict[str, Package] = {}
    for name, needs, provides in rows:
        alternatives = tuple(tuple(map(plain, need.split("|"))) for need in needs.split(",") if need.strip())
        package = Package(name, alternatives, tuple(plain(each) for each in provides.split(",") if each.strip()))
        found[plain(name)] = package
        provided |= dict.fromkeys(package.provides, package)
    return provided | found


def plain(name: str) -> str:
    """Return the name of a package without version and architecture."""
    return re.split(r"[\s:(]", name.strip())[0]


def closure(names: Iterable[str], packages: Mapping[str, Package]) -> list[Package]:
    """Return packages with all that they depend on, without tools."""
    wanted: dict[str, Package] = {}
    waiting = list(names)
    while waiting:
        package = packages[waiting.pop()]
        if package.name in wanted:
            continue
        wanted[package.name] = package
        for alternatives in package.needs:
            there = [name for name in alternatives if name in packages and plain(packages[name].name) not in TOOLS]
            waiting += there[:1]
    return [wanted[name] for name in sorted(wanted)]


def files(package: Package) -> list[Path]:
    """Return the files of a package that a program may want to read."""
    paths = dpkg("-L", package.name).splitlines()
    return [Path(path) for path in paths if path.startswith("/") and path != "/." and not LEFT_OUT.search(path)]


def copy(path: Path, target: Path) -> None:
    """Copy a file or a link; of a folder make one of the same mode."""
    place = target / path.relative_to("/")
    if path.is_symlink():
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.is_symlink() and not place.is_dir():
            place.symlink_to(path.readlink())
    elif path.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(path.stat().st_mode & 0o7777)
    elif path.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)
        place.chmod(place.stat().st_mode & 0o1777)  # nothing here becomes another user


def note(package: Package, target: Path) -> None:
    """Write what scanners read of a package."""
    folder = target / "var/lib/dpkg/status.d"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / plain(package.name)).write_text(dpkg("-s", package.name))


def dpkg(*arguments: str) -> str:
    """Return what dpkg knows."""
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["dpkg-query", *arguments], check=True, capture_output=True, text=True, env=environment
    ).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
