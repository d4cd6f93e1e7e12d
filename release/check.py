"""A release as it would be, signed with a key that is thrown away: `make release-check`.

    python -m release.check FOLDER [--image facefusion:cpu --engine podman]

Builds wheel and source package twice and compares them, puts a release together, with images that are there already,
and verifies it offline as users do. Whatever is not equal, not allowed or not verified ends it with status 1.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from release.assemble import AssemblyError, assemble
from release.image_archive import ArchiveError
from release.images import ImageError, add_images
from release.models_bom import WeightsError
from release.packages import BuildError, build_twice
from release.provenance import Builder
from release.signing import PUBLIC, make_key, public_pem
from release.source import ROOT, SourceError, read_source


def check(folder: Path, *, images: Sequence[str] = (), engine: Sequence[str] = ("docker",), root: Path = ROOT) -> None:
    """Make a release in a folder, which is emptied first, and verify it.

    Args:
        folder: where.
        images: that are part of it, as the engine calls them.
        engine: how docker or podman is called.
        root: the checkout.

    Raises:
        ArchiveError: an image cannot be read.
        AssemblyError: a licence is not on the reviewed list, or a package is missing.
        BuildError: two builds differ, one fails, or what was made is not verified.
        ImageError: an image is not here, or holds other packages than its lock.
        SourceError: the commit cannot be read.
        WeightsError: bundled weights are not what the catalogue says.
    """
    shutil.rmtree(folder, ignore_errors=True)
    source = read_source(root=root)
    build_twice(source, folder, root=root)
    add_images(folder, source, images, engine=engine, root=root)
    key = make_key()
    assemble(folder, source, key, Builder(), root=root)
    with tempfile.TemporaryDirectory() as trusted:
        public = Path(trusted) / PUBLIC
        public.write_bytes(public_pem(key))
        asked = [str(folder.resolve()), "--key", str(public), "--commit", source.commit]
        command = [sys.executable, "release/verify.py", *asked]
        if subprocess.run(command, cwd=root, check=False).returncode:
            raise BuildError("What was just made is not verified")


def main(arguments: list[str]) -> str | None:
    """Do a dry run; return what went wrong, if anything did."""
    parser = argparse.ArgumentParser(prog="release.check")
    parser.add_argument("folder", type=Path, help="where the release is made; emptied first")
    parser.add_argument("--image", action="append", default=[], help="one that is part of it, such as facefusion:cpu")
    parser.add_argument("--engine", default="docker", help="how docker or podman is called")
    asked = parser.parse_args(arguments)
    try:
        check(asked.folder, images=asked.image, engine=shlex.split(asked.engine))
    except (ArchiveError, AssemblyError, BuildError, ImageError, SourceError, WeightsError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
