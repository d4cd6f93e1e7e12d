"""Pins the images of deploy/compose by digest, refuses others, and carries them to machines without a network.

    python3 deploy/images/pin.py resolve             # pull, and write digests into deploy/compose/.env
    python3 deploy/images/pin.py check               # exit code 1 where an image is named by a tag
    python3 deploy/images/pin.py save FOLDER         # images.tar, images.env and digests of both
    python3 deploy/images/pin.py load FOLDER         # over there: check, load, and write deploy/compose/.env

Needs Python 3.11 and docker or podman (`--engine podman`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
WANTED = HERE / "images.toml"
ENVIRONMENT = HERE.parent / "compose" / ".env"
PINNED = re.compile(r"(\S+@)?sha256:[0-9a-f]{64}")
LINE = re.compile(r"(?P<name>[A-Z_]+_IMAGE)=(?P<image>.*)")
ARCHIVE, LIST, SUMS = "images.tar", "images.env", "SHA256SUMS"


class PinError(Exception):
    """Something is not as it must be; the text says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Docker or podman.

    Attributes:
        program: its name.
    """

    program: str = "docker"

    def __call__(self, *arguments: str) -> str:
        """Run it, and return what it says.

        Raises:
            PinError: it is not there, or failed.
        """
        try:
            done = subprocess.run([self.program, *arguments], check=False, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise PinError(f"There is no {self.program} here: name another with --engine") from error
        if done.returncode:
            raise PinError(f"{self.program} {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout

    def inspected(self, image: str) -> Mapping[str, object]:
        """Return what it knows of an image that is here."""
        [found] = json.loads(self("image", "inspect", image))
        return dict(found)

    def identifier(self, image: str) -> str:
        """Return the digest of an image's own description, which is the same wherever it is loaded."""
        return "sha256:" + str(self.inspected(image)["Id"]).removeprefix("sha256:")

    def digest(self, image: str) -> str:
        """Return an image by the digest that its registry knows it by."""
        name = re.sub(r":[^:/]+$", "", image)
        known = self.inspected(image).get("RepoDigests")
        found = [each for each in known if isinstance(each, str)] if isinstance(known, list) else []
        own = [each for each in found if each.partition("@")[0].endswith(name)]
        if not own:
            raise PinError(f"{image} has no digest of a registry: push it to one, or list it under [built]")
        return own[0]


def resolve(arguments: argparse.Namespace, engine: Engine) -> None:
    """Write what images are today."""
    wanted = tomllib.loads(arguments.wanted.read_text())
    pins = {name: engine.identifier(image) for name, image in wanted.get("built", {}).items()}
    for name, image in wanted.get("pulled", {}).items():
        engine("pull", "--quiet", image)
        pins[name] = engine.digest(image)
    write(arguments.env, pins)


def check(arguments: argparse.Namespace, engine: Engine) -> None:
    """Refuse images that are not pinned.

    Raises:
        PinError: one is not, or none is there.
    """
    images = read(arguments.env)
    loose = [name for name, image in images.items() if not PINNED.fullmatch(image)]
    if loose or not images:
        raise PinError(
            f"Not pinned by digest in {arguments.env}: {', '.join(loose) or 'no image is named'}. Run pin.py resolve"
        )


def save(arguments: argparse.Namespace, engine: Engine) -> None:
    """Put all images of the environment into a folder, with digests.

    Raises:
        PinError: they are not pinned, or not here.
    """
    check(arguments, engine)
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    images = read(arguments.env)
    # What is saved by a tag comes back with it: an engine clears away what has no name.
    tags = {name: f"facefusion-carried:{name.lower().removesuffix('_image')}" for name in images}
    for name, image in images.items():
        engine("tag", image, tags[name])
    (folder / ARCHIVE).unlink(missing_ok=True)
    engine("save", *engine_options(engine), "--output", str(folder / ARCHIVE), *tags.values())
    write(folder / LIST, {name: engine.identifier(image) for name, image in images.items()})
    sums = "".join(f"{sha256(folder / name)}  {name}\n" for name in (ARCHIVE, LIST))
    (folder / SUMS).write_text(sums)


def engine_options(engine: Engine) -> tuple[str, ...]:
    """Return what podman has to be told to put several images into one archive, as docker does."""
    return ("--multi-image-archive",) if Path(engine.program).name == "podman" else ()


def load(arguments: argparse.Namespace, engine: Engine) -> None:
    """Load images of a folder where all is as it was saved.

    Raises:
        PinError: a file is missing or altered, or holds other images.
    """
    folder: Path = arguments.folder
    try:
        sums = dict(reversed(line.split("  ")) for line in (folder / SUMS).read_text().splitlines())
        altered = [name for name in (ARCHIVE, LIST) if sums.get(name) != sha256(folder / name)]
    except (OSError, ValueError) as error:
        raise PinError(f"{folder} holds no images that pin.py saved: {error}") from error
    if altered:
        raise PinError(f"Not as it was saved: {', '.join(altered)}. Carry it over again")
    engine("load", "--input", str(folder / ARCHIVE))
    images = read(folder / LIST)
    missing = [name for name, image in images.items() if engine.identifier(image) != image]
    if missing:
        raise PinError(f"The archive holds other images than the list: {', '.join(missing)}")
    write(arguments.env, images)


def read(path: Path) -> dict[str, str]:
    """Return the images that a file of variables names."""
    lines = path.read_text().splitlines() if path.is_file() else []
    return {found["name"]: found["image"].strip("\"' ") for line in lines if (found := LINE.fullmatch(line.strip()))}


def write(path: Path, images: Mapping[str, str]) -> None:
    """Put images into a file of variables; what else stands there stays."""
    lines = path.read_text().splitlines() if path.is_file() else []
    others = [line for line in lines if not ((found := LINE.fullmatch(line.strip())) and found["name"] in images)]
    path.write_text("\n".join([*others, *(f"{name}={image}" for name, image in images.items()), ""]))


def sha256(path: Path) -> str:
    """Return the digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


VERBS: Mapping[str, Callable[[argparse.Namespace, Engine], None]] = {
    "resolve": resolve,
    "check": check,
    "save": save,
    "load": load,
}


def main(arguments: list[str]) -> str | None:
    """Do what a verb says; return what went wrong, if anything did."""
    parser = argparse.ArgumentParser("pin.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("folder", nargs="?", type=Path, help="of save and load")
    parser.add_argument("--env", type=Path, default=ENVIRONMENT, help="file of variables [deploy/compose/.env]")
    parser.add_argument("--wanted", type=Path, default=WANTED, help="list of images [deploy/images/images.toml]")
    parser.add_argument("--engine", default="docker", help="docker or podman [docker]")
    given = parser.parse_args(arguments)
    if given.verb in ("save", "load") and given.folder is None:
        parser.error(f"{given.verb} needs a folder")
    try:
        VERBS[given.verb](given, Engine(given.engine))
    except PinError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
