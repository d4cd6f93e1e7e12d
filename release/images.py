"""Puts images of containers into a release: each as a file that engines load without a network, and what it holds.

    python -m release.images FOLDER facefusion:cpu [facefusion:cuda ...] [--engine podman]

An image must hold the Python packages of its lock, in those versions, and none besides.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from release.bom import LICENCE, document, library
from release.image_archive import ArchiveError, ImageArchive, Installed, read_archive
from release.licences import Reviewed, read_reviewed
from release.locks import python_lock
from release.source import ROOT, Source, SourceError, read_source
from release.verify import IMAGE_ENDING, bom_of_image

_OWN = "facefusion"


class ImageError(Exception):
    """An image cannot be part of a release; the message says why, and what to do."""


def add_images(
    folder: Path, source: Source, images: Iterable[str], *, engine: Sequence[str] = ("docker",), root: Path = ROOT
) -> None:
    """Write each image and its bill of materials into a folder.

    Args:
        folder: of the release.
        source: the commit that they were built from.
        images: as the engine calls them; what stands behind the colon is the flavour.
        engine: how docker or podman is called.
        root: the checkout, with the locks.

    Raises:
        ArchiveError: what the engine wrote cannot be read.
        ImageError: there is no such image or engine, or an image holds other packages than its lock.
    """
    for image in images:
        flavour = image.rpartition(":")[2]
        path = folder / f"facefusion-{source.version}-image-{flavour}{IMAGE_ENDING}"
        _save(engine, image, path)
        archive = read_archive(path)
        if problems := _problems(archive.packages, source, _lock(flavour, root)):
            raise ImageError("\n".join(f"{image}: {problem}" for problem in problems))
        text = json.dumps(image_bom(archive, flavour, read_reviewed(), source), indent=1, sort_keys=True)
        bom_of_image(path).write_text(text + "\n", "utf-8")


def image_bom(archive: ImageArchive, flavour: str, reviewed: Reviewed, source: Source) -> dict[str, Any]:
    """Return what an image holds, as CycloneDX 1.6."""
    root = {
        "type": "container",
        "bom-ref": archive.identifier,
        "name": f"{_OWN}-{flavour}",
        "version": source.version,
        "hashes": [{"alg": "SHA-256", "content": archive.identifier.removeprefix("sha256:")}],
    }
    return document(root, [_component(package, reviewed) for package in archive.packages], source)


def _component(package: Installed, reviewed: Reviewed) -> dict[str, Any]:
    licences = {**reviewed.stated, _OWN: LICENCE} if package.ecosystem == "pypi" else {}
    told = {"licenses": [{"expression": licences[package.name]}]} if package.name in licences else {}
    return library(package.url, package.name, package.version) | told


def _save(engine: Sequence[str], image: str, path: Path) -> None:
    path.unlink(missing_ok=True)
    command = [*engine, "save", "--output", str(path), image]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ImageError(f"There is no {engine[0]} here: name another with --engine") from error
    if done.returncode:
        raise ImageError(f"{engine[0]} cannot save {image}: {done.stderr.strip()}. Build it: make image")


def _lock(flavour: str, root: Path) -> Path:
    path = root / "requirements" / ("image.txt" if flavour == "cpu" else f"image-{flavour}.txt")
    if not path.is_file():
        raise ImageError(f"{path} is missing: images are called facefusion:cpu, :cuda, :tensorrt or :openvino")
    return path


def _problems(packages: Iterable[Installed], source: Source, lock: Path) -> list[str]:
    """Say what an image holds and should not, or the other way round."""
    locked = {package.name: package.version for package in python_lock(lock)} | {_OWN: source.version}
    found = {package.name: package.version for package in packages if package.ecosystem == "pypi"}
    other = [f"{name} {version}" for name, version in sorted(found.items()) if locked.get(name) != version]
    said = [f"holds {each}, which {lock.name} does not name" for each in other]
    if _OWN not in found:
        said.append("holds no facefusion")
    return said


def main(arguments: list[str]) -> str | None:
    """Put images into a release; return what went wrong, if anything did."""
    parser = argparse.ArgumentParser(prog="release.images")
    parser.add_argument("folder", type=Path, help="of the release")
    parser.add_argument("images", nargs="+", help="such as facefusion:cpu")
    parser.add_argument("--engine", default="docker", help="how docker or podman is called")
    asked = parser.parse_args(arguments)
    try:
        add_images(asked.folder, read_source(), asked.images, engine=shlex.split(asked.engine))
    except (ArchiveError, ImageError, SourceError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
