"""Builds wheel and source package of a commit, so that everybody who builds them gets the same bytes.

    python -m release.packages FOLDER [--twice]

Time and places leave no trace: the clock is that of the commit, the files are those of the commit alone, and the tools
are the locked ones of `requirements/dev.txt` and `console/package-lock.json`, the latter as `make console` has
installed them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path

from release.source import ROOT, Source, SourceError, read_source, unpack
from release.verify import digest_of

MODULES = Path("console/node_modules")
PAGES = Path("src/facefusion/ui/static")


class BuildError(Exception):
    """A package cannot be built, or not twice alike; the message says why, and what to do."""


def build(source: Source, output: Path, *, root: Path = ROOT) -> list[Path]:
    """Build source package and wheel in a new folder of their own.

    Args:
        source: the commit.
        output: where the two files go; made where it is missing.
        root: the checkout, whose `console/node_modules` builds the pages.

    Returns:
        The two files by name.

    Raises:
        BuildError: a tool is missing or failed.
        SourceError: the commit cannot be read.
    """
    if not (root / MODULES).is_dir():
        raise BuildError("The tools of the console are not installed: run make console")
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="facefusion-build-") as folder:
        tree = Path(folder) / "tree"
        unpack(source, tree, root=root)
        shutil.copytree(root / MODULES, tree / MODULES, symlinks=True, copy_function=_link_or_copy)
        _run(["npm", "run", "--silent", "build"], tree / "console", source)
        shutil.rmtree(tree / MODULES)
        _run([sys.executable, "-m", "hatchling", "build", "-d", str(output.resolve())], tree, source)
    return sorted(output.glob(f"facefusion-{source.version}*"))


def differences(first: Path, second: Path) -> list[str]:
    """Return what two folders of packages do not have alike down to the files in them; nothing where they are equal."""
    names = sorted({path.name for folder in (first, second) for path in folder.iterdir()})
    found = []
    for name in names:
        ours, theirs = first / name, second / name
        if not (ours.is_file() and theirs.is_file()):
            found.append(f"{name} is in one of them alone")
        elif digest_of(ours) != digest_of(theirs):
            members, others = _members(ours), _members(theirs)
            inner = sorted(key for key in {*members, *others} if members.get(key) != others.get(key))
            found += [f"{name}: {key}" for key in inner] or [f"{name}: order or compression"]
    return found


def build_twice(source: Source, output: Path, *, root: Path = ROOT) -> list[Path]:
    """Build in two folders and compare.

    Raises:
        BuildError: the two are not equal byte for byte.
        SourceError: the commit cannot be read.
    """
    files = build(source, output, root=root)
    with tempfile.TemporaryDirectory(prefix="facefusion-again-") as again:
        build(source, Path(again) / "dist", root=root)
        found = differences(output, Path(again) / "dist")
    if found:
        raise BuildError("Two builds of one commit differ:\n  " + "\n  ".join(found))
    return files


def _run(command: list[str], folder: Path, source: Source) -> None:
    scripts = sysconfig.get_path("scripts")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("npm_", "NODE_", "VITE_"))}
    environment = clean | {
        "PATH": f"{scripts}{os.pathsep}{clean.get('PATH', '')}",
        "SOURCE_DATE_EPOCH": str(source.epoch),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BuildError(f"{command[0]} is not installed: run make console") from error
    if done.returncode:
        raise BuildError(f"{' '.join(command[:4])} failed:\n{done.stdout}{done.stderr}")


def _link_or_copy(origin: str, target: str) -> None:
    try:
        os.link(origin, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(origin, target)


def _members(path: Path) -> dict[str, tuple[object, ...]]:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {item.filename: (item.CRC, item.date_time, item.external_attr) for item in wheel.infolist()}
    with tarfile.open(path) as archive:
        return {item.name: (item.size, item.mtime, item.mode, _content(archive, item)) for item in archive}


def _content(archive: tarfile.TarFile, item: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(item)
    return file.read() if file else b""


def main(arguments: list[str]) -> str | None:
    """Build the packages of the commit that is checked out; return what went wrong, if anything did."""
    parser = argparse.ArgumentParser(prog="release.packages")
    parser.add_argument("folder", type=Path, help="where source package and wheel go")
    parser.add_argument("--twice", action="store_true", help="build in two folders and compare")
    asked = parser.parse_args(arguments)
    try:
        source = read_source()
        files = (build_twice if asked.twice else build)(source, asked.folder)
    except (BuildError, SourceError) as error:
        return str(error)
    sys.stdout.write("".join(f"{digest_of(path)}  {path.name}\n" for path in files))
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
